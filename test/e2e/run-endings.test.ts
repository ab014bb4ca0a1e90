import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';

/** Whether there is the `script` of util-linux, which gives a program a terminal. */
const TERMINAL = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;

const MANIFEST = `[tasks]
hello = "echo hello"
slow = "echo $$ >> pids; sleep 30 & echo $! >> pids; wait"
deaf = "trap '' TERM INT HUP; echo $$ >> pids; while :; do sleep 0.05; done"
chatty = "echo $$ >> pids; while :; do echo chatter; sleep 0.02; done"
gentle = "sh gentle.sh & echo $! >> pids; wait"
nowhere = { run = "true", dir = "nowhere" }
made = { run = "pwd", dir = "later", depends = ["make"] }
make = "mkdir -p later"
moved = { run = "touch pwned", dir = "link", depends = ["relink"] }
relink = "rm -rf link; ln -s \\"$HOME\\" link"
two = { depends = ["slow", "chatty"], parallel = true }
tough = { depends = ["slow", "deaf"], parallel = true }
tender = { depends = ["gentle", "slow"], parallel = true }
lost = { depends = ["slow", "late"], parallel = true }
late = { depends = ["waits"], run = "true", dir = "nowhere" }
waits = "while [ ! -s pids ]; do sleep 0.02; done"
left = { depends = ["leaves", "hello"], parallel = true }
leaves = "sleep 30 & echo $! >> pids; exit 0"
wordsA = "i=0; while [ $i -lt 300 ]; do printf a; printf 'a%s\\n' aaaa; i=$((i+1)); done"
wordsB = "i=0; while [ $i -lt 300 ]; do printf b >&2; printf 'b%s\\n' bbbb >&2; i=$((i+1)); done; printf end"
words = { depends = ["wordsA", "wordsB"], parallel = true }
keys = "test -t 0 && test -t 1 && exec '${process.execPath}' keys.cjs"
job = "trap '' HUP; echo $PPID > parent; sleep 30 & echo $! >> pids; echo $$ >> pids; wait"
ends = "true;"
comment = "true # said"
first = 'echo "<$1>"'
braced = 'echo "<\${1}>"'
count = 'echo $#'
`;

let machine: Machine;
let project: string;

beforeAll(async () => {
  machine = newMachine();
  project = machine.folder('project');
  writeFileSync(join(project, 'polyenv.toml'), MANIFEST);
  writeFileSync(
    join(project, 'keys.cjs'),
    `process.on('SIGINT', () => console.log('caught'));
process.stdin.once('data', (text) => { console.log('got ' + text); process.exit(0); });
console.log('ready');
`,
  );
  writeFileSync(
    join(project, 'gentle.sh'),
    "trap 'echo asked; n=75' TERM; n=999; while [ $n -gt 0 ]; do sleep 0.02; n=$((n-1)); done; echo done\n",
  );
  expect((await machine.polyenv(['trust', '-y'], { cwd: project })).exit).toBe(0);
});
beforeEach(() => rmSync(join(project, 'pids'), { force: true }));
afterAll(() => machine?.remove());

const run = (...args: string[]): Promise<Ran> => machine.polyenv(['run', ...args], { cwd: project });

describe('what tasks leave behind', () => {
  it('is nothing where nobody reads on', async () => {
    const line = `"${process.execPath}" "${machine.program}" run two | head -1`;
    const ran = await machine.run(['sh', '-c', line], { cwd: project });
    expect(ran.stdout).toBe('chatty | chatter\n');
    await nothingRuns(3);
  });

  it('is nothing where another cannot start, and the error has its place', async () => {
    const ran = await run('lost');
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toMatch(/polyenv\.toml:16\b/);
    expect(ran.stderr).toContain('"nowhere"');
    await nothingRuns(2);
  });

  it('is nothing of what a program started and did not end itself', async () => {
    const ran = await run('left');
    expect([ran.exit, ran.stdout]).toEqual([0, 'hello  | hello\n']);
    await nothingRuns(1);
  });

  it('is nothing of what hears no signal, asked twice', async () => {
    const child = start('tough');
    await recorded(3);
    child.kill('SIGINT');
    await sleep(200);
    child.kill('SIGINT');
    const asked = performance.now();
    expect(await endOf(child)).toBe(130);
    expect(performance.now() - asked).toBeLessThan(5000);
    await nothingRuns(3);
  });

  it('may take its time after one signal, and gets no second one', async () => {
    const child = start('tender');
    let said = '';
    child.stdout?.on('data', (text) => {
      said += String(text);
    });
    await recorded(3);
    await sleep(100);
    child.kill('SIGTERM');
    expect(await endOf(child)).toBe(143);
    expect(said).toBe('gentle | asked\ngentle | done\n');
    await nothingRuns(3);
  });
});

