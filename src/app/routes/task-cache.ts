import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { ensureFolder, readTextIfAny } from '../../adapters/files/fs';
import { digestOfFiles, filesMatching } from '../../adapters/files/globs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import type { ManifestTask } from '../../domain/project/manifest-tasks';
import type { Context } from '../base/context';

/** A task of one manifest, and what it runs with. */
export interface TaskRun {
  readonly task: ManifestTask;
  /** Of its manifest. */
  readonly path: string;
  /** The folder that it runs in, absolute. */
  readonly folder: string;
  readonly args: readonly string[];
  /** The toolchains of that folder: another one may make other files of the same. */
  readonly toolchains: readonly string[];
}

/** What the task is now: its lines, its toolchains and the files that it reads; `undefined` for one that names no inputs. */
export async function stateOfTask({ task, folder, args, toolchains }: TaskRun): Promise<string | undefined> {
  if (task.inputs.length === 0) return undefined;
  const files = await digestOfFiles(folder, await filesMatching(folder, task.inputs));
  const meaning = { run: task.run, env: task.env.map(({ op }) => op), outputs: task.outputs, args, toolchains, files };
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
}

/** Whether the task ended well in that state before, and what it made is still there. */
export async function isDone(ctx: Context, run: TaskRun, state: string): Promise<boolean> {
  if ((await readTextIfAny(recordOf(ctx, run)))?.trim() !== state) return false;
  const made = await Promise.all(run.task.outputs.map((pattern) => filesMatching(run.folder, [pattern])));
  return made.every((files) => files.length > 0);
}

export async function rememberDone(ctx: Context, run: TaskRun, state: string): Promise<void> {
  const file = recordOf(ctx, run);
  await ensureFolder(dirname(file));
  await writeAtomic(file, `${state}\n`);
}

function recordOf({ home }: Context, { task, path }: TaskRun): string {
  return join(home.state, 'tasks', createHash('sha256').update(`${path}\0${task.name}`).digest('hex'));
}
