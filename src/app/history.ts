import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, isMissing, readTextIfAny, removeTree, writeAtomic } from '../adapters/fs';
import type { Context } from './context';

/** How a folder's manifest and lock stood before a change; `undefined` for a file that was not there. */
export interface Snapshot {
  readonly id: string;
  /** ISO time. */
  readonly taken: string;
  readonly folder: string;
  readonly manifest?: string;
  readonly lock?: string;
}

const KEPT = 20;

/** Keeps what `use`, `remove`, `upgrade` and `lock` are about to change, in polyenv's home, for `rollback`. */
export async function recordHistory(ctx: Context, folder: string): Promise<void> {
  const manifest = await readTextIfAny(join(folder, 'polyenv.toml'));
  const lock = await readTextIfAny(join(folder, 'polyenv.lock'));
  const last = (await listHistory(ctx, folder))[0];
  if (last !== undefined && last.manifest === manifest && last.lock === lock) return;
  const taken = ctx.host.now().toISOString();
  const place = historyFolder(ctx, folder);
  await ensureFolder(place);
  const id = taken.replace(/\D/g, '');
  await writeAtomic(
    join(place, `${id}.json`),
    `${JSON.stringify({ schema: 1, taken, folder, manifest, lock }, undefined, 2)}\n`,
  );
  for (const old of (await idsIn(place)).slice(KEPT)) await removeTree(join(place, `${old}.json`));
}

/** Newest first; entries that cannot be read are left out. */
export async function listHistory(ctx: Context, folder: string): Promise<readonly Snapshot[]> {
  const place = historyFolder(ctx, folder);
  const snapshots = await Promise.all(
    (await idsIn(place)).map(async (id) => decode(id, await readTextIfAny(join(place, `${id}.json`)))),
  );
  return snapshots.filter((snapshot) => snapshot?.folder === folder).filter((snapshot) => snapshot !== undefined);
}

/** A snapshot that was gone back to is used up. */
export async function forgetSnapshot(ctx: Context, snapshot: Snapshot): Promise<void> {
  await removeTree(join(historyFolder(ctx, snapshot.folder), `${snapshot.id}.json`));
}

function historyFolder(ctx: Context, folder: string): string {
  return join(ctx.home.state, 'history', createHash('sha256').update(folder).digest('hex').slice(0, 32));
}

async function idsIn(place: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(place)).filter((name) => /^\d+\.json$/.test(name));
    return names
      .map((name) => name.slice(0, -'.json'.length))
      .sort()
      .reverse();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function decode(id: string, text: string | undefined): Snapshot | undefined {
  try {
    const { schema, taken, folder, manifest, lock } = JSON.parse(text ?? '') as Record<string, unknown>;
    if (schema !== 1 || typeof taken !== 'string' || typeof folder !== 'string') return undefined;
    return {
      id,
      taken,
      folder,
      ...(typeof manifest === 'string' && { manifest }),
      ...(typeof lock === 'string' && { lock }),
    };
  } catch {
    return undefined;
  }
}
