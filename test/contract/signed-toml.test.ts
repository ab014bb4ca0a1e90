import { afterAll, beforeAll, expect, test } from 'vitest';
import { asObject, asString } from '../../src/domain/formats/decoders';
import { newPerson, type Person } from '../support/network-fixture';
import { openUpstreamAt, serveUpstreams, type UpstreamServer } from '../support/upstream-server';

const GOOD = 'https://static.rust-lang.org/dist/good.toml';
const BROKEN = 'https://static.rust-lang.org/dist/broken.toml';
const KEYS = { fingerprints: [], material: () => 'https://static.rust-lang.org/key' };

let server: UpstreamServer;
let person: Person;
beforeAll(async () => {
  const files = { [GOOD]: 'date = "2025-04-03"\n', [BROKEN]: 'date = "2025\n' };
  const signatures = { [GOOD]: `${GOOD}.asc`, [BROKEN]: `${BROKEN}.asc` };
  server = await serveUpstreams([{ files, signatures, material: KEYS.material, asks: [] }]);
  person = newPerson();
});
afterAll(async () => {
  person.remove();
  await server.close();
});

test('a signed TOML is decoded and says by whom, and one that cannot be read says which', async () => {
  const upstream = openUpstreamAt(server, { person, runtimes: [], verifyKeys: [server.fingerprint] });
  const read = (url: string, field: string) =>
    upstream.signedToml(url, `${url}.asc`, KEYS, asObject({ [field]: asString }));
  const proof = { kind: 'signature', by: server.fingerprint };
  expect(await read(GOOD, 'date')).toEqual({ value: { date: '2025-04-03' }, proof });
  await expect(read(GOOD, 'day')).rejects.toThrow(`${GOOD} cannot be read: day: expected a string, found nothing`);
  await expect(read(BROKEN, 'date')).rejects.toMatchObject({ code: 'upstream-malformed', elsewhere: true });
  await expect(read(BROKEN, 'date')).rejects.toThrow(BROKEN);
  await upstream.http.close();
});
