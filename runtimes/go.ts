import {
  type Artifact,
  asArray,
  asBoolean,
  asCount,
  asObject,
  asString,
  type Claim,
  formatLocator,
  goScheme,
  hexDigest,
  type Part,
  PLATFORMS,
  type PlatformKey,
  type Recipe,
  type Release,
  type Runtime,
  type Source,
  type ToolRequest,
  type Upstream,
  type Version,
} from '../src/kit';

/** Go: https://go.dev/dl/. Go's builds are static, so that one serves glibc and musl. */
const TARGETS: Readonly<Record<PlatformKey, string>> = {
  'linux-x64': 'linux-amd64',
  'linux-arm64': 'linux-arm64',
  'linux-x64-musl': 'linux-amd64',
  'linux-arm64-musl': 'linux-arm64',
  'darwin-x64': 'darwin-amd64',
  'darwin-arm64': 'darwin-arm64',
  'windows-x64': 'windows-amd64',
  'windows-arm64': 'windows-arm64',
};

const INDEX = 'https://go.dev/dl/?mode=json&include=all';
const FILES = 'https://go.dev/dl/';
const MODULE = 'golang.org/toolchain';

const decodeIndex = asArray(
  asObject({
    version: asString,
    stable: asBoolean,
    files: asArray(asObject({ filename: asString, sha256: asString, size: asCount, kind: asString })),
  }),
);

/** https://go.dev/dl/?mode=json: unsorted; every file with its sha256. */
const official: Source = {
  id: 'go.dev',
  releases: async (upstream) => {
    const index = await upstream.json(INDEX, decodeIndex);
    const releases = index.flatMap(({ version, stable }): readonly Release[] => {
      const known = goScheme.version(version);
      return known === undefined
        ? []
        : [{ version: known, prerelease: !stable && goScheme.prerelease(known), notes: notesOf(known) }];
    });
    return newestFirst(releases);
  },
  artifacts: async (upstream, { version }) => {
    const index = await upstream.json(INDEX, decodeIndex);
    const files = index.find((one) => one.version === `go${version}`)?.files ?? [];
    return PLATFORMS.flatMap((platform): readonly Artifact[] => {
      const name = fileName(version, platform);
      const file = files.find((one) => one.filename === name && one.kind === 'archive');
      const digest = file === undefined ? undefined : hexDigest('sha256', file.sha256);
      if (file === undefined || digest === undefined) return [];
      return [
        { platform, parts: [{ at: FILES + name, digest, size: file.size, proof: { kind: 'index', by: 'go.dev' } }] },
      ];
    });
  },
  owns: ({ version, platform, at }) =>
    at === FILES + fileName(version, platform)
      ? { format: platform.startsWith('windows') ? 'zip' : 'tar.gz', root: 'go' }
      : undefined,
};

/** The toolchain modules that the go command itself downloads: https://go.dev/doc/toolchain#download. From 1.21.0rc2 on. */
const proxied: Source = {
  id: 'goproxy',
  releases: async (upstream, request) => {
    const listed = (await upstream.goproxy.versions(MODULE)).flatMap((text) => versionOf(text, upstream.platform));
    const found = new Set([...listed, ...(await nextPatches(upstream, request, listed))]);
    return newestFirst(
      [...found].map((version) => ({ version, prerelease: goScheme.prerelease(version), notes: notesOf(version) })),
    );
  },
  artifacts: async (upstream, { version }) => {
    const found = await Promise.all(
      PLATFORMS.map(async (platform): Promise<readonly Artifact[]> => {
        const answer = await upstream.goproxy.digest(MODULE, moduleVersion(version, platform));
        if (answer === undefined) return [];
        const part: Part = { at: locatorOf(version, platform), ...answer };
        return [{ platform, parts: [part] }];
      }),
    );
    return found.flat();
  },
  owns: (claim) => (claim.at === locatorOf(claim.version, claim.platform) ? moduleRecipe(claim) : undefined),
};

/** The list is partial: an exact version is asked for by name, and a line is followed patch by patch until one is not there. */
async function nextPatches(
  upstream: Upstream,
  request: ToolRequest,
  listed: readonly Version[],
): Promise<readonly Version[]> {
  const has = (version: string): Promise<boolean> =>
    upstream.goproxy.has(MODULE, moduleVersion(version, upstream.platform));
  const wanted = request.version;
  if (wanted.kind === 'exact') {
    const spellings = [wanted.version, /^\d+\.\d+$/.test(wanted.version) ? `${wanted.version}.0` : undefined];
    for (const text of spellings) {
      const version = text === undefined ? undefined : goScheme.version(text);
      if (version !== undefined && !listed.includes(version) && (await has(version))) return [version];
    }
    return [];
  }
  const lines = linesOf(request, listed);
  const found = await Promise.all(
    lines.map(async (line) => {
      const patches = listed
        .filter((version) => version.startsWith(`${line}.`))
        .map((version) => Number(version.split('.')[2]));
      const more: Version[] = [];
      for (
        let patch = Math.max(-1, ...patches) + 1;
        patch < PATCHES_MAX && (await has(`${line}.${patch}`));
        patch += 1
      ) {
        const version = goScheme.version(`${line}.${patch}`);
        if (version !== undefined) more.push(version);
      }
      return more;
    }),
  );
  return found.flat();
}

