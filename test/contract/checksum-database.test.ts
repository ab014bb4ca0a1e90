import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ensureFolder } from '../../src/adapters/files/fs';
import { type DatabaseReader, openChecksumDatabase } from '../../src/adapters/upstream/checksum-database';
import { newPerson, type Person } from '../support/network-fixture';

const people: Person[] = [];
afterEach(() => {
  for (const person of people.splice(0)) person.remove();
});

/** A checksum database of our own: a log of records in memory, its key, and the files that it serves. */
function newDatabase() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.concat([Buffer.of(1), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)]);
  const keyHash = createHash('sha256').update('sum.test\n').update(raw).digest().subarray(0, 4);
  const records: string[] = [];

  const leaf = (record: string) => createHash('sha256').update(Buffer.of(0)).update(record).digest();
  const root = (from: number, to: number): Buffer => {
    if (to - from === 1) return leaf(records[from] ?? '');
    let split = 1;
    while (split * 2 < to - from) split *= 2;
    const parts = [Buffer.of(1), root(from, from + split), root(from + split, to)];
    return createHash('sha256').update(Buffer.concat(parts)).digest();
  };
  const note = (size: number) => {
    const text = `go.sum database tree\n${size}\n${root(0, size).toString('base64')}\n`;
    const signature = Buffer.concat([keyHash, sign(undefined, Buffer.from(text), privateKey)]);
    return `${text}\n— sum.test ${signature.toString('base64')}\n`;
  };
  return {
    verifier: `sum.test+${keyHash.toString('hex')}+${raw.toString('base64')}`,
    add: (module: string, version: string, hash = hashOf(`${module}${version}`)) =>
      records.push(`${module} ${version} ${hash}\n${module} ${version}/go.mod ${hash}\n`),
    lookup: (id: number, size = records.length) => `${id}\n${records[id]}\n${note(size)}`,
    tile: (level: number, index: number, width: number) =>
      Buffer.concat(
        Array.from({ length: width }, (_, place) => {
          const span = 256 ** level;
          const from = (index * 256 + place) * span;
          return root(from, from + span);
        }),
      ),
  };
}

function hashOf(text: string): string {
  return `h1:${createHash('sha256').update(text).digest('base64')}`;
}

type Database = ReturnType<typeof newDatabase>;

/** A person who asks for record 1 of `size`, and what may be changed on the way. */
function asker(database: Database) {
  const person = newPerson();
  people.push(person);
  const asked: string[] = [];
  const ask = (
    id: number,
    size: number,
    change: (path: string, bytes: Buffer) => Buffer | undefined = (_, bytes) => bytes,
  ) => {
    const read: DatabaseReader = async (path) => {
      asked.push(path);
      const [, level, index, width] = /^\/tile\/8\/(\d+)\/(\d{3})(?:\.p\/(\d+))?$/.exec(path) ?? [];
      const bytes =
        level === undefined
          ? Buffer.from(database.lookup(id, size))
          : database.tile(Number(level), Number(index), Number(width ?? 256));
      return change(path, bytes);
    };
    const opened = openChecksumDatabase({ home: person.home, read, verifier: database.verifier });
    return opened.lookup({ module: 'm.test/x', version: `v1.0.${id}`, path: `/lookup/m.test/x@v1.0.${id}` });
  };
  return { ask, asked, head: join(person.home.cache, 'sum.golang.org.tree'), cache: person.home.cache };
}

function filled(records: number): Database {
  const database = newDatabase();
  for (let id = 0; id < records; id += 1) database.add('m.test/x', `v1.0.${id}`);
  return database;
}

