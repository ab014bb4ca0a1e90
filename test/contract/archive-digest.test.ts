import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { openHttp } from '../../src/adapters/net/http';
import { hashArchive } from '../../src/adapters/upstream/archive-digest';
import { newPerson, serveLoopback, settingsWith } from '../support/network-fixture';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

test('an archive without a published digest is read once, bounded, and then known', async () => {
  const body = Buffer.alloc(300_000, 'abc');
  const server = await serveLoopback((path) => (path === '/a' ? { body } : undefined));
  const person = newPerson();
  const http = openHttp({ host: person.host, settings: settingsWith({ networkRetries: 0 }), emit: () => undefined });
  open.push(
    () => person.remove(),
    () => server.close(),
    () => http.close(),
  );
  const ask = (path: string, changes = {}) =>
    hashArchive({
      http,
      cache: person.home.cache,
      url: `https://site.test${path}`,
      target: { url: server.url + path, headers: {} },
      limit: 1_000_000,
      offline: false,
      now: person.host.now,
      ...changes,
    });
  expect(await ask('/none')).toBeUndefined();
  await expect(ask('/a', { offline: true })).rejects.toMatchObject({ code: 'offline' });
  await expect(ask('/a', { limit: 1000 })).rejects.toMatchObject({ code: 'digest-mismatch' });
  const value = createHash('sha256').update(body).digest('hex');
  const found = { digest: { kind: 'sha256', value }, size: body.length };
  expect(await ask('/a')).toEqual(found);
  expect(await ask('/a', { offline: true })).toEqual(found);
  expect(server.requests.filter(({ path }) => path === '/a')).toHaveLength(2);
});