describe.skipIf(!TERMINAL)('on a terminal', () => {
  it("a task alone has it, and decides what the terminal's keys mean", async () => {
    const child = onTerminal('keys');
    let said = '';
    child.stdout?.on('data', (text) => {
      said += String(text);
    });
    await until(() => said.includes('ready'));
    for (const times of [1, 2]) {
      child.stdin?.write('\u0003');
      await until(() => said.split('caught').length > times);
    }
    child.stdin?.write('one\n');
    expect(await endOf(child)).toBe(0);
    expect(said).toContain('got one');
  });

  it('a task alone is ended with all that it started', async () => {
    const child = onTerminal('job');
    await recorded(2);
    process.kill(Number(readFileSync(join(project, 'parent'), 'utf8')), 'SIGTERM');
    await endOf(child);
    await nothingRuns(2);
  });

  it('marks are coloured, and only there', async () => {
    const child = onTerminal('left');
    let said = '';
    child.stdout?.on('data', (text) => {
      said += String(text);
    });
    await endOf(child);
    expect(said).toContain('\u001b[32mhello \u001b[39m | hello');
  });
});

it('keeps lines whole where two say much at once', async () => {
  const ran = await run('words');
  expect(ran.exit).toBe(0);
  const lines = (text: string): readonly string[] => text.trimEnd().split('\n');
  expect(lines(ran.stdout).toSorted()).toEqual([...Array(300).fill('wordsA | aaaaaa'), 'wordsB | end']);
  expect(lines(ran.stderr)).toEqual(Array(300).fill('wordsB | bbbbbb'));
});

it('looks at the folder when the task begins', async () => {
  expect((await run('made')).stdout).toBe(`${join(project, 'later')}\n`);
  const missing = await run('nowhere');
  expect(missing.exit).toBe(3);
  expect(missing.stderr).toContain('mkdir -p');
  mkdirSync(join(project, 'link'));
  expect(await run('moved')).toMatchObject({ exit: 8, stdout: '' });
  expect(existsSync(join(machine.home, 'pwned'))).toBe(false);
});

it('hands arguments to where they are wanted, and refuses those that would be lost or run', async () => {
  expect((await run('first', 'a b')).stdout).toBe('<a b>\n');
  expect((await run('braced', 'a b')).stdout).toBe('<a b>\n');
  expect((await run('count', 'a', 'b')).stdout).toBe('2\n');
  for (const name of ['ends', 'comment', 'two']) {
    const ran = await run(name, 'hello');
    expect([name, ran.exit, ran.stdout]).toEqual([name, 2, '']);
    expect(ran.stderr).toMatch(/polyenv\.toml:\d+/);
  }
});

it('prints the plan as JSON without trust and runs nothing', async () => {
  const other = machine.folder('other');
  writeFileSync(join(other, 'polyenv.toml'), '[tasks]\na = "touch pwned"\nb = { depends = ["a"], run = "true" }\n');
  const ran = await machine.polyenv(['run', '-n', '--json', 'b'], { cwd: other });
  expect(ran.json()).toEqual({
    schema: 1,
    dryRun: true,
    file: join(other, 'polyenv.toml'),
    services: [],
    steps: [
      { task: 'a', dir: '.', line: 'touch pwned' },
      { task: 'b', dir: '.', line: 'true' },
    ],
  });
  expect(existsSync(join(other, 'pwned'))).toBe(false);
});

