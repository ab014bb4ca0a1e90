import { join } from 'node:path';
import { ensureFolder, readTextIfAny } from '../../adapters/files/fs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { findToolchain } from '../../adapters/store/store';
import type { Runtime } from '../../domain/runtime/runtime';
import { EMPTY_LOCKFILE } from '../../domain/toolchain/lockfile';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import type { ToolRequest, VersionRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { isAllowed } from './allowed';
import { provide, provideResolved } from './provide';
import { type Resolution, resolveRequest } from './resolve';
import { installedFor } from './store-copies';

/** What a person asks for this once: `exec node@22`, `POLYENV_NODE=22`. */
export interface AskedOnce {
  readonly runtime: Runtime;
  readonly request: ToolRequest;
}

export interface AnsweredOnce {
  readonly toolchain: Toolchain;
  /** Absent where the store answered. */
  readonly resolution?: Resolution;
}

/** How long an answer to a moving request (`latest`, `nightly`) holds, and how long is waited for a new one where the store has one that answers. */
const DAY = 86_400_000;
const PATIENCE = 3000;

/**
 * The toolchain for a request of this once. What the store can answer, it answers, without the network: an exact version,
 * or the newest installed one of a line. `latest` and channels are looked up at most once a day, and where that fails
 * or takes long, the newest installed one answers too.
 */
export async function provideOnce(ctx: Context, asked: AskedOnce): Promise<AnsweredOnce> {
  const found = await findOnce(ctx, asked);
  if (found !== undefined) return { toolchain: found };
  const wanted = { ...asked, lock: EMPTY_LOCKFILE };
  const instead = isMoving(asked.request.version) ? await installedFor(ctx, asked) : undefined;
  if (instead === undefined) {
    const provided = await provide(ctx, wanted);
    await noteAnswer(ctx, asked, provided.toolchain);
    return provided;
  }
  try {
    const resolution = await within(PATIENCE, resolveRequest(ctx, { ...wanted, instead: 'nothing' }));
    const provided = await provideResolved(ctx, wanted, resolution);
    await noteAnswer(ctx, asked, provided.toolchain);
    return provided;
  } catch (error) {
    if (!(error instanceof PolyenvError) || !['network', 'offline'].includes(error.code)) throw error;
    ctx.emit({
      type: 'note',
      text: `${asked.runtime.id}@${asked.request.text} could not be looked up; using ${instead.version}, which is installed`,
    });
    await noteAnswer(ctx, asked, instead);
    return { toolchain: instead };
  }
}

/** The same if the store, or the look-up of the last day, has an answer. Never uses the network. */
export async function findOnce(ctx: Context, asked: AskedOnce): Promise<Toolchain | undefined> {
  return isMoving(asked.request.version) ? notedAnswer(ctx, asked) : installedFor(ctx, asked);
}

/** Whether its answer changes by itself. A long-term line (`lts/iron`) is a line like any other. */
export function isMoving(version: VersionRequest): boolean {
  return version.kind === 'latest' || (version.kind === 'channel' && !version.name.startsWith('lts'));
}

interface Note {
  readonly schema: 1;
  readonly checked: number;
  readonly key: string;
}

async function notedAnswer(ctx: Context, asked: AskedOnce): Promise<Toolchain | undefined> {
  const text = await readTextIfAny(noteFile(ctx, asked)).catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { schema, checked, key } = JSON.parse(text) as Partial<Note>;
    const age = ctx.host.now().getTime() - Number(checked);
    if (schema !== 1 || typeof key !== 'string' || !(age >= 0 && age < DAY)) return undefined;
    const found = await findToolchain(ctx.home, key);
    return found?.tool === asked.runtime.id && isAllowed(ctx, found.source) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The call succeeds even where the note cannot be kept. */
async function noteAnswer(ctx: Context, asked: AskedOnce, { key }: Toolchain): Promise<void> {
  if (!isMoving(asked.request.version)) return;
  const note: Note = { schema: 1, checked: ctx.host.now().getTime(), key };
  try {
    await ensureFolder(ctx.home.once);
    await writeAtomic(noteFile(ctx, asked), `${JSON.stringify(note)}\n`);
  } catch {
    // It is looked up again next time.
  }
}

function noteFile(ctx: Context, { runtime, request }: AskedOnce): string {
  return join(ctx.home.once, `${runtime.id}@${encodeURIComponent(request.text).slice(0, 200)}.json`);
}

/** The result, unless it takes longer: then `network`. What was begun is given up when the network is closed. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new PolyenvError('network', 'no answer in time')), milliseconds);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
