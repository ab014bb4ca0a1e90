import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { create } from 'tar';
import { afterEach, describe, expect, test } from 'vitest';
import { readArchiveMember } from '../../src/adapters/archives/archive-member';
import type { Http } from '../../src/adapters/net/http';
import { newPerson, type Person } from '../support/network-fixture';

const people: Person[] = [];
afterEach(() => {
  for (const person of people.splice(0)) person.remove();
});

function archive(files: Readonly<Record<string, string>>): Buffer {
  const person = newPerson();
  people.push(person);
  for (const [path, text] of Object.entries(files)) person.write(path, text);
  const file = join(person.folder, 'made.tar');
  create({ cwd: person.folder, file, sync: true, portable: true }, Object.keys(files));
  return readFileSync(file);
}

/** Serves the chunks and counts how many were taken. */
function serving(chunks: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>, status = 200) {
  const taken = { chunks: 0, ended: false };
  const http: Http = {
    get: async (url) => ({
      status,
      url,
      headers: {},
      text: async () => '',
      body: (async function* () {
        try {
          for await (const chunk of chunks()) {
            taken.chunks += 1;
            yield chunk;
          }
        } finally {
          taken.ended = true;
        }
      })(),
    }),
    close: async () => undefined,
  };
  return { http, taken };
}

function read(http: Http, path = 'package/CHANGELOG.md') {
  return readArchiveMember({ http, url: 'https://host.test/x.tgz', headers: {}, name: 'npm:x@1.0.0', path });
}

describe('a member of a remote archive', () => {
  test('is read by its whole path, and nothing behind it is asked for', async () => {
    const head = archive({ 'other/package/CHANGELOG.md': 'wrong', 'package/CHANGELOG.md': 'npm 10.2.4' });
    const { http, taken } = serving(async function* () {
      const gzip = createGzip();
      gzip.write(head.subarray(0, head.length - 1024));
      for (let block = 0; block < 1000; block += 1) {
        await new Promise<void>((resolve) => gzip.flush(() => resolve()));
        const chunk = gzip.read() as Buffer | undefined;
        if (chunk) yield chunk;
        gzip.write(Buffer.alloc(512, 'x'));
      }
      gzip.destroy();
    });
    expect(await read(http)).toBe('npm 10.2.4');
    expect(taken.ended).toBe(true);
    expect(taken.chunks).toBeLessThan(100);
  });

  test('that is not there, or an archive that is not there, is undefined', async () => {
    const bytes = gzipSync(archive({ 'package/README.md': 'x' }));
    expect(await read(serving(() => [bytes]).http)).toBeUndefined();
    expect(await read(serving(() => [], 404).http)).toBeUndefined();
  });

  test.each<[string, () => Uint8Array]>([
    ['truncated', () => gzipSync(Buffer.alloc(10_000, 1)).subarray(0, 20)],
    ['a web page', () => Buffer.from('<html>please log in</html>')],
  ])('of what is %s is an error', async (_, bytes) => {
    await expect(read(serving(() => [bytes()]).http)).rejects.toMatchObject({ code: 'archive-invalid' });
  });

  test('that is larger than a small text is not read into memory', async () => {
    const bytes = gzipSync(archive({ 'package/CHANGELOG.md': 'x'.repeat(5 * 1024 * 1024) }));
    expect(await read(serving(() => [bytes]).http)).toBeUndefined();
  });
});
