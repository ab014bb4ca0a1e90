import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensureFolder, namesIn, readTextIfAny, removeTree } from '../../adapters/files/fs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { environmentFolder } from '../../adapters/home/paths';
import type { RoutedOverlay } from '../../domain/routes/environment';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';

/** What polyenv noted of an overlay that it made: outside the project, where no repository can put one. */
export interface OverlayReceipt {
  readonly path: string;
  readonly toolchain: string;
  readonly version: string;
  /** Of the folder: a copied or replaced one is another. */
  readonly inode: number;
  /** sha256 of its marker file: numbers of folders are used again. */
  readonly marker: string;
}

/** An overlay that is being made, or whose making was interrupted. */
export interface Unfinished {
  readonly path: string;
  /** Where the one before waits until the new one is whole. */
  readonly aside?: string;
}

type Noted = Pick<RoutedOverlay, 'path' | 'variable' | 'marker'>;

/** Whether polyenv made what stands there. */
export async function isOwn(ctx: Context, overlay: Noted): Promise<boolean> {
  const receipt = await readNote<OverlayReceipt>(noteFile(ctx, overlay, 'json'));
  const found = lstatSync(overlay.path, { throwIfNoEntry: false });
  if (receipt?.path !== overlay.path || found?.isDirectory() !== true || found.ino !== receipt.inode) return false;
  return receipt.marker === (await markerOf(overlay));
}

export async function noteOverlay(
  ctx: Context,
  overlay: Noted,
  made: Pick<OverlayReceipt, 'toolchain' | 'version'>,
): Promise<void> {
  const note: OverlayReceipt = {
    path: overlay.path,
    ...made,
    inode: lstatSync(overlay.path).ino,
    marker: await markerOf(overlay),
  };
  await writeNote(noteFile(ctx, overlay, 'json'), note);
}

async function markerOf({ path, marker }: Noted): Promise<string> {
  const text = (await readTextIfAny(join(path, marker)).catch(() => undefined)) ?? '';
  return createHash('sha256').update(text).digest('hex');
}

export async function noteUnfinished(ctx: Context, overlay: Noted, aside?: string): Promise<void> {
  await writeNote(unfinishedFile(ctx, overlay), { path: overlay.path, ...present({ aside }) });
}

export async function noteFinished(ctx: Context, overlay: Noted): Promise<void> {
  await removeTree(unfinishedFile(ctx, overlay));
}

export async function readUnfinished(ctx: Context, overlay: Noted): Promise<Unfinished | undefined> {
  const note = await readNote<Unfinished>(unfinishedFile(ctx, overlay));
  return note?.path === overlay.path ? note : undefined;
}

/** What is noted in a folder: a project's environment, or a private home. */
export async function readReceipts(folder: string): Promise<readonly OverlayReceipt[]> {
  const names = (await namesIn(folder)).filter((name) => /^overlay-.*\.json$/.test(name));
  const read = await Promise.all(names.map((name) => readNote<OverlayReceipt>(join(folder, name))));
  return read.filter((note): note is OverlayReceipt => typeof note?.toolchain === 'string');
}

/** It stands while the overlay is being made. */
export function unfinishedFile(ctx: Context, overlay: Noted): string {
  return noteFile(ctx, overlay, 'unfinished');
}

function noteFile(ctx: Context, { path, variable }: Noted, kind: string): string {
  if (path.startsWith(`${ctx.home.root}/`)) return join(dirname(path), `overlay-${basename(path)}.${kind}`);
  return join(environmentFolder(ctx.home, dirname(path)), `overlay-${variable.toLowerCase()}.${kind}`);
}

async function writeNote(file: string, note: OverlayReceipt | Unfinished): Promise<void> {
  await ensureFolder(dirname(file));
  await writeAtomic(file, `${JSON.stringify({ schema: 1, ...note })}\n`);
}

async function readNote<T extends { readonly path: string }>(file: string): Promise<T | undefined> {
  try {
    const value = JSON.parse((await readTextIfAny(file)) ?? '') as T & { readonly schema?: number };
    return value.schema === 1 && typeof value.path === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
