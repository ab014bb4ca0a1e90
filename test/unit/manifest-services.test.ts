import { describe, expect, it } from 'vitest';
import { runtime as mariadb } from '../../runtimes/mariadb';
import { runtime as mysql } from '../../runtimes/mysql';
import { runtime as postgres } from '../../runtimes/postgres';
import { parseToml } from '../../src/adapters/documents/toml';
import { decodeManifest } from '../../src/domain/project/manifest';
import type { KnownRuntime } from '../../src/domain/project/manifest-values';

const RUNTIMES: readonly KnownRuntime[] = [
  { id: 'node', aliases: ['nodejs'] },
  {
    id: 'postgres',
    aliases: ['postgresql'],
    service: {
      databases: { name: /^[a-z_][a-z0-9_-]{0,62}$/, form: 'small letters, digits, _ and -', usual: ['app'] },
      extensions: ['pg_trgm', 'citext'],
    },
  },
  { id: 'valkey', aliases: ['redis'], service: {} },
];

function decode(text: string) {
  return decodeManifest({ ...parseToml(text, 'polyenv.toml'), runtimes: RUNTIMES });
}

function refused(text: string): { readonly line: number | undefined; readonly message: string; readonly hint: string } {
  try {
    decode(text);
  } catch (error) {
    const { where, message, hint } = error as { where?: { line?: number }; message: string; hint?: string };
    return { line: where?.line, message, hint: hint ?? '' };
  }
  throw new Error('it was accepted');
}

describe('[services]', () => {
  it('is a kind, a kind with a version, or a table', () => {
    const { services } = decode(`[services]
db = "postgresql"
cache = "redis@9"
[services.reports]
use = "postgres@16"
databases = ["reports", "reports_test"]
extensions = ["pg_trgm"]
port = 5433
prefix = "REPORTS"
`);
    expect(services).toEqual([
      { name: 'db', tool: 'postgres', databases: [], extensions: [], line: 2 },
      { name: 'cache', tool: 'valkey', version: '9', databases: [], extensions: [], line: 3 },
      {
        name: 'reports',
        tool: 'postgres',
        version: '16',
        databases: ['reports', 'reports_test'],
        extensions: ['pg_trgm'],
        port: 5433,
        prefix: 'REPORTS',
        line: 4,
      },
    ]);
  });

  it.each([
    ['"a b"', 'a blank'],
    ['".."', 'a folder above'],
    ['"../x"', 'a path'],
    ['"a\\nb"', 'a line break'],
    ['"$(id)"', 'a command'],
    ['"a\'b"', 'a quote'],
    ['"DB"', 'capitals'],
    ['"-db"', 'an option'],
    ['""', 'nothing'],
  ])('refuses the name %s: %s', (name) => {
    const { line, message } = refused(`[services]\n${name} = "postgres"\n`);
    expect(line).toBe(2);
    expect(message).toContain('no name for a service');
    expect(message).not.toContain('\n');
  });

  it.each([
    'LD_PRELOAD',
    'LD',
    'NPM_CONFIG',
    'GIT',
    'POLYENV',
    'BASH',
    'SSL',
    'lower',
    'A-B',
    'A_',
    '1A',
    'A B',
    'PATH',
  ])('refuses the prefix %s', (prefix) => {
    const { line, message } = refused(`[services.db]\nuse = "postgres"\nprefix = "${prefix}"\n`);
    expect(line).toBe(3);
    expect(message).toContain('prefix');
  });

  it.each(['a;drop table x', 'a b', 'A', "a'b", 'a"b', '1a', '../a', 'x'.repeat(64), 'a\\u0000b'])(
    'refuses the database name %s',
    (name) => {
      const { line } = refused(
        `[services.db]\nuse = "postgres"\ndatabases = [\n  "ok",\n  ${JSON.stringify(name)},\n]\n`,
      );
      expect(line).toBe(5);
    },
  );

  it.each([
    ['port = 80', 'below 1024'],
    ['port = 0', '1024 and 65535'],
    ['port = 70000', '1024 and 65535'],
    ['port = 54.5', '1024 and 65535'],
    ['port = "5432"', '1024 and 65535'],
  ])('refuses %s', (text, says) => {
    const { line, message } = refused(`[services.db]\nuse = "postgres"\n${text}\n`);
    expect(line).toBe(3);
    expect(message).toContain(says);
  });

  it('refuses two services with one port, an unknown key, an unknown extension, a kind that is no server', () => {
    expect(
      refused('[services]\na = { use = "valkey", port = 6000 }\nb = { use = "valkey", port = 6000 }\n').message,
    ).toContain('cannot both have port 6000');
    expect(refused('[services.db]\nuse = "postgres"\nargs = ["-c", "x"]\n')).toMatchObject({ line: 3 });
    expect(refused('[services.db]\nuse = "postgres"\nextensions = ["plpython3u"]\n').hint).toContain('pg_trgm');
    expect(refused('[services]\nweb = "node"\n').message).toContain('node is no server');
    expect(refused('[services]\ncache = { use = "valkey", databases = ["a"] }\n').message).toContain('no databases');
    expect(refused('[services]\ncache = 7\n').hint).toContain('"postgres"');
    expect(refused(`[services]\n${'x'.repeat(33)} = "valkey"\n`).message).toContain('up to 32');
  });

  it.each([
    [postgres, 'template0'],
    [mysql, 'mysql'],
    [mariadb, 'information_schema'],
  ] as const)("refuses a database that is the server's own", (runtime, name) => {
    const text = `[services.db]\nuse = "${runtime.id}"\ndatabases = ["app", "${name}"]\n`;
    expect(() => decodeManifest({ ...parseToml(text, 'polyenv.toml'), runtimes: [runtime] })).toThrow(/'s own$/);
  });

  it('says why a well-known server is not offered, and which one is near a misspelt name', () => {
    expect(refused('[services]\ndocs = "mongodb@7"\n').hint).toContain('mongodb is not offered');
    expect(refused('[services]\ndb = "postgress"\n').hint).toBe('did you mean postgres?');
  });

  it('lets a task name its services and its port', () => {
    const { tasks } = decode(
      `[services]\ndb = "postgres"\n[tasks]\ndev = { run = "x", services = ["db"], port = 3000 }\n`,
    );
    expect(tasks[0]).toMatchObject({ services: ['db'], port: 3000 });
  });
});