it('keeps stdout for its one object with --json', async () => {
  const ran = await run('--json', 'hello');
  expect(ran.json()).toEqual({ schema: 1, task: 'hello', exit: 0 });
  expect(ran.stderr).toContain('hello\n');
});

describe('the manifest that has it', () => {
  it('is looked for as far as pins are, and no further than it is found', async () => {
    const outer = machine.folder('outer');
    const inner = machine.folder('outer/inner');
    writeFileSync(join(outer, 'polyenv.toml'), '[tasks]\nabove = "echo above"\n');
    await machine.prepare(['trust', '-y'], { cwd: outer });
    writeFileSync(join(inner, 'polyenv.toml'), '[tasks]\nhere = "echo here"\n');
    await machine.prepare(['trust', '-y'], { cwd: inner });
    const from = (name: string): Promise<Ran> => machine.polyenv(['run', '-q', name], { cwd: inner });
    expect((await from('above')).stdout).toBe('above\n');
    writeFileSync(join(inner, 'polyenv.toml'), 'root = true\n[tasks]\nhere = "echo here"\n');
    expect((await from('above')).stderr).toContain('error[task-unknown]');
    writeFileSync(join(outer, 'polyenv.toml'), 'no manifest');
    expect((await from('here')).stdout).toBe('here\n');
  });

  it.each([
    ['a = { depends = ["b"] }\nb = { depends = ["a"] }', 'a -> b -> a', 2],
    ['test = "true"\nall = { depends = ["tset"] }', 'did you mean test?', 3],
    ['a = { run = "true", env = { PATH = "/evil" } }', '[paths]', 2],
    ['a = { run = "true", env = { LD_PRELOAD = "./evil.so" } }', 'loader', 2],
    ['a = { run = "true", env = { NODE_EXTRA_CA_CERTS = "ca" } }', 'believes', 2],
    ['a = { run = "true", dir = "../away" }', 'is not a folder of this project', 2],
  ])('is refused with its line: %s', async (tasks, reason, line) => {
    const folder = machine.folder('refused');
    writeFileSync(join(folder, 'polyenv.toml'), `[tasks]\n${tasks}\n`);
    const ran = await machine.polyenv(['run', 'a'], { cwd: folder });
    expect([ran.exit, ran.stdout]).toEqual([3, '']);
    expect(ran.stderr).toContain(reason);
    expect(ran.stderr).toContain(`polyenv.toml:${line}`);
  });

  it('may be reached through a link', async () => {
    symlinkSync(project, join(machine.base, 'alias'));
    const ran = await machine.polyenv(['run', 'hello'], { cwd: join(machine.base, 'alias') });
    expect(ran.stdout).toBe('hello\n');
  });
});

function start(name: string): ChildProcess {
  return spawn(process.execPath, [machine.program, 'run', name], {
    cwd: project,
    env: machine.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** Ends with the program's exit status. */
function onTerminal(name: string): ChildProcess {
  const line = `exec '${process.execPath}' '${machine.program}' run ${name}`;
  const env = { ...machine.env, TERM: 'xterm', SHELL: '/bin/sh' };
  return spawn('script', ['-qec', line, '/dev/null'], { cwd: project, env, stdio: ['pipe', 'pipe', 'ignore'] });
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => child.once('close', done));
}

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 5000, interval: 20 }).toBe(true);
}

function pids(): readonly string[] {
  const file = join(project, 'pids');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

async function recorded(count: number): Promise<void> {
  await until(() => pids().length >= count);
}

async function nothingRuns(count: number): Promise<void> {
  expect(pids()).toHaveLength(count);
  const alive = (): readonly string[] =>
    pids().filter((pid) => {
      const state = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout.trim();
      return state !== '' && !state.startsWith('Z');
    });
  await until(() => alive().length === 0);
}
