import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { present } from '../../src/domain/words/present';
import type { Machine, Ran } from './cli';
import { discard } from './discard';

/** One system call by which polyenv changes the disk: the `index`th of its name in its thread. */
export interface Step {
  readonly call: string;
  readonly index: number;
  /** As strace shows it. */
  readonly shown: string;
  /** What it does in which part of the home or project, as `rename /home/shims`; absent where it changed nothing. */
  readonly kind?: string;
}

const CALLS = ['rename', 'renameat', 'renameat2', 'openat', 'unlink', 'unlinkat', 'mkdir', 'rmdir', 'symlink', 'link'];

/** Why steps cannot be walked here; `undefined` where they can. */
export function cannotTrace(): string | undefined {
  const { status, error } = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true']);
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? undefined : 'strace is not permitted';
}

let known: readonly string[] | undefined;

/** Where strace can, only the calls that it looks at are stopped: half the price. It sends no signal then. */
function quicker(): readonly string[] {
  const [flag, ...rest] = ['--seccomp-bpf', '-f', '-qq', '-o', '/dev/null', 'true'] as const;
  known ??= spawnSync('strace', [flag, ...rest]).status === 0 ? [flag] : [];
  return known;
}

/** What a command does to the files below the machine's folder, in order. */
export async function traceSteps(
  machine: Machine,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly steps: readonly Step[]; readonly exit: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-trace-'));
  try {
    const file = join(folder, 'trace');
    const { exit } = await traced(machine, {
      strace: [...quicker(), '-o', file, '-e', `trace=${CALLS.join(',')}`],
      args,
      cwd,
    });
    return { steps: parseTrace(readFileSync(file, 'utf8'), machine.base), exit };
  } finally {
    discard(folder);
  }
}

interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
}

/** Runs the command and kills it, with SIGKILL, as it begins that step. */
export async function killAt(machine: Machine, step: Step, command: Command): Promise<number> {
  return (await injected(machine, { calls: step.call, fault: `signal=KILL:when=${step.index}` }, command)).exit;
}

/** Runs the command and lets that step fail with an error of the system (`EDQUOT`), instead of being done. */
export function failAt(machine: Machine, step: Step, error: string, command: Command): Promise<Traced> {
  return injected(machine, { calls: step.call, fault: `error=${error}:when=${step.index}` }, command);
}

/** Runs the command where system calls (`symlink,symlinkat`) always fail with an error of the system (`EPERM`). */
export function failAlways(machine: Machine, calls: string, error: string, command: Command): Promise<Traced> {
  return injected(machine, { calls, fault: `error=${error}` }, command);
}

function injected(
  machine: Machine,
  what: { readonly calls: string; readonly fault: string },
  command: Command,
): Promise<Traced> {
  const { calls, fault } = what;
  const filter = fault.startsWith('error=') ? quicker() : [];
  const strace = [...filter, '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:${fault}`];
  return traced(machine, { strace, ...command });
}

type Traced = Pick<Ran, 'exit' | 'stderr'>;

function traced(machine: Machine, run: Command & { readonly strace: readonly string[] }): Promise<Traced> {
  const command = ['-f', '-qq', '-e', 'signal=none', ...run.strace, process.execPath, machine.program, ...run.args];
  return new Promise((done, fail) => {
    // One thread for files, so that its steps have one order.
    const env = { ...machine.env, PWD: run.cwd, UV_THREADPOOL_SIZE: '1' };
    const child = spawn('strace', command, { cwd: run.cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', fail);
    child.once('close', (code, signal) => done({ exit: code ?? (signal === null ? -1 : 137), stderr }));
  });
}

function parseTrace(text: string, base: string): readonly Step[] {
  const counts = new Map<string, number>();
  const steps = new Map<string, Step>();
  for (const line of text.split('\n')) {
    const [, thread, call, rest] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (thread === undefined || call === undefined || rest === undefined) continue;
    const key = `${thread} ${call}`;
    const index = (counts.get(key) ?? 0) + 1;
    counts.set(key, index);
    const changes = call !== 'openat' || rest.includes('O_CREAT');
    if (changes && rest.includes(base)) {
      const shown = `${call}(${rest.replaceAll(base, '')}`.slice(0, 160);
      const kind = kindOf(call, rest.replaceAll(base, ''));
      if (!steps.has(`${call} ${index}`)) steps.set(`${call} ${index}`, { call, index, shown, ...present({ kind }) });
    }
  }
  return [...steps.values()];
}

const DOES: Readonly<Record<string, string>> = {
  openat: 'create',
  renameat: 'rename',
  renameat2: 'rename',
  unlinkat: 'unlink',
  rmdir: 'unlink',
};

/** What is moved belongs to where it is moved to. */
function kindOf(call: string, rest: string): string | undefined {
  if (/ = -1 E\w+/.test(rest)) return undefined;
  const path = [...rest.matchAll(/"(\/[^"]*)/g)].at(-1)?.[1] ?? '';
  const part = /^\/home\/[^/]+(?=\/)|^\/[^/]+/.exec(path)?.[0];
  return part === undefined ? undefined : `${DOES[call] ?? call} ${part}`;
}

/** In order, one step of each kind; of the renames, by which one state becomes the next, the first and the last. */
export function oneOfEachKind(steps: readonly Step[]): readonly Step[] {
  const [first, last] = [new Map<string, Step>(), new Map<string, Step>()];
  for (const step of steps) {
    const { kind } = step;
    if (kind === undefined) continue;
    if (!first.has(kind)) first.set(kind, step);
    if (kind.startsWith('rename ')) last.set(kind, step);
  }
  const chosen = new Set([...first.values(), ...last.values()]);
  return steps.filter((step) => chosen.has(step));
}

/** The machine's folder as it is now, to be put back between rounds. */
export function snapshot(machine: Machine): { restore(): void; drop(): void } {
  const kept = mkdtempSync(join(tmpdir(), 'polyenv-kept-'));
  run('cp', ['-a', `${machine.base}/.`, kept]);
  return {
    restore: () => {
      run('chmod', ['-R', 'u+rwX', machine.base]);
      for (const name of readdirSync(machine.base)) run('rm', ['-rf', '--', join(machine.base, name)]);
      run('cp', ['-a', `${kept}/.`, machine.base]);
    },
    drop: () => {
      run('chmod', ['-R', 'u+rwX', kept]);
      run('rm', ['-rf', '--', kept]);
    },
  };
}

function run(file: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
}

/** What an interrupted command left that no later success took away: temporary, partial and lock files. */
export function residue(machine: Machine, ...projects: readonly string[]): readonly string[] {
  const home = machine.polyenvHome;
  const inside = (folder: string): readonly string[] =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return [
    ...inside(join(home, 'tmp')),
    ...inside(join(home, 'locks')),
    ...['shims', 'bin', 'store', 'state', '.'].flatMap((name) => inside(join(home, name))).filter(isTemporary),
    ...projects.flatMap(inside).filter(isTemporary),
  ];
}

function isTemporary(path: string): boolean {
  return /\.(?:tmp|new|partial|bundle)(?:$|\.)|\.tmp-|~$/.test(path);
}
