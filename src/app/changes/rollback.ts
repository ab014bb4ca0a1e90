import { dirname, join } from 'node:path';
import { unifiedDiff } from '../../domain/formats/unified-diff';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import {
  changedSince,
  forgetSnapshot,
  forgetUndone,
  listHistory,
  listUndone,
  readState,
  recordUndone,
  type Snapshot,
} from '../project/history';
import { findProject } from '../project/project';
import { decidedToolchainsOf } from '../routes/compile';
import { changeFolder, type FolderChange } from './change-folder';

/** The way back to how a folder stood before its last change. */
export interface Rollback {
  readonly folder: string;
  readonly snapshot: Snapshot;
  /** As the files stand: snapshots that say the same lead nowhere. */
  readonly passed: readonly Snapshot[];
  /** `changed`: the files were edited by hand since polyenv wrote them. */
  readonly edited: 'changed' | 'same' | 'unknown';
  /** Both files, from now to then. */
  readonly diff: string;
  /** `forward` takes a rollback back. */
  readonly way: 'back' | 'forward';
}

export interface RolledBack {
  readonly wrote: readonly string[];
  readonly removed: readonly string[];
  /** Pinned again, and not on this machine any more. */
  readonly missing: readonly string[];
}

/** Finds the last change of the nearest folder that has a history. Throws `history-missing`. Reads only. */
export async function planRollback(ctx: Context, from: string): Promise<Rollback> {
  for (let folder = from; ; folder = dirname(folder)) {
    const history = await listHistory(ctx, folder);
    const now = await readState(folder);
    const index = history.findIndex(({ manifest, lock }) => manifest !== now.manifest || lock !== now.lock);
    const snapshot = history[index];
    if (snapshot !== undefined) {
      const edited = await changedSince(ctx, folder);
      const diff = diffOf(now, snapshot);
      return { folder, snapshot, passed: history.slice(0, index), edited, diff, way: 'back' };
    }
    const ends = now.manifest !== undefined || folder === ctx.host.personHome || folder === dirname(folder);
    if (ends) {
      throw new PolyenvError('history-missing', `polyenv has changed nothing in ${from} that it could take back`, {
        where: { file: from },
        hint: 'git log -p polyenv.toml polyenv.lock shows older versions',
      });
    }
  }
}

/** Finds what the last rollback of the nearest folder left. Throws `history-missing`. Reads only. */
export async function planUndo(ctx: Context, from: string): Promise<Rollback> {
  for (let folder = from; ; folder = dirname(folder)) {
    const snapshot = (await listUndone(ctx, folder))[0];
    const now = await readState(folder);
    if (snapshot !== undefined) {
      const edited = await changedSince(ctx, folder);
      return { folder, snapshot, passed: [], edited, diff: diffOf(now, snapshot), way: 'forward' };
    }
    const ends = now.manifest !== undefined || folder === ctx.host.personHome || folder === dirname(folder);
    if (ends) {
      throw new PolyenvError('history-missing', `no rollback in ${from} can be undone`, {
        where: { file: from },
        hint: 'git log -p polyenv.toml polyenv.lock shows older versions',
      });
    }
  }
}

/**
 * Writes both files as they stood then. What was edited by hand is kept, as what the next rollback brings back. Throws `busy`
 * where somebody changed the files after the plan was shown.
 */
export async function applyRollback(ctx: Context, plan: Rollback): Promise<RolledBack> {
  const { folder, snapshot, passed, edited, way } = plan;
  const { wrote, removed } = await changeFolder(
    ctx,
    { folder, verb: 'rollback', routes: 'compile' },
    async (view): Promise<FolderChange<undefined>> => {
      const now = {
        manifest: await view.text(join(folder, 'polyenv.toml')),
        lock: await view.text(join(folder, 'polyenv.lock')),
      };
      if (diffOf(now, snapshot) !== plan.diff) throw changedMeanwhile(folder);
      return {
        files: [
          { folder, path: join(folder, 'polyenv.lock'), text: snapshot.lock },
          { folder, path: join(folder, 'polyenv.toml'), text: snapshot.manifest },
        ],
        result: undefined,
        history: way === 'forward' ? 'undo' : edited === 'same' ? 'keep' : 'record',
        settle: async () => {
          if (way === 'forward') return forgetUndone(ctx, folder, snapshot);
          for (const used of [...passed, snapshot]) await forgetSnapshot(ctx, used);
          await recordUndone(ctx, folder, now);
        },
      };
    },
  );
  const allDecided = await decidedToolchainsOf(ctx, await findProject(ctx, folder));
  const missing = allDecided.filter(
    ({ toolchain, decision }) => toolchain === undefined && decision.request.version.kind !== 'system',
  );
  return { wrote, removed, missing: missing.map(({ decision }) => decision.tool) };
}

/** A person agreed to a way back from files that are not there any more. */
function changedMeanwhile(folder: string): PolyenvError {
  return new PolyenvError('busy', `polyenv.toml or polyenv.lock of ${folder} was changed meanwhile`, {
    where: { file: join(folder, 'polyenv.toml') },
    hint: 'polyenv rollback --dry-run',
  });
}

function diffOf(
  now: { readonly manifest?: string | undefined; readonly lock?: string | undefined },
  then: Snapshot,
): string {
  return unifiedDiff('polyenv.toml', now.manifest, then.manifest) + unifiedDiff('polyenv.lock', now.lock, then.lock);
}
