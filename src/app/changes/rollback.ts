import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readTextIfAny, writeAtomic } from '../../adapters/files/fs';
import { unifiedDiff } from '../../domain/formats/unified-diff';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import {
  changedSince,
  forgetSnapshot,
  listHistory,
  readState,
  recordHistory,
  recordOutcome,
  type Snapshot,
} from '../project/history';
import { findProject } from '../project/project';
import { compileFolder, standingsOf } from '../routes/compile';

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
      return { folder, snapshot, passed: history.slice(0, index), edited, diff: diffOf(now, snapshot) };
    }
    const ends = now.manifest !== undefined || folder === ctx.host.personHome || folder === dirname(folder);
    if (ends) {
      throw new PolyenvError('history-missing', `polyenv has changed nothing in ${from} that it could take back`, {
        where: { file: from },
        hint: 'git log -p polyenv.toml polyenv.lock shows what version control remembers',
      });
    }
  }
}

/** Writes both files as they stood then. What was edited by hand is kept, as what the next rollback brings back. */
export async function applyRollback(ctx: Context, plan: Rollback): Promise<RolledBack> {
  const { folder, snapshot, passed, edited } = plan;
  if (edited !== 'same') await recordHistory(ctx, folder);
  const wrote: string[] = [];
  const removed: string[] = [];
  for (const [name, text] of [['polyenv.lock', snapshot.lock] as const, ['polyenv.toml', snapshot.manifest] as const]) {
    const path = join(folder, name);
    const now = await readTextIfAny(path);
    if (now === text) continue;
    if (text === undefined) await rm(path);
    else await writeAtomic(path, text);
    (text === undefined ? removed : wrote).push(path);
  }
  await recordOutcome(ctx, folder);
  for (const used of [...passed, snapshot]) await forgetSnapshot(ctx, used);
  await compileFolder(ctx, folder);
  const standings = await standingsOf(ctx, await findProject(ctx, folder));
  const missing = standings.filter(
    ({ toolchain, decision }) => toolchain === undefined && decision.request.version.kind !== 'system',
  );
  return { wrote, removed, missing: missing.map(({ decision }) => decision.tool) };
}

function diffOf(now: Pick<Snapshot, 'manifest' | 'lock'>, then: Snapshot): string {
  return unifiedDiff('polyenv.toml', now.manifest, then.manifest) + unifiedDiff('polyenv.lock', now.lock, then.lock);
}
