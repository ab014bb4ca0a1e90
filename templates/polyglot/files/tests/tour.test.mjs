// Starts what `polyenv run build` made, sends one request through all services, and stops them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const withJava = existsSync('services/ledger');

/** In the order of the tour. */
const services = [
  { name: 'gateway', dir: 'gateway', run: ['bin/gateway'] },
  { name: 'api', dir: 'services/api', run: ['node', 'src/main.ts'] },
  ...(withJava ? [{ name: 'ledger', dir: 'services/ledger', run: ['java', '-jar', 'target/ledger.jar'] }] : []),
  { name: 'pipeline', dir: 'services/pipeline', run: ['python', '-m', 'pipeline'] },
  { name: 'engine', dir: 'services/engine', run: ['cargo', 'run', '--locked', '--release', '--quiet'] },
];

before(async () => {
  for (const service of services) service.url = `http://127.0.0.1:${await freePort()}`;
  const behind = services.slice(1);
  for (const [index, service] of services.entries()) {
    const [command, ...args] = service.run;
    const env = {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: new URL(service.url).port,
      NEXT_URL: services[index + 1]?.url,
      SERVICES: behind.map(({ name, url }) => `${name}=${url}`).join(' '),
    };
    service.process = spawn(command, args, { cwd: service.dir, env, stdio: ['ignore', 'ignore', 'inherit'] });
    service.ended = once(service.process, 'exit');
  }
  await Promise.all(services.map(({ url }) => answer(`${url}/healthz`)));
});

after(() => {
  for (const service of services) service.process?.kill('SIGKILL');
});

test('one request goes through all services and keeps its trace', async () => {
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
  const { trace, hops } = await (await fetch(`${services[0].url}/tour`, { headers })).json();
  assert.equal(trace, TRACE);
  assert.deepEqual(hops.map(({ service }) => service), services.map(({ name }) => name));
  for (const { version } of hops) assert.match(version, /^\d+\.\d+/);
  console.log(hops.map(({ service, runtime, version }) => `${service}: ${runtime} ${version}`).join('\n'));
});

test('the gateway routes to each service', async () => {
  for (const { name } of services.slice(1)) {
    const response = await fetch(`${services[0].url}/${name}/`);
    assert.equal(response.status, 200);
    assert.equal((await response.json()).service, name);
  }
});

test('every service stops cleanly', async () => {
  for (const service of services) service.process.kill('SIGTERM');
  for (const service of services) {
    const [code, signal] = await service.ended;
    assert.deepEqual({ name: service.name, code, signal }, { name: service.name, code: 0, signal: null });
  }
});

async function answer(url) {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(`${url} does not answer`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
