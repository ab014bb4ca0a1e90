import {
  commandsIn,
  type GithubProject,
  GO_TARGETS,
  githubSource,
  goSource,
  homebrew,
  leadingNumbers,
  npmScheme,
  polyglotManagers,
  type Runtime,
  type Service,
  type ServicePlace,
  serviceUrl,
  type Version,
} from '../src/kit';

const project: GithubProject = {
  repository: 'axllent/mailpit',
  scheme: npmScheme,
  version: (tag) => (/^v\d/.test(tag) ? npmScheme.version(tag) : undefined),
  tag: (version) => `v${version}`,
  file: (_version, platform) => `mailpit-${GO_TARGETS[platform]}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`,
  recipe: (_version, platform) => ({
    format: platform.startsWith('windows') ? 'zip' : 'tar.gz',
    root: '',
    place: 'bin',
    take: ['mailpit', 'mailpit.exe'],
    executables: ['*'],
  }),
};

const built = goSource({
  module: 'github.com/axllent/mailpit',
  program: 'mailpit',
  scheme: npmScheme,
  variables: (version) => ({ 'github.com/axllent/mailpit/config.Version': `v${version}` }),
});

function pageOf(at: ServicePlace): string {
  return `http://${at.host}:${at.ports.main}/`;
}

/** Mail is accepted with any login, and goes nowhere. */
const service: Service = {
  program: 'bin/mailpit',
  ports: ['smtp'],
  root: 'allowed',
  minimumDisk: 16 * 2 ** 20,
  start: (at) => ({
    argv: [
      `${at.toolchain}/bin/mailpit`,
      ...['--listen', `${at.host}:${at.ports.main}`, '--smtp', `${at.host}:${at.ports.smtp}`],
      ...['--database', `${at.data}/mailpit.db`, '--disable-version-check'],
      ...['--smtp-auth-accept-any', '--smtp-auth-allow-insecure'],
    ],
  }),
  ready: { by: 'http', port: 'main', path: '/readyz', status: 200, seconds: 30 },
  stop: { signal: 'SIGTERM', seconds: 15, thenKill: true },
  line: (version) => leadingNumbers(version, 1),
  exports: (at) => ({
    SMTP_HOST: at.host,
    SMTP_PORT: String(at.ports.smtp),
    SMTP_URL: serviceUrl('smtp', at, { port: 'smtp' }),
    MAILPIT_URL: pageOf(at),
  }),
  url: (at) => serviceUrl('smtp', at, { port: 'smtp' }),
  page: pageOf,
  image: ({ version }) => ({
    image: `axllent/mailpit:v${version}`,
    ports: { main: 8025, smtp: 1025 },
    env: { MP_SMTP_AUTH_ACCEPT_ANY: '1', MP_SMTP_AUTH_ALLOW_INSECURE: '1', MP_DATABASE: '/data/mailpit.db' },
    data: '/data',
    health: ['/mailpit', 'readyz'],
  }),
};

function notesOf(version: Version): string {
  return `https://github.com/axllent/mailpit/releases/tag/v${version}`;
}

/** Mailpit: a mailbox that catches what a project sends. */
export const runtime: Runtime = {
  id: 'mailpit',
  title: 'Mailpit',
  homepage: 'https://mailpit.axllent.org',
  license: 'MIT',
  scheme: npmScheme,
  commands: ['mailpit'],
  pins: [],
  sources: [githubSource(project), built],
  layout: (tree) => ({
    commands: commandsIn(tree, 'bin', /^mailpit$/),
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'mailpit',
    // Without it, it asks its makers for a newer one.
    args: ['version', '--no-release-check'],
    version: (output) => /\bv?(\d+\.\d+\.\d+)\b/.exec(output)?.[1],
  },
  discover: [...polyglotManagers({ mise: 'mailpit', asdf: 'mailpit' }), homebrew('mailpit')],
  service,
  advice: { releaseNotes: notesOf, mentions: { images: [/(?:^|\/)axllent\/mailpit:v?(\d+(?:\.\d+)*)/] } },
};
