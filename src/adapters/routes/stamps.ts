import { createHash } from 'node:crypto';
import { mkdtemp, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Environment } from '../../domain/routes/environment';
import { renderTraces } from '../../domain/routes/route-script';
import { PolyenvError } from '../../domain/words/errors';
import { capture } from '../children/capture';
import { ensureFile, ensureFolder, removeTree } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import { HOOKS } from './hooks';

/** Nanosecond clocks of files tick at the kernel's pace; a shell that compares whole seconds needs two of them. */
const YOUNG = { nanoseconds: 20, seconds: 2000 } as const;
const ATTEMPTS = 5;
const CLOCK = 'clock-';
/** Stands for the times of a file that is not there. */
const MISSING = -1n;

/** Writes the files in their order, the route last, once the inputs have stood still long enough to be stamped. */
export async function publishStamped(
  folder: string,
  environment: Environment,
  render: (stamps: string) => Readonly<Record<string, string>>,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      if (await publishOnce(folder, environment, render)) return;
    } catch (error) {
      // Somebody else compiled it meanwhile, of other inputs, and took these stamps for old ones.
      if (!isMissing(error)) throw error;
    }
  }
  // The inputs change all the time, or one has gone. Without a route the shims ask polyenv, which is slow but right.
  for (const name of [...HOOKS, 'route.sh']) await removeTree(join(folder, name));
}

/** Whether the inputs are there and stood still meanwhile: what was compiled of one that has gone since must not be taken. */
async function publishOnce(
  folder: string,
  environment: Environment,
  render: (stamps: string) => Readonly<Record<string, string>>,
): Promise<boolean> {
  const before = await timesOf(environment.inputs);
  if (before.some(({ inode }) => inode === MISSING)) return false;
  const youngest = Math.max(0, ...before.map(({ modified }) => Number(modified / 1_000_000n)));
  const age = Date.now() - youngest;
  const young = age >= 0 && age < YOUNG.seconds;
  const needed = young && (await comparesSeconds(folder)) ? YOUNG.seconds : YOUNG.nanoseconds;
  if (age >= 0 && age < needed) await new Promise((resume) => setTimeout(resume, needed - age));
  const stamps = join(folder, `stamps-${nameOf(before)}`);
  const failure = await stamp(environment.inputs, stamps);
  if (!same(before, await timesOf(environment.inputs))) return false;
  if (failure !== undefined) throw failure;
  const mode = modeOf(environment);
  for (const [name, text] of Object.entries(renderTraces(environment, stamps)))
    await writeAtomic(join(stamps, name), text, mode);
  for (const [name, text] of Object.entries(render(stamps))) await writeAtomic(join(folder, name), text, mode);
  await removeOldStamps(folder, basename(stamps));
  return true;
}

interface Times {
  readonly modified: bigint;
  readonly size: bigint;
  readonly inode: bigint;
}

async function timesOf(files: readonly string[]): Promise<readonly Times[]> {
  return Promise.all(
    files.map(async (file) => {
      const found = await stat(file, { bigint: true }).catch(() => undefined);
      return { modified: found?.mtimeNs ?? MISSING, size: found?.size ?? MISSING, inode: found?.ino ?? MISSING };
    }),
  );
}

function same(a: readonly Times[], b: readonly Times[]): boolean {
  return a.every(
    (times, index) =>
      times.modified === b[index]?.modified && times.size === b[index]?.size && times.inode === b[index]?.inode,
  );
}

function nameOf(times: readonly Times[]): string {
  const text = times.map(({ modified, size, inode }) => `${modified} ${size} ${inode}`).join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Node's `utimes` loses nanoseconds; `touch -r` does not. Node makes the files: a full disk is then told as one. */
async function stamp(inputs: readonly string[], stamps: string): Promise<PolyenvError | undefined> {
  await ensureFolder(stamps);
  if (inputs.length === 0) return undefined;
  for (const index of inputs.keys()) await ensureFile(join(stamps, String(index)));
  const pairs = inputs.flatMap((input, index) => [input, join(stamps, String(index))]);
  const script = 'while [ $# -gt 0 ]; do touch -c -r "$1" "$2" || exit 1; shift 2; done';
  const { exit, stderr } = await capture(
    { file: '/bin/sh', args: ['-c', script, 'stamp', ...pairs], env: { PATH: '/usr/bin:/bin' }, cwd: '/' },
    10_000,
  );
  if (exit === 0) return undefined;
  return new PolyenvError('failed', `the times of a project's files cannot be recorded: ${stderr.trim()}`, {
    where: { file: stamps },
  });
}

async function removeOldStamps(folder: string, current: string): Promise<void> {
  for (const name of await readdir(folder))
    if ((name.startsWith('stamps-') && name !== current) || name.startsWith(CLOCK))
      await removeTree(join(folder, name));
}

let wholeSeconds: Promise<boolean> | undefined;

/** Whether the machine's `sh` compares only whole seconds, as busybox and the bash 3.2 of macOS do: asked of it once. */
async function comparesSeconds(folder: string): Promise<boolean> {
  wholeSeconds ??= askShell(folder);
  try {
    return await wholeSeconds;
  } catch (error) {
    wholeSeconds = undefined;
    throw error;
  }
}

async function askShell(folder: string): Promise<boolean> {
  const place = await mkdtemp(join(folder, CLOCK));
  const [older, newer] = [join(place, 'older'), join(place, 'newer')];
  try {
    for (const [file, time] of [
      [older, 1000.2],
      [newer, 1000.7],
    ] as const) {
      await writeFile(file, '');
      await utimes(file, time, time);
    }
    const { exit } = await capture(
      {
        file: '/bin/sh',
        args: ['-c', '[ "$1" -nt "$2" ]', 'clock', newer, older],
        env: { PATH: '/usr/bin:/bin' },
        cwd: '/',
      },
      10_000,
    );
    return exit !== 0;
  } finally {
    await removeTree(place);
  }
}

/** Passwords of services are for nobody else; where there are none, others who share the home may read. */

export function modeOf({ services }: Environment): { readonly mode?: number } {
  return services === undefined ? {} : { mode: 0o600 };
}
