import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** polyenv decides, and the script that started it becomes the program. */
let server: TinyNode;
let machine: Machine;
let cwd: string;
let launcher: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '22.1.0', lts: 'Jod' },
    { version: '20.11.1', lts: 'Iron' },
  ]);
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  const used = await machine.polyenv(['use', 'node@20'], { cwd });
  if (used.exit !== 0) throw new Error(used.stderr);
  await machine.polyenv(['exec', 'node@22', '--', 'node'], { cwd });
  launcher = join(machine.polyenvHome, 'bin/polyenv');
});
afterAll(async () => {
  machine?.remove();
  await server?.close();
});

const SHELLS: readonly (readonly [string, readonly string[]])[] = [
  ['/bin/sh', []],
  ['/usr/bin/dash', []],
  ['/bin/bash', ['--posix']],
  ['/bin/busybox', ['sh']],
];

/** A line of sh, in the project, with the launcher as `$1` and a raw byte that is no UTF-8 in `$2`. */
function line(text: string, env: Readonly<Record<string, string>> = {}) {
  const all = { ...machine.env, PATH: `${machine.shims}:/usr/bin:/bin`, PWD: cwd, ...env };
  const script = `odd=$(printf 'a\\377 b')\n${text}`;
  return spawnSync('/bin/sh', ['-c', script, 'sh', launcher], { cwd, env: all, encoding: 'latin1' });
}

describe.each(SHELLS)('under %s', (shell, options) => {
  it('hands every argument on, bytes that are no UTF-8 among them', ({ skip }) => {
    if (!existsSync(shell)) skip(`there is no ${shell} here`);
    const start = [shell, ...options, '"$1"'].join(' ');
    const printed = '4\n[]\n[a\xff b]\n[*]\n[-v]\n';
    for (const text of [
      `${start} exec node@22 -- node args '' "$odd" '*' -v`,
      `${start} x -C / node@22 -- node args '' "$odd" '*' -v`,
      `${start} -C "$PWD" exec node args '' "$odd" '*' -v`,
      `${start} shim node node "$PWD" args '' "$odd" '*' -v`,
      `SHELL=$(command -v node) ${start} shell node@22 -- args '' "$odd" '*' -v`,
    ])
      expect([text, line(text).stdout]).toEqual([text, printed]);
  });

  it('is the process that the caller started, with its status', ({ skip }) => {
    if (!existsSync(shell)) skip(`there is no ${shell} here`);
    const start = [shell, ...options, '"$1"'].join(' ');
    expect(line(`${start} exec -- node pid & wait; echo $!`).stdout.split('\n').slice(0, 2)).toSatisfy(
      ([tool, own]: string[]) => tool === own,
    );
    for (const status of [0, 1, 126, 255])
      expect(line(`${start} exec node@22 node exit ${status}`).status).toBe(status);
    expect(line(`${start} exec -- nothing-of-this-name`)).toMatchObject({ status: 127, stdout: '' });
    expect(line(`${start} exec node@99 node`).status).toBe(4);
    expect(line(`${start} exec --help`).stdout).toContain('polyenv exec');
  });
});

it('starts what is asked for where a descriptor is closed or nobody reads', () => {
  for (const closed of ['<&-', '>&-', '2>&-', '<&- >&- 2>&-'])
    expect([closed, line(`"$1" exec node@22 node exit 7 ${closed}; echo $?`).stdout]).toEqual([closed, '7\n']);
  expect(line('"$1" exec --help | head -1; echo $?')).toMatchObject({ status: 0, stderr: '' });
});

it('hands on the variables that the caller had, whatever they hold, and what acts on Node', () => {
  const env = { NODE_OPTIONS: '--no-warnings', ODD: `'"$(touch ${cwd}/pwned)\n\\` };
  const { stdout } = line(`PATH=$PATH:$odd "$1" exec node@22 node env`, env);
  expect(stdout).toContain('NODE_OPTIONS=--no-warnings\n');
  expect(stdout).toContain(`ODD=${env.ODD}\n`);
  expect(stdout).toMatch(/^PATH=.*:a\xff b/m);
  expect(stdout).not.toContain('POLYENV_SAVED_');
  expect(stdout).not.toContain('POLYENV_ANSWER');
  expect(existsSync(join(cwd, 'pwned'))).toBe(false);
});

