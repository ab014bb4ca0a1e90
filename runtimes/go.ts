import {
  type Artifact,
  asArraySkipping,
  asChanged,
  asCount,
  asObject,
  asString,
  type Claim,
  commandsIn,
  defaultVariable,
  endOfLifeOf,
  formatLocator,
  GO_TARGETS,
  goMod,
  goScheme,
  goVersionFile,
  goWork,
  hexDigest,
  homebrew,
  imagesNamed,
  leadingNumbers,
  lifecycleFrom,
  namedIn,
  newestFirst,
  PLATFORMS,
  type PlatformKey,
  polyglotManagers,
  type Recipe,
  type Release,
  type Runtime,
  type Source,
  setVariable,
  type ToolRequest,
  type Upstream,
  userCache,
  userSettings,
  type Version,
} from '../src/kit';

const FIRST_STATIC = '1.21rc2' as Version;

function platformsOf(version: Version): readonly PlatformKey[] {
  const isStatic = goScheme.compare(version, FIRST_STATIC) >= 0;
  return PLATFORMS.filter((platform) => isStatic || !platform.endsWith('musl'));
}

const INDEX = 'https://go.dev/dl/?mode=json&include=all';
const FILES = 'https://go.dev/dl/';
const MODULE = 'golang.org/toolchain';

const decodeIndex = asArraySkipping(
  asObject({
    version: asChanged(asString, goScheme.version, 'a version of Go'),
    files: asArraySkipping(
      asObject({
        filename: asString,
        sha256: asChanged(asString, (text) => hexDigest('sha256', text), 'a sha256'),
        size: asCount,
      }),
    ),
  }),
);

/** https://go.dev/dl/?mode=json&include=all: every release, unsorted, every file with its sha256 and size. */
const official: Source = {
  id: 'go.dev',
  releases: async (upstream) => {
    const index = await upstream.json(INDEX, decodeIndex);
    return newestFirst(
      goScheme,
      index.map(({ version }) => releaseOf(version)),
    );
  },
  artifacts: async (upstream, { version }) => {
    const index = await upstream.json(INDEX, decodeIndex);
    const files = index.find((release) => release.version === version)?.files ?? [];
    return platformsOf(version).flatMap((platform): readonly Artifact[] => {
      const file = files.find(({ filename }) => filename === fileName(version, platform));
      if (file === undefined) return [];
      const { filename, sha256, size } = file;
      return [
        { platform, parts: [{ at: FILES + filename, digest: sha256, size, proof: { kind: 'digest', by: 'go.dev' } }] },
      ];
    });
  },
  owns: ({ version, platform, at }) =>
    platformsOf(version).includes(platform) && at === FILES + fileName(version, platform)
      ? { format: platform.startsWith('windows') ? 'zip' : 'tar.gz', root: 'go' }
      : undefined,
};

/**
 * The toolchains that the go command itself downloads, from 1.21 on: https://go.dev/doc/toolchain#download. A proxy lists
 * only what somebody has asked it for, so its list is where looking begins.
 */
const proxied: Source = {
  id: 'goproxy',
  releases: async (upstream, request) => {
    const listed = (await upstream.goproxy.versions(MODULE)).flatMap((text) => readModuleVersion(text) ?? []);
    const own = listed.filter(({ target }) => target === GO_TARGETS[upstream.platform]).map(({ version }) => version);
    const hinted = [...new Set(listed.map(({ version }) => version))];
    const asked = await askedVersions(upstream, request, { own, hinted });
    return newestFirst(goScheme, [...own, ...asked].map(releaseOf));
  },
  artifacts: async (upstream, { version }) => {
    const found = await Promise.all(
      platformsOf(version).map(async (platform): Promise<readonly Artifact[]> => {
        const proved = await upstream.goproxy.digest(MODULE, moduleVersion(version, platform));
        return proved === undefined ? [] : [{ platform, parts: [{ at: locatorOf(version, platform), ...proved }] }];
      }),
    );
    return found.flat();
  },
  owns: (claim) => {
    const { version, platform, at } = claim;
    return platformsOf(version).includes(platform) && at === locatorOf(version, platform)
      ? moduleRecipe(claim)
      : undefined;
  },
};

interface Known {
  /** Listed for this platform. */
  readonly own: readonly Version[];
  /** Listed for any. */
  readonly hinted: readonly Version[];
}

