import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Runtime } from '../../src/domain/runtime/runtime';
import type { ServiceCommand, ServicePlace } from '../../src/domain/runtime/service';
import type { Version } from '../../src/domain/versions/version';
import { isVariableName } from '../../src/domain/words/env-op';

const root = resolve(__dirname, '../..');
const loaded = await Promise.all(
  readdirSync(join(root, 'runtimes'))
    .filter((file) => file.endsWith('.ts'))
    .map(async (file) => ((await import(join(root, 'runtimes', file))) as { runtime: Runtime }).runtime),
);
const kinds = loaded.filter((runtime) => runtime.service !== undefined);

const PASSWORD = 'Secret0123456789abcdef';

const VERSIONS: Readonly<Record<string, string>> = {
  postgres: '16.10.0',
  valkey: '9.0.1',
  mailpit: '1.33.1',
  nats: '2.15.1',
  s3: '1.8.0',
  mariadb: '11.4.5',
  mysql: '8.4.7',
};

function placeOf(runtime: Runtime, changes: Partial<ServicePlace> = {}): ServicePlace {
  const { service } = runtime;
  const commands = ['psql', 'pg_dump', 'pg_restore', 'mariadb', 'mariadb-dump', 'mysql', 'mysqldump', 'valkey-cli'];
  return {
    version: (VERSIONS[runtime.id] ?? '1.0.0') as Version,
    platform: 'linux-x64',
    toolchain: '/store/x',
    commands: Object.fromEntries(commands.map((name) => [name, `/store/x/bin/${name}`])),
    data: '/services/p/data',
    secrets: '/services/p/secrets',
    sockets: '/run/s',
    host: '127.0.0.1',
    ports: { main: 25_000, ...Object.fromEntries((service?.ports ?? []).map((name, index) => [name, 25_001 + index])) },
    user: service?.secret?.user ?? '',
    password: service?.secret === undefined ? '' : PASSWORD,
    databases: [...(service?.databases?.usual ?? [])],
    extensions: [...(service?.extensions ?? []).slice(0, 2)],
    ...changes,
  };
}

/** Every command that a kind names, for one place. */
function commandsOf({ service }: Runtime, at: ServicePlace): readonly ServiceCommand[] {
  if (service === undefined) return [];
  const client = service.connect?.(at);
  const transfer = service.transfer?.(at);
  return [
    ...(service.initialise?.(at).steps ?? []),
    ...(service.provision?.(at, { databases: at.databases, extensions: at.extensions }).steps ?? []),
    service.start(at),
    ...(client === undefined || client === 'resp' ? [] : [client]),
    ...(transfer === undefined
      ? []
      : [
          ...(transfer.list === undefined ? [] : [transfer.list]),
          transfer.empty('app'),
          transfer.dump('app'),
          transfer.load('app', new Uint8Array()),
          transfer.load('app', Buffer.from('PGDMP')),
        ]),
  ];
}

test('the kinds that are offered are there', () => {
  expect(kinds.map(({ id }) => id).sort()).toEqual(
    expect.arrayContaining(['mailpit', 'mariadb', 'mysql', 'nats', 'postgres', 's3', 'valkey']),
  );
  expect(loaded.find(({ aliases }) => aliases?.includes('redis'))?.id).toBe('valkey');
});

describe.each(kinds.map((runtime) => [runtime.id, runtime] as const))('%s', (_id, runtime) => {
  const { service } = runtime;
  if (service === undefined) throw new Error('no service');

  test('no argument holds the password, and every program is named by its absolute path', () => {
    for (const { argv } of commandsOf(runtime, placeOf(runtime))) {
      expect(argv[0]).toMatch(/^\//);
      expect(argv.join('\n')).not.toContain(PASSWORD);
    }
  });

  test('listens on this machine only, on the ports that it is given', () => {
    const at = placeOf(runtime);
    const { argv, secrets } = service.start(at);
    const said = [...argv, ...Object.values(secrets ?? {})].join('\n');
    expect(said).toContain('127.0.0.1');
    expect(said).not.toContain('0.0.0.0');
    for (const port of Object.values(at.ports)) expect(said).toContain(String(port));
    expect(argv[0]).toBe(`/store/x/${service.program}`);
  });

  test('tells commands its address in variables, and asks for nothing to be running', () => {
    const at = placeOf(runtime);
    const exported = service.exports(at);
    expect(Object.keys(exported).length).toBeGreaterThan(0);
    for (const name of Object.keys(exported)) expect(isVariableName(name)).toBe(true);
    expect(JSON.stringify(exported)).toContain('25000');
    expect(URL.canParse(service.url(at))).toBe(true);
    expect(service.line(at.version)).toMatch(/^\d+(?:\.\d+)?$/);
    expect(service.dataLine?.(() => undefined)).toBeUndefined();
    const image = service.image?.(at);
    expect(image?.image).toMatch(/^[a-z0-9/-]+:v?\d/);
    expect(JSON.stringify(image)).not.toContain(PASSWORD);
  });

  test('lets no name through that would be more than a name', () => {
    const { name } = service.databases ?? {};
    for (const hostile of [
      '',
      'a b',
      'a"b',
      "a'; DROP",
      'a`b',
      'a;b',
      '../a',
      'a/b',
      'a\nb',
      '-a',
      '$(a)',
      'A'.repeat(99),
    ]) {
      expect(name?.test(hostile) ?? false, hostile).toBe(false);
    }
    for (const usual of service.databases?.usual ?? []) expect(name?.test(usual)).toBe(true);
  });

  test('says a folder with quotes, blanks and line ends in its settings as what it is', () => {
    const data = '/a "b\\c\nport 1';
    const { secrets = {} } = service.start(placeOf(runtime, { data }));
    for (const text of Object.values(secrets)) {
      expect(text.split('\n')).not.toContain('port 1"');
      expect(text).not.toContain('"b\\c\n');
    }
  });

  test('is the same each time it is asked', () => {
    const at = Object.freeze(placeOf(runtime));
    expect(commandsOf(runtime, at)).toEqual(commandsOf(runtime, at));
    expect(service.exports(at)).toEqual(service.exports(at));
  });
});

test('an older PostgreSQL is not told what only a newer one knows', () => {
  const postgres = kinds.find(({ id }) => id === 'postgres') as Runtime;
  const load = (version: string, first: string) =>
    postgres.service?.transfer?.(placeOf(postgres, { version: version as Version }))?.load('app', Buffer.from(first))
      .argv;
  expect(load('16.10.0', '--')?.slice(0, 2)).toEqual(['/bin/sh', '-c']);
  expect(load('16.10.0', 'PGDMP')?.[2]).toContain('transaction_timeout');
  expect(load('17.6.0', '--')?.[0]).toBe('/store/x/bin/psql');
  expect(load('17.6.0', 'PGDMP')?.[0]).toBe('/store/x/bin/pg_restore');
  const made = (version: string) =>
    postgres.service?.initialise?.(placeOf(postgres, { version: version as Version })).steps[0]?.argv.join(' ');
  expect(made('17.6.0')).toContain('--builtin-locale=C.UTF-8');
  expect(made('16.10.0')).not.toContain('builtin');
});
