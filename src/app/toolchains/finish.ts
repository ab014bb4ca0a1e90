import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { capture } from '../../adapters/children/capture';
import { errorCode, translateFsError } from '../../adapters/files/fs-errors';
import { syncTree } from '../../adapters/files/sync-tree';
import { finishedFiles } from '../../adapters/store/finished-files';
import { readTree, type StoredFile } from '../../adapters/store/store';
import { scrubbedEnv } from '../../adapters/system/spawn';
import type { FinishStep } from '../../domain/runtime/finish';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Version } from '../../domain/versions/version';
import type { Context } from '../base/context';

const LONGEST_STEP = 300_000;

/** Whose tree it is. */
interface Unfinished {
  readonly runtime: Runtime;
  readonly version: Version;
  readonly platform: PlatformKey;
}

/** Where a tree stands now, and where it will. */
interface Staged {
  readonly root: string;
  readonly final: string;
  readonly files: readonly StoredFile[];
}

/** Adds what the runtime wants in every tree (`Runtime.finish`), and says which files there are then: all of them are on the disk. */
export async function finishTree(ctx: Context, order: Unfinished, staged: Staged): Promise<readonly StoredFile[]> {
  const { runtime, version, platform } = order;
  const { root, files } = staged;
  const finish = runtime.finish?.(readTree(root, version, platform));
  if (finish === undefined) {
    await syncTree(root);
    return files;
  }
  for (const [path, text] of Object.entries(finish.files)) addFile(join(root, path), text);
  if (platform === ctx.platform) for (const step of finish.steps) await runStep(ctx, { order, step, staged });
  // What is hashed here is written to the disk meanwhile.
  const [, finished] = await Promise.all([syncTree(root), (async () => finishedFiles(root, files, finish.replaces))()]);
  return finished;
}

function addFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx', mode: 0o444 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw translateFsError(error, path) ?? error;
  }
}

async function runStep(
  ctx: Context,
  of: { readonly order: Unfinished; readonly step: FinishStep; readonly staged: Staged },
): Promise<void> {
  const { order, step, staged } = of;
  const { runtime, version } = order;
  ctx.emit({ type: 'phase', tool: runtime.id, version, phase: 'compile' });
  const args = step.args({ staged: staged.root, final: staged.final, jobs: availableParallelism() });
  const env = { ...scrubbedEnv(ctx.host), ...step.env };
  const program = { file: join(staged.root, step.program), args, env, cwd: '/' };
  const { exit, stderr } = await capture(program, LONGEST_STEP);
  if (exit === 0) return;
  const why = stderr.trim().split('\n').pop() || `status ${exit}`;
  ctx.emit({ type: 'warning', text: `${runtime.id} ${version} is without ${step.makes}: ${why}` });
}
