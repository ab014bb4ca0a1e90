import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { serveEveryRuntime, sitesOf } from '../support/every-runtime';
import type { UpstreamServer } from '../support/upstream-server';

let server: UpstreamServer;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveEveryRuntime();
});
afterAll(() => server.close());

beforeEach(() => {
  machine = newMachine(sitesOf(server));
  cwd = machine.folder('project');
});
afterEach(() => machine.remove());

const polyenv = (...args: readonly string[]): Promise<Ran> => machine.process(args, { cwd });

const worked = async (...args: readonly string[]): Promise<void> => {
  const ran = await polyenv(...args);
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
};

/** Tools that the manifest pins, sorted. */
const pinned = (): readonly string[] =>
  [...readFileSync(join(cwd, 'polyenv.toml'), 'utf8').matchAll(/^([a-z]+) = /gm)].map(([, tool]) => tool ?? '').sort();

/** Nothing to repair: the lock answers the manifest, and its toolchains are here. */
const isWhole = async (): Promise<void> => {
  await worked('lock', '--check');
  await worked('install', '--frozen');
};

it('keeps all that eight commands at once ask for', async () => {
  await worked('use', 'node@18');
  const ran = await Promise.all([
    polyenv('use', 'node@20'),
    polyenv('use', 'go@1.24'),
    polyenv('use', 'java@21'),
    polyenv('use', 'rust@1.86'),
    polyenv('use', 'go@1.24', 'java@21'),
    polyenv('install'),
    polyenv('lock'),
    polyenv('sync'),
  ]);
  for (const one of ran) expect(one, one.stderr).toMatchObject({ exit: 0 });
  expect(pinned()).toEqual(['go', 'java', 'node', 'rust']);
  expect(readFileSync(join(cwd, 'polyenv.toml'), 'utf8')).toContain('node = "20"');
  await isWhole();
});

it('keeps what seven ask for when an eighth is killed', async () => {
  const started = Date.now();
  await worked('use', 'node@18');
  const usual = Date.now() - started;
  const killed = spawn(process.execPath, [machine.program, 'use', 'java@21'], {
    cwd,
    env: { ...machine.env, PWD: cwd },
    stdio: 'ignore',
  });
  const ended = new Promise((done) => killed.once('close', done));
  setTimeout(() => killed.kill('SIGKILL'), usual * 2).unref();
  const ran = await Promise.all([
    polyenv('use', 'node@20'),
    polyenv('use', 'go@1.24'),
    polyenv('use', 'rust@1.86'),
    polyenv('use', 'go@1.24', 'rust@1.86'),
    polyenv('install'),
    polyenv('lock'),
    polyenv('sync'),
    ended,
  ]);
  for (const one of ran.slice(0, -1) as Ran[]) expect(one, one.stderr).toMatchObject({ exit: 0 });
  expect(pinned().filter((tool) => tool !== 'java')).toEqual(['go', 'node', 'rust']);
  await worked('install');
  await isWhole();
});

describe('use beside another change', () => {
  const beside: readonly { readonly args: readonly string[]; readonly left: readonly string[] }[] = [
    { args: ['remove', 'node'], left: ['go'] },
    { args: ['upgrade', '--latest'], left: ['go', 'node'] },
    { args: ['lock', '--renew'], left: ['go', 'node'] },
    { args: ['install'], left: ['go', 'node'] },
    { args: ['sync'], left: ['go', 'node'] },
  ];

  it.each(beside)('$args: the pin is kept, and what the other did too', async ({ args, left }) => {
    if (args.includes('sync')) writeFileSync(join(cwd, '.nvmrc'), '20\n');
    await worked('use', 'node@18');
    const ran = await Promise.all([polyenv('use', 'go@1.24'), polyenv(...args)]);
    for (const one of ran) expect(one, one.stderr).toMatchObject({ exit: 0 });
    expect(pinned()).toEqual(left);
    await isWhole();
  });

  it('rollback: takes back a whole change, or says with status 9 that the files were changed', async () => {
    await worked('use', 'node@18');
    await worked('use', 'node@20');
    const [used, back] = await Promise.all([polyenv('use', 'go@1.24'), polyenv('rollback', '--yes')]);
    expect(used, used.stderr).toMatchObject({ exit: 0 });
    expect([0, 9], back.stderr).toContain(back.exit);
    // Rolled back before the use: node 18 and Go. After it: the use is what was taken back.
    const text = readFileSync(join(cwd, 'polyenv.toml'), 'utf8');
    if (back.exit === 9) expect(text).toContain('node = "20"\ngo = "1.24"');
    else expect(text).toMatch(/node = "18"\ngo = "1.24"|node = "20"\n$/);
    await isWhole();
  });
});
