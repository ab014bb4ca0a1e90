import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from './cli';

/** One system call by which polyenv changes the disk: the `index`th of its name in its thread. */
export interface Step {
  readonly call: string;
  readonly index: number;
  /** As strace shows it. */
  readonly shown: string;
}

const CALLS = ['rename', 'renameat', 'renameat2', 'openat', 'unlink', 'unlinkat', 'mkdir', 'rmdir', 'symlink', 'link'];

/** Why steps cannot be walked here; `undefined` where they can. */
export function cannotTrace(): string | undefined {
  const { status, error } = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true']);
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? undefined : 'strace is not permitted';
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
    const exit = await traced(machine, { strace: ['-o', file, '-e', `trace=${CALLS.join(',')}`], args, cwd });
    return { steps: parseTrace(readFileSync(file, 'utf8'), machine.base), exit };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the command and kills it, with SIGKILL, as it begins that step. */
export async function killAt(
  machine: Machine,
  step: Step,
  run: { readonly args: readonly string[]; readonly cwd: string },
): Promise<number> {
  const inject = `inject=${step.call}:signal=KILL:when=${step.index}`;
  return traced(machine, { strace: ['-o', '/dev/null', '-e', `trace=${step.call}`, '-e', inject], ...run });
}

function traced(
  machine: Machine,
  run: { readonly strace: readonly string[]; readonly args: readonly string[]; readonly cwd: string },
): Promise<number> {
  const command = ['-f', '-qq', '-e', 'signal=none', ...run.strace, process.execPath, machine.program, ...run.args];
  return new Promise((done, fail) => {
    // One thread for files, so that its steps have one order.
    const env = { ...machine.env, PWD: run.cwd, UV_THREADPOOL_SIZE: '1' };
    const child = spawn('strace', command, { cwd: run.cwd, env, stdio: 'ignore' });
    child.once('error', fail);
    child.once('close', (code, signal) => done(code ?? (signal === null ? -1 : 137)));
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
      if (!steps.has(`${call} ${index}`)) steps.set(`${call} ${index}`, { call, index, shown });
    }
  }
  return [...steps.values()];
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
