import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../support/cli';
import { shareCode } from '../support/compiled-code';
import { cannotTrace, oneOfEachKind, residue, type Step, snapshot, traceSteps } from '../support/kill-steps';
import { siteOf } from '../support/tiny-node';
import { type Held, holds, type Scope } from './row';

/** A command that changes the disk, and what may be the case after it was interrupted. */
export interface Interrupted {
  /** Of the row that kills it. */
  readonly id: string;
  readonly verb: string;
  /** What stands before. */
  readonly before: readonly (readonly string[])[];
  readonly args: readonly string[];
  /** Rounds of the quick form; without it, one for each kind of step. */
  readonly sample?: number;
  /** What `node --version` may say afterwards, without anything else being done. */
  readonly versions: readonly string[];
  /** Done once before the command: a project that is gone, for prune. */
  readonly also?: (machine: Machine, cwd: string) => void;
}

export const INTERRUPTED: readonly Interrupted[] = [
  {
    id: 'K01',
    verb: 'the first use',
    before: [],
    args: ['use', 'node@20'],
    sample: 19,
    versions: ['v20.11.1'],
  },
  {
    id: 'K02',
    verb: 'use of another version',
    before: [['use', 'node@20']],
    args: ['use', 'node@18'],
    sample: 9,
    versions: ['v20.11.1', 'v18.19.0'],
  },
  {
    id: 'K03',
    verb: 'install in a fresh clone',
    before: [
      ['use', 'node@20'],
      ['uninstall', '--force', 'node@20'],
    ],
    args: ['install', '--frozen'],
    sample: 5,
    versions: ['v20.11.1'],
  },
  {
    id: 'K04',
    verb: 'uninstall',
    before: [['use', 'node@20']],
    args: ['uninstall', '--force', 'node@20'],
    versions: ['v20.11.1'],
  },
  {
    id: 'K05',
    verb: 'prune',
    before: [
      ['use', 'node@18'],
      ['use', 'node@20'],
    ],
    args: ['prune'],
    versions: ['v20.11.1'],
  },
  {
    id: 'K06',
    verb: 'verify --repair',
    before: [['use', 'node@20']],
    args: ['verify', '--repair'],
    versions: ['v20.11.1'],
    also: (machine) => writeFileSync(join(machine.shims, 'node'), 'damaged'),
  },
  {
    id: 'K07',
    verb: 'lock --renew',
    before: [['use', 'node@20']],
    args: ['lock', '--renew'],
    versions: ['v20.11.1'],
  },
  {
    id: 'K08',
    verb: 'upgrade --latest',
    before: [['use', 'node@20']],
    args: ['upgrade', '--latest'],
    sample: 6,
    versions: ['v20.11.1', 'v22.1.0'],
  },
];

/** What is done to one step of the command; says whether the command ended by it, throws if it ended in a wrong way. */
export type Interrupt = (
  machine: Machine,
  step: Step,
  command: { readonly args: readonly string[]; readonly cwd: string },
) => Promise<boolean>;

/** The command again and again, each time interrupted at another of its steps, and what was there judged after each. */
export async function interruptEach(
  scope: Scope,
  of: {
    readonly interrupted: Interrupted;
    readonly word: string;
    readonly interrupt: Interrupt;
    readonly sample?: number;
  },
): Promise<Held> {
  const reason = cannotTrace();
  if (reason !== undefined) return { skipped: reason };
  const { interrupted, word } = of;
  const server = await scope.upstream();
  const machine = scope.machine(siteOf(server), { fresh: interrupted.before.length === 0 });
  const cwd = machine.folder('project');
  for (const args of interrupted.before) await machine.prepare(args, { cwd });
  interrupted.also?.(machine, cwd);
  const kept = snapshot(machine);
  scope.after(() => kept.drop());
  const { args } = interrupted;
  const { steps, exit } = await traceSteps(machine, args, cwd);
  holds(exit === 0 && steps.length > 0, `polyenv ${args.join(' ')} under strace ended with ${exit}`);
  const walked = scope.depth === 'full' ? steps : spread(oneOfEachKind(steps), of.sample ?? interrupted.sample);
  let ended = 0;
  let rounds = 0;
  for (const step of walked) {
    kept.restore();
    rounds += 1;
    try {
      if (await of.interrupt(machine, step, { args, cwd })) ended += 1;
      await judge(machine, cwd, interrupted);
    } catch (error) {
      throw new Error(
        `${word} at ${step.shown} (${step.call} ${step.index}): ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  holds(ended > 0, 'nothing was interrupted');
  return {
    held: `${word} ${ended} times in ${rounds} rounds of ${steps.length} steps; each time the next command worked and nothing was left over`,
  };
}

/** So many of them, from the first to the last. */
function spread(steps: readonly Step[], wished = steps.length): readonly Step[] {
  const many = Math.min(wished, steps.length);
  return Array.from({ length: many }, (_, index) => steps[Math.floor((index * steps.length) / many)] as Step);
}

/** The old state or the new one holds, the next command works without a manual step, and nothing is left over. */
async function judge(machine: Machine, cwd: string, interrupted: Interrupted): Promise<void> {
  // What is looked at afterwards is not polyenv's own compiled code.
  shareCode(machine.polyenvHome);
  const files = ['polyenv.toml', 'polyenv.lock'].filter((name) => existsSync(join(cwd, name)));
  for (const name of files) holds(readFileSync(join(cwd, name), 'utf8').endsWith('\n'), `${name} is cut`);
  const between = (await machine.inside(['verify', '--all', '--deep', '--json'], { cwd })).json<{
    findings?: readonly { kind: string; level: string; text: string }[];
  }>();
  const broken = between.findings?.filter(({ kind, level }) => kind === 'toolchain' && level === 'damage') ?? [];
  holds(broken.length === 0, 'a toolchain is listed that is not whole', broken);
  // A lock alone pins nothing.
  if (files.includes('polyenv.toml') && existsSync(join(machine.shims, 'node'))) {
    const ran = await machine.run(['node', '--version'], { cwd });
    const told = ran.stdout.trim();
    const may = interrupted.also === undefined ? interrupted.versions : [...interrupted.versions, ''];
    holds(may.includes(told), 'node is another than before and after', told || ran.stderr);
  }
  const again = await machine.inside(interrupted.args, { cwd });
  // What the interrupted command had done already need not be done again.
  const done = again.exit === 0 || again.stderr.includes('not-installed');
  holds(done, 'the same command again fails', again.stderr);
  const last = await machine.inside(['install'], { cwd });
  holds(last.exit === 0, 'install afterwards fails', last.stderr);
  const ran = await machine.run(['node', '--version'], { cwd });
  holds(interrupted.versions.includes(ran.stdout.trim()), 'node does not run afterwards', ran.stdout + ran.stderr);
  const verified = await machine.inside(['verify', '--all', '--deep'], { cwd });
  holds(verified.exit === 0, 'verify finds damage afterwards', verified.stdout + verified.stderr);
  const left = residue(machine, cwd);
  holds(left.length === 0, 'something was left over', left);
}
