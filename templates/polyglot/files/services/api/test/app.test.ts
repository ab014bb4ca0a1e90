import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { createApp } from '../src/app.ts';
import { close, listen } from '../src/server.ts';
import type { Tour } from '../src/tour.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

/** Stands for the services behind: says which trace it was asked with. */
const behind = createServer((request, response) => {
  const trace = String(request.headers.traceparent).split('-')[1];
  response.end(
    JSON.stringify({ trace, hops: [{ service: trace, runtime: 'rust', version: '1' }] }),
  );
});
let server: Awaited<ReturnType<typeof listen>>;
let origin: string;

before(async () => {
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
  const app = createApp(pino({ level: 'silent' }), originOf(behind.address()));
  server = await listen(app, { host: '127.0.0.1', port: 0 });
  origin = originOf(server.address());
});

after(async () => {
  await close(server);
  behind.close();
});

function originOf(address: unknown): string {
  return `http://127.0.0.1:${(address as AddressInfo).port}`;
}

test('is healthy', async () => {
  const response = await fetch(`${origin}/healthz`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: 'ok' });
});

test('passes the trace on, and adds itself to the tour', async () => {
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
  const response = await fetch(`${origin}/tour`, { headers });
  const { trace, hops } = (await response.json()) as Tour;
  assert.equal(trace, TRACE);
  assert.deepEqual(
    hops.map(({ service }) => service),
    ['api', TRACE],
  );
});

test('has no other routes', async () => {
  assert.equal((await fetch(`${origin}/nowhere`)).status, 404);
});