const PATCHES_MAX = 60;
const FIRST_LINE = 21;

/** The lines that could hold the answer, newest last: the one asked for, or the newest that are listed. */
function linesOf(request: ToolRequest, listed: readonly Version[]): readonly string[] {
  const { version } = request;
  if (version.kind === 'prefix' && version.numbers.length > 1)
    return (version.numbers[1] ?? 0) >= FIRST_LINE ? [version.numbers.join('.')] : [];
  const minors = [...new Set(listed.map((one) => Number(one.split('.')[1]?.replace(/\D.*$/, ''))))].sort(
    (a, b) => a - b,
  );
  const newest = minors.at(-1) ?? FIRST_LINE;
  return version.kind === 'range'
    ? minors.map((minor) => `1.${minor}`)
    : [`1.${newest - 1}`, `1.${newest}`, `1.${newest + 1}`];
}

function versionOf(text: string, platform: PlatformKey): readonly Version[] {
  const suffix = `.${TARGETS[platform]}`;
  if (!text.startsWith('v0.0.1-go') || !text.endsWith(suffix)) return [];
  const version = goScheme.version(text.slice('v0.0.1-'.length, -suffix.length));
  return version === undefined ? [] : [version];
}

function moduleVersion(version: string, platform: PlatformKey): string {
  return `v0.0.1-go${version}.${TARGETS[platform]}`;
}

function locatorOf(version: string, platform: PlatformKey): string {
  return formatLocator({ registry: 'goproxy', module: MODULE, version: moduleVersion(version, platform) });
}

/** Module zips carry no modes and spell every go.mod `_go.mod`: see cmd/go/internal/toolchain in Go's source. */
function moduleRecipe({ version, platform }: Claim): Recipe {
  return {
    format: 'zip',
    root: `${MODULE}@${moduleVersion(version, platform)}`,
    executables: ['bin/*', 'pkg/tool/*/*', 'lib/**/go_*_*_exec'],
    copies: [{ from: '_go.mod', to: 'go.mod' }],
  };
}

function fileName(version: string, platform: PlatformKey): string {
  return `go${version}.${TARGETS[platform]}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`;
}

function notesOf(version: string): string {
  const [line] = /^\d+\.\d+/.exec(version) ?? [''];
  return `https://go.dev/doc/go${line}`;
}

function newestFirst(releases: readonly Release[]): readonly Release[] {
  return releases.toSorted((a, b) => goScheme.compare(b.version, a.version));
}

export const runtime: Runtime = {
  id: 'go',
  title: 'Go',
  homepage: 'https://go.dev',
  aliases: ['golang'],
  scheme: goScheme,
  pins: [],
  sources: [official, proxied],
  layout: (tree, place) => {
    const { env, home, personHome, isolation } = place;
    const goPath = env.GOPATH?.split(':')[0] || `${personHome}/go`;
    const shared = isolation === 'strict' ? home : undefined;
    return {
      commands: Object.fromEntries(
        ['go', 'gofmt'].filter((name) => tree.has(`bin/${name}`)).map((name) => [name, `bin/${name}`]),
      ),
      variables: [
        { op: 'set', name: 'GOROOT', value: place.toolchain },
        // The pin decides, not a newer go.mod: https://go.dev/doc/toolchain#select
        { op: 'set', name: 'GOTOOLCHAIN', value: 'local' },
        { op: 'set', name: 'GOPATH', value: `${home}/gopath` },
        // A GOBIN would break cross-compiling installs.
        { op: 'unset', name: 'GOBIN' },
        {
          op: 'set',
          name: 'GOMODCACHE',
          value: shared === undefined ? (env.GOMODCACHE ?? `${goPath}/pkg/mod`) : `${shared}/mod`,
        },
        ...(shared === undefined
          ? []
          : [
              { op: 'set', name: 'GOCACHE', value: `${shared}/cache` } as const,
              { op: 'set', name: 'GOENV', value: `${shared}/env` } as const,
            ]),
      ],
      bins: [`${home}/gopath/bin`],
      homes: [`${home}/gopath`],
      installs: [{ command: 'go', words: ['install'], flags: [] }],
    };
  },
  probe: { command: 'go', args: ['version'], version: (output) => /\bgo version go(\S+)/.exec(output)?.[1] },
  discover: [
    { manager: 'go.dev', folders: () => ['/usr/local/go'] },
    { manager: 'goenv', folders: ({ personHome, env }) => [`${env.GOENV_ROOT ?? `${personHome}/.goenv`}/versions/*`] },
    { manager: 'mise', folders: ({ personHome }) => [`${personHome}/.local/share/mise/installs/go/*`] },
    { manager: 'asdf', folders: ({ personHome }) => [`${personHome}/.asdf/installs/golang/*/go`] },
    { manager: 'go', folders: ({ personHome }) => [`${personHome}/sdk/go*`] },
    { manager: 'Homebrew', folders: () => ['/opt/homebrew/opt/go*/libexec', '/usr/local/opt/go*/libexec'] },
    { manager: 'system', folders: () => ['/usr/lib/go', '/usr/lib/go-*'] },
  ],
};
