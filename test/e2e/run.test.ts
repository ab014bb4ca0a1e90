import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
let project: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
  machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  project = machine.folder('project');
  mkdirSync(join(project, 'web'));
  writeFileSync(join(project, 'web', '.nvmrc'), '18\n');
  symlinkSync(machine.home, join(project, 'away'));
  writeFileSync(
    join(project, 'polyenv.toml'),
    `[runtimes]
node = "20"

[env]
ALL = "project"

[tasks]
version = "node --version"
web = { run = "node --version; pwd; echo $ALL", dir = "web", env = { ALL = "task" }, description = "in web" }
first = "echo first"
second = { run = ["echo second", "echo more"], depends = ["first"] }
both = { depends = ["first", "second"], run = "echo both" }
args = "node args"
own = "node args \\"$@\\" end"
fails = "exit 7"
after = { run = "echo never", depends = ["fails"] }
lines = ["exit 3", "echo never"]
a = { run = "echo a on >> order; while [ ! -e b.on ]; do sleep 0.02; done; echo a; echo a to stderr >&2" }
b = { run = "touch b.on; echo b" }
ab = { depends = ["a", "b"], parallel = true }
slow = "echo $$ >> pids; sleep 30 & echo $! >> pids; wait"
stopped = { depends = ["slow", "soon"], parallel = true }
soon = "while [ ! -s pids ]; do sleep 0.02; done; sleep 0.1; exit 5"
services = { depends = ["slow", "stubborn"], parallel = true }
stubborn = "echo $$ >> pids; trap 'echo bye' TERM; sleep 30 & wait $!; exit 0"
out = { run = "pwd", dir = "away" }
`,
  );
});
afterAll(async () => {
  machine?.remove();
  await server?.close();
});

const run = (...args: string[]): Promise<Ran> => machine.polyenv(['run', ...args], { cwd: project });

it('runs nothing before a person has agreed, and shows what there is', async () => {
  const refused = await run('first');
  expect([refused.exit, refused.stdout]).toEqual([8, '']);
  expect(refused.stderr).toContain('polyenv trust');
  const listed = await run('--list', '--json');
  const { tasks } = listed.json<{ tasks: { name: string; trusted: boolean; line: number }[] }>();
  expect(tasks.find(({ name }) => name === 'web')).toMatchObject({ trusted: false, dir: 'web', line: 9 });
  expect((await run()).stdout).toMatch(/^web +in web +not trusted/m);
  expect((await machine.polyenv(['trust', '-y'], { cwd: project })).exit).toBe(0);
});

it('runs in the environment of its folder, installing what is missing', async () => {
  expect((await run('-q', 'version')).stdout).toBe('v20.11.1\n');
  expect((await run('-q', 'web')).stdout).toBe(`v18.19.0\n${join(project, 'web')}\ntask\n`);
  const inside = await machine.polyenv(['run', '-q', 'version'], { cwd: join(project, 'web') });
  expect(inside.stdout).toBe('v20.11.1\n');
  expect((await machine.polyenv(['run', '-C', project, '-q', 'first'])).stdout).toBe('first\n');
});

it('runs what a task depends on first, once, and nothing after a failure', async () => {
  expect((await run('both')).stdout).toBe('first\nsecond\nmore\nboth\n');
  expect(await run('after')).toMatchObject({ exit: 7, stdout: '' });
  expect(await run('lines')).toMatchObject({ exit: 3, stdout: '' });
  const planned = await run('-n', 'both');
  expect(
    planned.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/)[0]),
  ).toEqual(['first', 'second', 'second', 'both']);
});

it('hands its arguments to the last line as they are', async () => {
  const odd = ['a b', '$(id)', "it's", '', '--list', '-C', 'two\nlines'];
  const shown = (words: readonly string[]): string => `${words.length}\n${words.map((word) => `[${word}]\n`).join('')}`;
  expect((await run('args', ...odd)).stdout).toBe(shown(odd));
  expect((await run('args', '--', '--json')).stdout).toBe(shown(['--json']));
  expect((await run('own', 'x y')).stdout).toBe(shown(['x y', 'end']));
});

it('runs at once what may be, each line whole and marked', async () => {
  const ran = await run('ab');
  expect(ran.exit).toBe(0);
  expect(ran.stdout.trim().split('\n').sort()).toEqual(['a | a', 'b | b']);
  expect(ran.stderr).toBe('a | a to stderr\n');
});

it('stops the others when one fails, and leaves no process', async () => {
  const ran = await run('stopped');
  expect(ran.exit).toBe(5);
  await nothingRuns();
});

it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on to everything that runs', async (signal) => {
  writeFileSync(join(project, 'pids'), '');
  const child = spawn(process.execPath, [machine.program, 'run', 'services'], {
    cwd: project,
    env: machine.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.on('data', (text) => {
    said += String(text);
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  while (readFileSync(join(project, 'pids'), 'utf8').trim().split('\n').length < 3) await sleep(20);
  child.kill(signal);
  expect(await ended).toBe({ SIGTERM: 143, SIGINT: 130, SIGHUP: 129 }[signal]);
  if (signal === 'SIGTERM') expect(said).toContain('stubborn | bye\n');
  await nothingRuns();
});

async function nothingRuns(): Promise<void> {
  const pids = readFileSync(join(project, 'pids'), 'utf8').trim().split('\n');
  const alive = (): readonly string[] =>
    pids.filter((pid) => /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout.trim()));
  for (let tries = 0; tries < 50 && alive().length > 0; tries += 1) await sleep(20);
  expect(alive()).toEqual([]);
}

it('names the nearest task, and refuses a folder that leads out', async () => {
  const ran = await run('secnd');
  expect(ran.exit).toBe(2);
  expect(ran.stderr).toContain('error[task-unknown]');
  expect(ran.stderr).toContain('polyenv run second');
  expect(await run('out')).toMatchObject({ exit: 8, stdout: '' });
  const elsewhere = await machine.polyenv(['run', 'first'], { cwd: machine.folder('elsewhere') });
  expect([elsewhere.exit, elsewhere.stdout]).toEqual([2, '']);
});

it('stops trusting tasks that were changed', async () => {
  const file = join(project, 'polyenv.toml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('echo first', 'touch pwned'));
  expect((await run('first')).exit).toBe(8);
  expect(existsSync(join(project, 'pwned'))).toBe(false);
});