describe('the checksum database', () => {
  test('proves a record by its signed tree, and remembers the tree', async () => {
    const { ask, asked, head } = asker(filled(700));
    expect(await ask(300, 700)).toBe(hashOf('m.test/xv1.0.300'));
    expect(asked.filter((path) => path.startsWith('/tile/')).length).toBeGreaterThan(1);
    expect(asked).toContain('/tile/8/0/002.p/188');
    expect(JSON.parse(readFileSync(head, 'utf8'))).toMatchObject({ size: 700 });
  });

  test('has no digest of what it does not know', async () => {
    expect(await asker(filled(2)).ask(0, 2, () => undefined)).toBeUndefined();
  });

  test('takes a whole tile where a partial one is gone', async () => {
    const gone = (path: string, bytes: Buffer) => (path.includes('.p/') && path.includes('/8/0/') ? undefined : bytes);
    expect(await asker(filled(512)).ask(300, 400, gone)).toBe(hashOf('m.test/xv1.0.300'));
  });

  test.each<[string, (path: string, bytes: Buffer) => Buffer]>([
    [
      'record',
      (path, bytes) => (path.startsWith('/lookup') ? Buffer.from(bytes.toString().replace(/h1:./, 'h1:/')) : bytes),
    ],
    [
      'number',
      (path, bytes) => (path.startsWith('/lookup') ? Buffer.from(bytes.toString().replace(/^1\n/, '2\n')) : bytes),
    ],
    [
      'signed tree',
      (path, bytes) =>
        path.startsWith('/lookup') ? Buffer.from(bytes.toString().replace('tree\n9\n', 'tree\n8\n')) : bytes,
    ],
    [
      'tile',
      (path, bytes) => (path.startsWith('/tile') ? Buffer.concat([bytes.subarray(0, -1), Buffer.of(7)]) : bytes),
    ],
  ])('refuses a changed %s, and remembers nothing of it', async (_, change) => {
    const { ask, head } = asker(filled(9));
    await expect(ask(1, 9, change)).rejects.toMatchObject({ code: 'signature-invalid' });
    expect(() => readFileSync(head)).toThrow();
  });

  test("refuses another version's record", async () => {
    const database = filled(9);
    const { ask } = asker(database);
    const other = (path: string, bytes: Buffer) =>
      path.startsWith('/lookup') ? Buffer.from(database.lookup(2, 9)) : bytes;
    await expect(ask(1, 9, other)).rejects.toThrow('is not of m.test/x@v1.0.1');
  });

  test('grows, and answers from before its newest tree stay good', async () => {
    const { ask, head } = asker(filled(600));
    await ask(1, 9);
    await ask(300, 600);
    expect(await ask(1, 300)).toBe(hashOf('m.test/xv1.0.1'));
    expect(JSON.parse(readFileSync(head, 'utf8'))).toMatchObject({ size: 600 });
  });

  test('with two histories is refused, also across runs', async () => {
    const database = newDatabase();
    database.add('m.test/x', 'v1.0.0');
    database.add('m.test/x', 'v1.0.1');
    database.add('m.test/x', 'v1.0.2');
    const { ask, head } = asker(database);
    await ask(1, 3);
    const remembered = readFileSync(head, 'utf8');
    const hash = createHash('sha256').update('another history').digest('base64');
    for (const size of [2, 3]) {
      writeFileSync(head, JSON.stringify({ size, hash }));
      await expect(ask(1, 3)).rejects.toMatchObject({ code: 'signature-invalid' });
    }
    writeFileSync(head, remembered);
    expect(await ask(1, 3)).toBe(hashOf('m.test/xv1.0.1'));
  });

  test.each(['', 'null', '{"size":-1,"hash":""}', '{'])('a remembered tree that reads %j is none', async (text) => {
    const { ask, head, cache } = asker(filled(3));
    await ensureFolder(cache);
    writeFileSync(head, text);
    expect(await ask(1, 3)).toBe(hashOf('m.test/xv1.0.1'));
  });

  test('signed by another key is refused', async () => {
    const { ask } = asker({ ...filled(3), verifier: newDatabase().verifier });
    await expect(ask(1, 3)).rejects.toMatchObject({ code: expect.stringMatching(/^(key-unknown|signature-)/) });
  });
});
