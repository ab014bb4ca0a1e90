import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, readTextIfAny, removeTree } from '../../adapters/files/fs';
import { isMissing } from '../../adapters/files/fs-errors';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';

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

/**
 * Keeps what is about to be changed, in polyenv's home, for `rollback`. Returns what it kept; `undefined` where the last
 * one says the same already.
 */
export async function recordHistory(ctx: Context, folder: string): Promise<Snapshot | undefined> {
  const { manifest, lock } = await readState(folder);
  const last = (await listHistory(ctx, folder))[0];
  if (last !== undefined && last.manifest === manifest && last.lock === lock) return undefined;
  const taken = ctx.host.now().toISOString();
  const place = historyFolder(ctx, folder);
  await ensureFolder(place);
  const id = idAfter(last, taken);
  await writeAtomic(
    join(place, `${id}.json`),
    `${JSON.stringify({ schema: 1, taken, folder, manifest, lock }, undefined, 2)}\n`,
  );
  for (const old of (await idsIn(place)).slice(KEPT)) await removeTree(join(place, `${old}.json`));
  return { id, taken, folder, ...present({ manifest, lock }) };
}

/** Remembers how the folder stands after a change, so that edits by hand since then can be told. */
export async function recordOutcome(ctx: Context, folder: string): Promise<void> {
  const place = historyFolder(ctx, folder);
  if ((await idsIn(place)).length === 0) return;
  const digest = digestOf(await readState(folder));
  await writeAtomic(join(place, OUTCOME), `${JSON.stringify({ schema: 1, digest })}\n`);
}

/** Whether manifest or lock were changed since polyenv last wrote them; `unknown` where it did not remember. */
export async function changedSince(ctx: Context, folder: string): Promise<'changed' | 'same' | 'unknown'> {
  try {
    const text = await readTextIfAny(join(historyFolder(ctx, folder), OUTCOME));
    const { schema, digest } = JSON.parse(text ?? '') as Record<string, unknown>;
    if (schema !== 1 || typeof digest !== 'string') return 'unknown';
    return digest === digestOf(await readState(folder)) ? 'same' : 'changed';
  } catch {
    return 'unknown';
  }
}

/** How manifest and lock of the folder stand now. */
export async function readState(folder: string): Promise<Pick<Snapshot, 'manifest' | 'lock'>> {
  const manifest = await readTextIfAny(join(folder, 'polyenv.toml'));
  const lock = await readTextIfAny(join(folder, 'polyenv.lock'));
  return { ...present({ manifest, lock }) };
}

/** Newest first; entries that cannot be read are left out. */
export function listHistory(ctx: Context, folder: string): Promise<readonly Snapshot[]> {
  return readAll(historyFolder(ctx, folder), folder);
}

/** A snapshot that was gone back to is used up. */
export async function forgetSnapshot(ctx: Context, snapshot: Snapshot): Promise<void> {
  await removeTree(join(historyFolder(ctx, snapshot.folder), `${snapshot.id}.json`));
}

/** Keeps the state that a rollback leaves, for `rollback --undo`. */
export async function recordUndone(
  ctx: Context,
  folder: string,
  state: { readonly manifest: string | undefined; readonly lock: string | undefined },
): Promise<void> {
  const place = join(historyFolder(ctx, folder), UNDONE);
  await ensureFolder(place);
  const taken = ctx.host.now().toISOString();
  const last = (await readAll(place, folder))[0];
  await writeAtomic(
    join(place, `${idAfter(last, taken)}.json`),
    `${JSON.stringify({ schema: 1, taken, folder, ...state }, undefined, 2)}\n`,
  );
  for (const old of (await idsIn(place)).slice(KEPT)) await removeTree(join(place, `${old}.json`));
}

/** What rollbacks left since the last other change, newest first. */
export function listUndone(ctx: Context, folder: string): Promise<readonly Snapshot[]> {
  return readAll(join(historyFolder(ctx, folder), UNDONE), folder);
}

/** After another change, an earlier rollback cannot be undone any more. */
export async function forgetUndone(ctx: Context, folder: string, only?: Snapshot): Promise<void> {
  const place = join(historyFolder(ctx, folder), UNDONE);
  await removeTree(only === undefined ? place : join(place, `${only.id}.json`));
}

const OUTCOME = 'outcome.json';
const UNDONE = 'undone';

async function readAll(place: string, folder: string): Promise<readonly Snapshot[]> {
  const snapshots = await Promise.all(
    (await idsIn(place)).map(async (id) => decode(id, await readTextIfAny(join(place, `${id}.json`)))),
  );
  return snapshots.filter((snapshot) => snapshot !== undefined && snapshot.folder === folder) as readonly Snapshot[];
}

/** Digits that sort behind the last one's, even where two changes fall on one moment or the clock went back. */
function idAfter(last: Snapshot | undefined, taken: string): string {
  const now = taken.replace(/\D/g, '');
  return last === undefined || last.id < now ? now : String(BigInt(last.id) + 1n);
}

function digestOf({ manifest, lock }: Pick<Snapshot, 'manifest' | 'lock'>): string {
  return createHash('sha256')
    .update(JSON.stringify([manifest ?? false, lock ?? false]))
    .digest('hex');
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
