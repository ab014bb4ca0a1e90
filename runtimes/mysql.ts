import {
  type Artifact,
  asArraySkipping,
  asEndOfLifeCycles,
  asObject,
  asString,
  commandsIn,
  homebrew,
  leadingNumbers,
  lifecycleFrom,
  mysqlClients,
  newestFirst,
  npmScheme,
  type PlatformKey,
  PolyenvError,
  polyglotManagers,
  type Recipe,
  type Runtime,
  type Service,
  type ServicePlace,
  type Source,
  type Version,
} from '../src/kit';

/** The line with long-term support. */
const LINE = '8.4';

/** The newest release, and where older ones go. */
const PLACES = ['https://cdn.mysql.com/Downloads/MySQL-8.4', 'https://cdn.mysql.com/archives/mysql-8.4'];

/** By platform, what comes behind the version, the one for the most systems first. */
const FILES: Readonly<Partial<Record<PlatformKey, readonly string[]>>> = {
  'linux-x64': ['linux-glibc2.28-x86_64-minimal.tar.xz'],
  'linux-arm64': ['linux-glibc2.28-aarch64-minimal.tar.xz', 'linux-glibc2.28-aarch64.tar.xz'],
  'darwin-arm64': ['macos14-arm64.tar.gz', 'macos15-arm64.tar.gz'],
  'darwin-x64': ['macos14-x86_64.tar.gz', 'macos15-x86_64.tar.gz'],
};

function urlsOf(version: Version, platform: PlatformKey): readonly string[] {
  const names = (FILES[platform] ?? []).map((ending) => `mysql-${version}-${ending}`);
  return PLACES.flatMap((place) => names.map((name) => `${place}/${name}`));
}

const asTags = asArraySkipping(asObject({ name: asString }));

/**
 * https://dev.mysql.com/downloads/mysql: no list of versions but the tags of the source, and no digest but MD5. An archive is signed, so
 * it is read once when it is locked and proved when it is installed; other platforms than this machine's are gaps.
 */
const official: Source = {
  id: 'cdn.mysql.com',
  releases: async (upstream) => {
    if (FILES[upstream.platform] === undefined) {
      throw new PolyenvError(
        'platform-missing',
        `mysql.com has no MySQL ${LINE} for ${upstream.platform} that is offered`,
        {
          hint: 'link one that this machine has: polyenv link mysql PATH',
          elsewhere: true,
        },
      );
    }
    const tags = await upstream.json('https://api.github.com/repos/mysql/mysql-server/tags?per_page=100', asTags);
    return newestFirst(
      npmScheme,
      tags.flatMap(({ name }) => {
        const version = npmScheme.version(/^mysql-(8\.4\.\d+)$/.exec(name)?.[1] ?? '');
        return version === undefined ? [] : [{ version, notes: notesOf(version) }];
      }),
    );
  },
  artifacts: async (upstream, { version }): Promise<readonly Artifact[]> => {
    const { platform } = upstream;
    for (const at of urlsOf(version, platform)) {
      const found = await upstream.hashed(at);
      if (found === undefined) continue;
      return [{ platform, parts: [{ at, ...found, proof: { kind: 'digest', by: 'cdn.mysql.com' } }] }];
    }
    return [];
  },
  owns: ({ version, platform, at }): Recipe | undefined => {
    if (!urlsOf(version, platform).includes(at)) return undefined;
    const file = at.slice(at.lastIndexOf('/') + 1);
    const format = file.endsWith('.xz') ? 'tar.xz' : 'tar.gz';
    return { format, root: file.slice(0, -`.${format}`.length), skip: ['mysql-test', 'man', 'docs', 'include'] };
  },
  /**
   * The fingerprint is that of the key B7B3B788A8D3785C, which https://dev.mysql.com/doc/refman/8.4/en/checking-gpg-signature.html names. The
   * file of 2023 holds it with an end in October 2025, that of 2025 the same key with one in October 2027. None of this project's own
   * machines reaches MySQL's site: that an archive and its signature fit was never seen by its tests, only that one that does not fit is refused.
   */
  signature: ({ at }) => ({
    url: `${at}.asc`,
    keys: {
      fingerprints: ['BCA43417C3B485DD128EC6D4B7B3B788A8D3785C'],
      material: () => 'https://repo.mysql.com/RPM-GPG-KEY-mysql-2025',
    },
  }),
};

function notesOf(version: Version): string {
  return `https://dev.mysql.com/doc/relnotes/mysql/8.4/en/news-${version.replaceAll('.', '-')}.html`;
}