it('hands bytes on without a launcher, and to a task', ({ skip }) => {
  if (!existsSync('/proc/self/cmdline')) skip('this system does not tell the bytes of arguments');
  const direct = `'${process.execPath}' '${machine.program}'`;
  const words = `"$odd" 'it'"'"'s' "$odd" "$(printf 'x\\377\\n.')"`;
  const printed = "4\n[a\xff b]\n[it's]\n[a\xff b]\n[x\xff\n.]\n";
  expect(line(`${direct} exec node@22 -- node args ${words}`).stdout).toBe(printed);
  const folder = machine.folder('tasks');
  writeFileSync(join(folder, 'polyenv.toml'), '[runtimes]\nnode = "20"\n\n[tasks]\nshow = "node args"\n');
  expect(line(`cd '${folder}' && "$1" trust --yes`).status).toBe(0);
  for (const start of ['"$1"', direct])
    expect(line(`cd '${folder}' && ${start} run show ${words}`).stdout).toBe(printed);
});

it('hands bytes on through the first, slow call of a shim', () => {
  const folder = machine.folder("it's $HOME");
  writeFileSync(join(folder, '.nvmrc'), '22\n');
  const { stdout } = line(`cd "${folder.replace('$', '\\$')}" && node args "$odd"`);
  expect(stdout).toBe('1\n[a\xff b]\n');
});

it('stays where something is left to do: what was installed gets a shim', () => {
  const ran = line('"$1" exec -- npm install -g tool-of-mine && tool-of-mine');
  expect(ran.stdout).toBe('installed-tool-of-mine\n');
});

it('takes polyenv with it when a signal ends it', async () => {
  const slow = join(machine.folder('slow'), 'polyenv.cjs');
  const mark = join(machine.base, 'pid');
  const [start, rest] = readFileSync(launcher, 'utf8').split(`exec '${process.execPath}' '${machine.program}'`);
  writeFileSync(slow, `require('fs').writeFileSync(${JSON.stringify(mark)}, String(process.pid));\n`);
  mkdirSync(join(machine.base, 'own'), { recursive: true });
  const own = join(machine.base, 'own/polyenv');
  // The real program, held up by what it loads first.
  writeFileSync(own, `${start}exec '${process.execPath}' -r '${slow}' '${machine.program}'${rest}`, { mode: 0o755 });
  const held = machine.folder('held');
  writeFileSync(join(held, '.nvmrc'), '21\n');
  const env = {
    ...machine.env,
    POLYENV_MIRRORS: 'https://nodejs.org/dist=http://127.0.0.1:9/dist',
    POLYENV_NETWORK_RETRIES: '9',
  };
  const child = spawn(own, ['shim', 'node', 'node', held], { cwd: held, env, stdio: 'ignore' });
  while (!existsSync(mark)) await new Promise((resume) => setTimeout(resume, 20));
  await new Promise((resume) => setTimeout(resume, 300));
  child.kill('SIGTERM');
  await new Promise((done) => child.once('exit', done));
  const pid = Number(readFileSync(mark, 'utf8'));
  const lives = (): boolean => spawnSync('kill', ['-0', String(pid)]).status === 0;
  for (let waited = 0; lives() && waited < 3000; waited += 50) await new Promise((resume) => setTimeout(resume, 50));
  expect(lives()).toBe(false);
});

it('has no fault that shellcheck knows', ({ skip }) => {
  if (!existsSync('/usr/bin/shellcheck')) skip('there is no shellcheck here');
  expect(spawnSync('shellcheck', ['-S', 'style', launcher], { encoding: 'utf8' }).stdout).toBe('');
});