/** What the request could mean and the list lacks for this platform, if the proxy has it: an exact version, or a line's next ones. */
async function askedVersions(upstream: Upstream, request: ToolRequest, known: Known): Promise<readonly Version[]> {
  const has = async (version: Version): Promise<boolean> =>
    known.own.includes(version) || upstream.goproxy.has(MODULE, moduleVersion(version, upstream.platform));
  if (request.version.kind === 'exact') return (await has(request.version.version)) ? [request.version.version] : [];
  const found = await Promise.all(linesOf(request, known.hinted).map((line) => followLine(line, known.hinted, has)));
  return found.flat();
}

/** The newest patches of a line (`1.24`): what others ask for, newest first until one is there, and from there upwards until one is not. */
async function followLine(
  line: string,
  hinted: readonly Version[],
  has: (version: Version) => Promise<boolean>,
): Promise<readonly Version[]> {
  const patches = hinted
    .filter((version) => version.startsWith(`${line}.`))
    .map((version) => Number(version.split('.')[2]));
  const newest = Math.max(0, ...patches.filter(Number.isSafeInteger));
  const found: Version[] = [];
  for (let patch = newest; patch >= 0 && found.length === 0; patch -= 1) {
    if (await has(`${line}.${patch}` as Version)) found.push(`${line}.${patch}` as Version);
  }
  for (let patch = newest + 1; patch < MOST_PATCHES && (await has(`${line}.${patch}` as Version)); patch += 1) {
    found.push(`${line}.${patch}` as Version);
  }
  return found;
}

const FIRST_LINE = 21;
const MOST_PATCHES = 100;

/** The lines that could hold the answer: the one asked for, all for a range, else the newest ones, and one that nobody asked for yet. */
function linesOf({ version, floor }: ToolRequest, hinted: readonly Version[]): readonly string[] {
  const newest = Math.max(FIRST_LINE, ...hinted.map((one) => Number(/^1\.(\d+)/.exec(one)?.[1] ?? 0)));
  if (version.kind === 'prefix' && version.numbers.length > 1) {
    const [major = 0, minor = 0] = version.numbers;
    return major === 1 && minor >= FIRST_LINE ? [`1.${minor}`] : [];
  }
  if (floor === 'nearest' && version.kind === 'range') {
    const [, minor = ''] = /^>=1\.(\d+)/.exec(version.text) ?? [];
    return [`1.${Math.max(FIRST_LINE, Number(minor))}`];
  }
  const oldest =
    version.kind === 'range' && !version.text.startsWith('>=') ? FIRST_LINE : Math.max(FIRST_LINE, newest - 1);
  return Array.from({ length: newest + 2 - oldest }, (_, index) => `1.${oldest + index}`);
}

function releaseOf(version: Version): Release {
  return { version, prerelease: goScheme.prerelease(version), notes: notesOf(version) };
}

function notesOf(version: Version): string {
  return `https://go.dev/doc/go${leadingNumbers(version, 2)}`;
}

function fileName(version: Version, platform: PlatformKey): string {
  return `go${version}.${GO_TARGETS[platform]}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`;
}

function moduleVersion(version: Version, platform: PlatformKey): string {
  return `v0.0.1-go${version}.${GO_TARGETS[platform]}`;
}

function readModuleVersion(text: string): { readonly version: Version; readonly target: string } | undefined {
  const [, spelt = '', target = ''] = /^v0\.0\.1-(go\d[0-9a-z.]*)\.([a-z0-9]+-[a-z0-9]+)$/.exec(text) ?? [];
  const version = goScheme.version(spelt);
  return version === undefined ? undefined : { version, target };
}

function locatorOf(version: Version, platform: PlatformKey): string {
  return formatLocator({ registry: 'goproxy', module: MODULE, version: moduleVersion(version, platform) });
}

/** As the go command does after unpacking, since a module's zip has no modes and no go.mod but its own: cmd/go/internal/toolchain. */
function moduleRecipe({ version, platform }: Claim): Recipe {
  return {
    format: 'zip',
    root: `${MODULE}@${moduleVersion(version, platform)}`,
    executables: ['bin/**', 'pkg/tool/**', 'lib/**/go_*_*_exec'],
    copies: [{ from: '_go.mod', to: 'go.mod' }],
  };
}