const service: Service = {
  program: 'bin/mysqld',
  root: 'refused',
  secret: { user: 'app' },
  databases: {
    name: /^(?!(?:mysql|sys|information_schema|performance_schema)$)[a-z_][a-z0-9_-]{0,63}$/,
    form: "small letters, digits, _ and -, the first no digit; not mysql, sys and the schemas, which are the server's own",
    usual: ['app'],
  },
  minimumDisk: 256 * 2 ** 20,
  sockets: true,
  initialise: (at) => ({
    steps: [{ argv: [`${at.toolchain}/bin/mysqld`, ...usual(at), '--initialize-insecure'] }],
  }),
  start: (at) => ({
    argv: [
      `${at.toolchain}/bin/mysqld`,
      ...usual(at),
      ...[`--bind-address=${at.host}`, `--port=${at.ports.main}`, '--mysqlx=OFF', '--skip-name-resolve'],
      ...[`--socket=${at.sockets}/s`, `--pid-file=${at.data}/mysqld.pid`, '--performance-schema=OFF'],
      ...['--innodb-buffer-pool-size=64M', `--init-file=${at.secrets}/init.sql`],
    ],
    secrets: { 'init.sql': accessSql(at) },
  }),
  // It greets who connects, once it has read the file above.
  ready: {
    by: 'tcp',
    port: 'main',
    send: () => '',
    expect: /caching_sha2_password|mysql_native_password/,
    wrong: /-MariaDB/,
    seconds: 180,
  },
  stop: { signal: 'SIGTERM', seconds: 120, thenKill: false },
  stalePid: 'mysqld.pid',
  line: (version) => leadingNumbers(version, 2),
  dataLine: (read) => {
    const versions = [...(read('mysql_upgrade_history') ?? '').matchAll(/"version":\s*"(\d+\.\d+)/g)];
    return versions.at(-1)?.[1];
  },
  ...mysqlClients({
    client: 'mysql',
    dump: 'mysqldump',
    options: ['--no-defaults'],
    dumpOptions: [
      '--single-transaction',
      '--routines',
      '--triggers',
      '--events',
      '--no-tablespaces',
      '--set-gtid-purged=OFF',
    ],
  }),
  image: ({ version, databases, user }) => ({
    image: `mysql:${version}`,
    ports: { main: 3306 },
    env: {
      MYSQL_RANDOM_ROOT_PASSWORD: '1',
      MYSQL_USER: user,
      MYSQL_PASSWORD: '$PASSWORD',
      MYSQL_DATABASE: databases[0] ?? 'app',
    },
    data: '/var/lib/mysql',
    health: ['mysqladmin', 'ping', '-h', '127.0.0.1'],
  }),
};

function usual(at: ServicePlace): readonly string[] {
  return ['--no-defaults', `--basedir=${at.toolchain}`, `--datadir=${at.data}`];
}

/**
 * Read before anybody can connect, at each start: no user without a password, and the databases that the manifest names. A
 * password is letters and digits; names are what `databases.name` lets in.
 */
function accessSql({ user, password, databases }: ServicePlace): string {
  return [
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`,
    `CREATE USER IF NOT EXISTS '${user}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `ALTER USER '${user}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${user}'@'127.0.0.1' WITH GRANT OPTION;`,
    ...databases.map((name) => `CREATE DATABASE IF NOT EXISTS \`${name}\`;`),
    '',
  ].join('\n');
}

/** MySQL, as Oracle builds it. */
export const runtime: Runtime = {
  id: 'mysql',
  title: 'MySQL',
  homepage: 'https://www.mysql.com',
  license: 'GPL-2.0-only',
  scheme: npmScheme,
  commands: ['mysql', 'mysqldump'],
  pins: [],
  sources: [official],
  layout: (tree) => ({
    commands: commandsIn(
      tree,
      'bin',
      /^(?:mysqld|mysql|mysqldump|mysqladmin|mysqlcheck|mysqlimport|mysqlshow|mysqlbinlog)$/,
    ),
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'mysqld',
    args: ['--no-defaults', '--version'],
    version: (output) => /Ver (\d+\.\d+\.\d+)(?!\S*MariaDB)/.exec(output)?.[1],
  },
  discover: [...polyglotManagers({ mise: 'mysql', asdf: 'mysql' }), homebrew('mysql*')],
  service,
  advice: {
    releaseNotes: notesOf,
    lifecycle: lifecycleFrom((version) => leadingNumbers(version, 2), '8.4 ..2032-04-30; 8.0 ..2026-04-30', {
      url: 'https://endoflife.date/api/mysql.json',
      decode: asEndOfLifeCycles,
    }),
    mentions: { images: [/(?:^|\/)mysql:(\d+(?:\.\d+)*)/] },
  },
};
