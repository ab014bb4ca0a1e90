import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { createApp } from '../src/app.ts';
import { close, listen } from '../src/server.ts';

let server: Awaited<ReturnType<typeof listen>>;
let origin: string;

before(async () => {
  server = await listen(createApp(pino({ level: 'silent' })), { host: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => close(server));

test('answers at the root', async () => {
  const response = await fetch(origin);
  assert.equal(response.status, 200);
  const { service } = (await response.json()) as { service: string };
  assert.equal(service, '{{polyenv.name}}');
});

test('is healthy', async () => {
  const response = await fetch(`${origin}/healthz`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: 'ok' });
});

test('keeps what is wrong with a request apart from what is wrong with us', async () => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(origin, { method: 'POST', headers, body: '{' });
  assert.equal(response.status, 400);
  assert.equal((await fetch(`${origin}/nowhere`)).status, 404);
});
