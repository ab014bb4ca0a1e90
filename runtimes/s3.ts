import {
  commandsIn,
  type GithubProject,
  githubSource,
  goSource,
  leadingNumbers,
  npmScheme,
  type PlatformKey,
  polyglotManagers,
  type Runtime,
  type Service,
  type ServicePlace,
  type Version,
} from '../src/kit';

/** Go's programs are static: one serves glibc and musl. */
const TARGETS: Readonly<Partial<Record<PlatformKey, string>>> = {
  'linux-x64': 'Linux_x86_64',
  'linux-arm64': 'Linux_arm64',
  'linux-x64-musl': 'Linux_x86_64',
  'linux-arm64-musl': 'Linux_arm64',
  'darwin-x64': 'Darwin_x86_64',
  'darwin-arm64': 'Darwin_arm64',
};

function folderOf(version: Version, platform: PlatformKey): string {
  return `versitygw_v${version}_${TARGETS[platform]}`;
}

const project: GithubProject = {
  repository: 'versity/versitygw',
  scheme: npmScheme,
  version: (tag) => (/^v\d/.test(tag) ? npmScheme.version(tag) : undefined),
  tag: (version) => `v${version}`,
  file: (version, platform) => (TARGETS[platform] === undefined ? undefined : `${folderOf(version, platform)}.tar.gz`),
  recipe: (version, platform) => ({
    format: 'tar.gz',
    root: folderOf(version, platform),
    place: 'bin',
    take: ['versitygw'],
    executables: ['*'],
  }),
};

const built = goSource({
  module: 'github.com/versity/versitygw',
  folder: 'cmd/versitygw',
  program: 'versitygw',
  scheme: npmScheme,
  variables: (version) => ({ 'main.Version': version }),
});

function addressOf(at: ServicePlace): string {
  return `http://${at.host}:${at.ports.main}`;
}

/** Objects are plain files below the data; what the protocol knows of them lies beside, since not every file system has attributes. */
const service: Service = {
  program: 'bin/versitygw',
  root: 'allowed',
  secret: { user: 'app' },
  databases: {
    name: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
    form: 'three or more small letters, digits and -',
    usual: ['app'],
  },
  minimumDisk: 16 * 2 ** 20,
  initialise: (at) => ({ steps: [foldersOf(at, at.databases)] }),
  start: (at) => ({
    argv: [
      `${at.toolchain}/bin/versitygw`,
      ...['--port', `${at.host}:${at.ports.main}`, '--region', REGION, '--health', '/health'],
      ...['posix', '--sidecar', `${at.data}/meta`, `${at.data}/objects`],
    ],
    env: { ROOT_ACCESS_KEY: at.user, ROOT_SECRET_KEY: at.password },
  }),
  ready: { by: 'http', port: 'main', path: '/health', status: 200, seconds: 30 },
  stop: { signal: 'SIGTERM', seconds: 15, thenKill: false },
  line: (version) => leadingNumbers(version, 1),
  provision: (at, { databases }) => ({ steps: [foldersOf(at, databases)] }),
  exports: (at) => ({
    AWS_ENDPOINT_URL: addressOf(at),
    AWS_ACCESS_KEY_ID: at.user,
    AWS_SECRET_ACCESS_KEY: at.password,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    S3_BUCKET: at.databases[0] ?? 'app',
  }),
  url: addressOf,
  image: ({ version, user }) => ({
    image: `versity/versitygw:v${version}`,
    ports: { main: 7070 },
    env: { ROOT_ACCESS_KEY: user, ROOT_SECRET_KEY: '$PASSWORD' },
    args: ['posix', '/data'],
    data: '/data',
  }),
};

const REGION = 'us-east-1';

/** A bucket is a folder. */
function foldersOf(at: ServicePlace, buckets: readonly string[]) {
  const paths = [`${at.data}/meta`, `${at.data}/objects`, ...buckets.map((name) => `${at.data}/objects/${name}`)];
  const argv: [string, ...string[]] = ['/bin/mkdir', '-p', '--', ...paths];
  return { argv };
}

/** S3's protocol over plain files, by the Versity S3 gateway. */
export const runtime: Runtime = {
  id: 's3',
  title: 'Versity S3 Gateway',
  homepage: 'https://github.com/versity/versitygw',
  license: 'Apache-2.0',
  aliases: ['versitygw'],
  scheme: npmScheme,
  pins: [],
  sources: [githubSource(project), built],
  layout: (tree) => ({
    commands: commandsIn(tree, 'bin', /^versitygw$/),
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'versitygw',
    args: ['--version'],
    version: (output) => /Version\s*:\s*v?(\d+\.\d+\.\d+)/.exec(output)?.[1],
  },
  discover: [...polyglotManagers({ mise: 'versitygw', asdf: 'versitygw' })],
  service,
  advice: {
    releaseNotes: (version) => `https://github.com/versity/versitygw/releases/tag/v${version}`,
    mentions: { images: [/(?:^|\/)versity\/versitygw:v?(\d+(?:\.\d+)*)/] },
  },
};
