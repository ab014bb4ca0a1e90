import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

/** Ends of support that were published after polyenv was. */
const SCHEDULE = JSON.stringify({
  v20: { start: '2023-04-18', lts: '2023-10-24', maintenance: '2024-10-22', end: '2031-05-31', codename: 'Iron' },
  v77: { start: '2030-04-18', end: '2033-01-01' },
});

let site: TinyNode;
let schedule: Server;
let answer: (url: string) => string | undefined;
let asked: number;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  site = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  schedule = createServer((request, response) => {
    asked += 1;
    const body = answer(request.url ?? '');
    if (body !== undefined) response.writeHead(200, { 'content-length': Buffer.byteLength(body) }).end(body);
  });
  await new Promise<void>((ready) => schedule.listen(0, '127.0.0.1', ready));
});
afterAll(async () => {
  await site.close();
  schedule.closeAllConnections();
  schedule.close();
});

beforeEach(async () => {
  asked = 0;
  answer = () => SCHEDULE;
  const { port } = schedule.address() as AddressInfo;
  machine = newMachine({
    POLYENV_MIRRORS: `${site.mirrors} https://raw.githubusercontent.com/nodejs/Release=http://127.0.0.1:${port}/r`,
    POLYENV_VERIFY_SIGNATURES: 'off',
    POLYENV_NETWORK_RETRIES: '0',
  });
  onTestFinished(() => machine.remove());
  cwd = machine.folder('project');
  expect(await machine.polyenv(['use', 'node@20'], { cwd })).toMatchObject({ exit: 0 });
});

const end = async (...more: readonly string[]): Promise<string | undefined> => {
  const ran = await machine.polyenv(['outdated', '--json', ...more], { cwd });
  return (ran.json().tools as { endOfLife?: string }[])[0]?.endOfLife;
};
const findings = async () => {
  const ran = await machine.polyenv(['doctor', '--json'], { cwd });
  return (ran.json().findings as { kind: string }[]).map(({ kind }) => kind);
};

it('are heard of by what asks the network, and kept for what does not', async () => {
  expect(await findings()).toContain('end-of-life');
  expect(asked).toBe(0);
  expect(await end()).toBe('2031-05-31');
  expect(asked).toBe(1);
  expect(await findings()).not.toContain('end-of-life');
  expect(await end('--offline')).toBe('2031-05-31');
  expect((await machine.polyenv(['info', 'node', '--json', '--offline'], { cwd })).json()).toMatchObject({
    lifecycle: { line: '20', end: '2031-05-31', support: '2024-10-22', lts: true, ended: false },
  });
  expect(asked).toBe(1);
});

const WRONG: readonly (readonly [what: string, body: () => string | undefined])[] = [
  ['garbage', () => '<html>'],
  ['dates that are none', () => JSON.stringify({ v20: { end: '2031-02-31; rm -rf' } })],
  ['lines that are none', () => JSON.stringify({ '../../20': { end: '2031-05-31' } })],
  ['nothing at all, for longer than a person waits', () => undefined],
];

it.each(WRONG)('stay as they were shipped where the upstream says %s', async (_, body) => {
  answer = body;
  const started = performance.now();
  expect(await end()).toBe('2026-04-30');
  expect(performance.now() - started).toBeLessThan(8000);
  expect(await findings()).toContain('end-of-life');
});

it('stay as they were heard where the upstream fails later', async () => {
  expect(await end()).toBe('2031-05-31');
  answer = () => '<html>';
  const old = { POLYENV_CACHE_MAX_AGE: '0' };
  const ran = await machine.polyenv(['outdated', '--json'], { cwd, env: old });
  expect(asked).toBe(2);
  expect(ran.json()).toMatchObject({ tools: [{ endOfLife: '2031-05-31' }] });
});