/** Go: https://go.dev. A module cache that only `go env -w` names is not seen, as that is Go's own file: export GOMODCACHE. */
export const runtime: Runtime = {
  id: 'go',
  title: 'Go',
  homepage: 'https://go.dev',
  license: 'BSD-3-Clause',
  aliases: ['golang'],
  scheme: goScheme,
  commands: ['go', 'gofmt'],
  pins: [goVersionFile, goWork, goMod],
  sources: [official, proxied],
  layout: (tree, { toolchain, home, personHome, env, isolation }) => {
    const cache = env.GOMODCACHE || `${env.GOPATH?.split(':')[0] || `${personHome}/go`}/pkg/mod`;
    return {
      commands: commandsIn(tree, 'bin', /^(?:go|gofmt)$/),
      variables: [
        setVariable('GOROOT', toolchain),
        // The pin decides, not a newer go.mod: https://go.dev/doc/toolchain#select
        defaultVariable('GOTOOLCHAIN', 'local'),
        defaultVariable('GOPATH', `${home}/gopath`),
        // With a GOBIN, go install refuses to build for another system.
        defaultVariable('GOBIN'),
        // Follows GOPATH where it is not named.
        defaultVariable('GOMODCACHE', isolation === 'strict' ? `${home}/mod` : cache, ['GOPATH']),
        ...(isolation === 'strict'
          ? [defaultVariable('GOCACHE', `${home}/cache`), defaultVariable('GOENV', `${home}/env`)]
          : []),
      ],
      bins: [`${home}/gopath/bin`],
      homes: [`${home}/gopath/bin`],
      installs: [{ command: 'go', words: ['install'], flags: [] }],
      shared: [
        ...(isolation === 'strict'
          ? []
          : [cache, env.GOCACHE || `${userCache(tree.platform, { personHome, env })}/go-build`]),
        // Counters that stay on the machine unless the person has them sent: https://go.dev/doc/telemetry
        `${userSettings(tree.platform, { personHome, env })}/go/telemetry`,
      ],
    };
  },
  probe: { command: 'go', args: ['version'], version: (output) => /\bgo version go(\S+)/.exec(output)?.[1] },
  discover: [
    { manager: 'go.dev', folders: ({ personHome }) => ['/usr/local/go', `${personHome}/sdk/go*`] },
    {
      manager: 'go',
      folders: ({ env, personHome }) => [
        `${env.GOMODCACHE || `${env.GOPATH?.split(':')[0] || `${personHome}/go`}/pkg/mod`}/${MODULE}@*`,
      ],
    },
    {
      manager: 'goenv',
      folders: ({ env, personHome }) => [`${env.GOENV_ROOT || `${personHome}/.goenv`}/versions/*`],
      choice: namedIn(({ env, personHome }) => `${env.GOENV_ROOT || `${personHome}/.goenv`}/version`),
    },
    ...polyglotManagers({ mise: 'go', asdf: 'golang', below: '/go' }),
    homebrew('go*', '/libexec'),
    { manager: 'system', folders: () => ['/usr/lib/go', '/usr/lib/go-*', '/usr/local', '/usr'] },
  ],
  advice: {
    editor: (_tree, { toolchain, tilde }) => ({
      // https://github.com/golang/vscode-go/wiki/settings#gogoroot
      vscode: [{ path: ['go.goroot'], value: tilde }],
      idea: { steps: [`Settings > Go > GOROOT > Add SDK > Local: ${toolchain}`] },
    }),
    evidence: [
      { file: 'go.mod', describe: 'a module of Go' },
      { file: 'go.work', describe: 'a workspace of Go' },
      { file: '*.go', describe: 'sources in Go' },
    ],
    mentions: {
      images: imagesNamed(
        'golang',
        'cimg/go',
        'circleci/golang',
        'bitnami/golang',
        'devcontainers/go',
        'chainguard/go',
      ),
      steps: { 'actions/setup-go': { inputs: ['go-version'] }, GoTool: { inputs: ['version'] } },
      features: ['go'],
      keys: { '.readthedocs': ['build.tools.golang'], '.travis': ['go'] },
    },
    releaseNotes: notesOf,
    // A line is supported until the second one after it: https://go.dev/doc/devel/release#policy
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, 2),
      `1.27; 1.26; 1.25 ..2026-08-19; 1.24 ..2026-02-10; 1.23 ..2025-08-12; 1.22 ..2025-02-11; 1.21 ..2024-08-13
      1.20 ..2024-02-06; 1.19 ..2023-09-06; 1.18 ..2023-02-01; 1.17 ..2022-08-02; 1.16 ..2022-03-15; 1.15 ..2021-08-16
      1.14 ..2021-02-16; 1.13 ..2020-08-11; 1.12 ..2020-02-25; 1.11 ..2019-09-03; 1.10 ..2019-02-25`,
      endOfLifeOf('go'),
    ),
  },
};
