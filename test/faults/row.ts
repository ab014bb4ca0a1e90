import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, type MachineOptions, newMachine, type Ran } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode, type TinyRelease } from '../support/tiny-node';

/** One row of the matrix: what is done to polyenv, and how it is seen that it held. */
export interface Row {
  /** `I01`, `L03`: stable, for figures and reports. */
  readonly id: string;
  readonly what: string;
  /** Says what held; throws if it did not. */
  run(scope: Scope): Promise<Held>;
}

export type Held = { readonly held: string } | { readonly skipped: string };

export interface Scope {
  /** `quick` samples what `full` walks through. */
  readonly depth: 'quick' | 'full';
  /** With compiled code of its own, unless the row is about what comes after that. */
  machine(env?: Readonly<Record<string, string>>, options?: MachineOptions): Machine;
  /** A loopback server with the layout of the official site, and a machine for which that is the official site. */
  upstream(releases?: readonly TinyRelease[]): Promise<TinyNode>;
  /** Undone when the row ends, the last first. */
  after(action: () => void | Promise<void>): void;
}

export const RELEASES: readonly TinyRelease[] = [
  { version: '22.1.0' },
  { version: '20.11.1', lts: 'Iron' },
  { version: '18.19.0', lts: 'Hydrogen' },
];

export async function runRow(row: Row, depth: Scope['depth']): Promise<Held> {
  const undo: (() => void | Promise<void>)[] = [];
  const after: Scope['after'] = (action) => void undo.push(action);
  const scope: Scope = {
    depth,
    after,
    machine: (env = {}, options = { fresh: true }) => {
      const machine = newMachine(env, options);
      after(() => machine.remove());
      return machine;
    },
    upstream: async (releases = RELEASES) => {
      const server = await serveTinyNode(releases);
      after(() => server.close());
      return server;
    },
  };
  try {
    return await row.run(scope);
  } finally {
    for (const action of undo.reverse()) await action();
  }
}

/** A machine whose project has pinned and installed Node.js 20. */
export async function withProject(scope: Scope, name = 'project') {
  const server = await scope.upstream();
  const machine = scope.machine(siteOf(server), {});
  const cwd = machine.folder(name);
  const ran = await machine.polyenv(['use', 'node@20'], { cwd });
  holds(ran.exit === 0 && existsSync(join(cwd, 'polyenv.lock')), 'use fails', ran.stderr);
  return { server, machine, cwd };
}

/** The project's `node` answers, as the version of `withProject`. */
export async function holdsNode(
  machine: Machine,
  where: { readonly cwd: string; readonly env?: Readonly<Record<string, string | undefined>> },
  what: string,
): Promise<void> {
  const ran = await machine.run(['node', '--version'], where);
  holds(ran.stdout.trim() === 'v20.11.1', what, ran.stdout + ran.stderr);
}

/** A failure is told in words. */
export function holdsNoTrace({ stderr }: Pick<Ran, 'stderr'>): void {
  holds(!/\n {4}at /.test(stderr), 'a stack trace is shown', stderr);
}

/** A command as another user, which only root may do. */
export function asUser(
  uid: number,
  command: readonly [string, ...string[]],
  where: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Pick<Ran, 'exit' | 'stdout' | 'stderr'>> {
  const [file, ...args] = command;
  return new Promise((done, fail) => {
    const child = spawn(file, args, { ...where, uid, gid: uid });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', fail);
    child.once('close', (code) => done({ exit: code ?? -1, stdout, stderr }));
  });
}

/** Throws with both values; rows run outside of a test runner too. */
export function holds(condition: boolean, what: string, seen?: unknown): asserts condition {
  if (!condition)
    throw new Error(
      `${what}${seen === undefined ? '' : `: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`}`,
    );
}
