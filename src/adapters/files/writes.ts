import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { realPathOr } from './real-path';

/** What changed below some folders since the watch began. */
export interface Writes {
  /** Sorted by path. */
  readonly found: readonly Write[];
  /** Files and folders that were looked at. */
  readonly looked: number;
  /** Folders that may not be read: what happened in them is not known. */
  readonly unreadable: number;
}

export interface Write {
  /** Absolute. */
  readonly path: string;
  /** `emptied`: a folder whose entries came and went, none of those that are left being new. */
  readonly kind: 'made' | 'changed' | 'emptied';
}

export interface WatchedPlaces {
  readonly roots: readonly string[];
  /** Folders that may change. */
  readonly except: readonly string[];
  /** A folder for a moment's file, which tells the file systems' time. */
  readonly clock: string;
}

/**
 * Notes the time; the returned function walks the roots and tells what changed after it, by the time of the last change of
 * each file and folder, which no program can set. Links are not followed, nor are file systems that only show the
 * kernel's state entered. What other programs did meanwhile is told as well.
 */
export async function watchWrites(places: WatchedPlaces): Promise<() => Writes> {
  const start = await markTime(places.clock);
  const except = new Set([...places.except, ...places.except.map(realPathOr), ...KERNEL]);
  return () => changedSince(start, places.roots.map(realPathOr), except);
}

const KERNEL = ['/proc', '/sys', '/dev', '/run', '/System', '/Volumes'];

/** Later changes have a later time than this: file systems' clocks tick every few milliseconds. */
async function markTime(folder: string): Promise<bigint> {
  const probe = join(folder, `clock-${randomUUID()}`);
  writeFileSync(probe, '', { flag: 'wx' });
  try {
    return lstatSync(probe, { bigint: true }).ctimeNs;
  } finally {
    rmSync(probe, { force: true });
    await sleep(CLOCK_TICK);
  }
}

/** Milliseconds. */
const CLOCK_TICK = 25;

function changedSince(start: bigint, roots: readonly string[], except: ReadonlySet<string>): Writes {
  const found: Write[] = [];
  let looked = 0;
  let unreadable = 0;
  const pending = [...roots];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    if (except.has(folder)) continue;
    const before = found.length;
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        looked += 1;
        if (entry.isDirectory()) pending.push(path);
        if (except.has(path)) continue;
        const times = lstatSync(path, { bigint: true, throwIfNoEntry: false });
        if (times === undefined || times.ctimeNs <= start) continue;
        if (times.birthtimeNs > start) found.push({ path, kind: 'made' });
        else if (!entry.isDirectory()) found.push({ path, kind: 'changed' });
      }
      const own = lstatSync(folder, { bigint: true });
      if (own.mtimeNs > start && own.birthtimeNs <= start && found.length === before) {
        found.push({ path: folder, kind: 'emptied' });
      }
    } catch {
      unreadable += 1;
    }
  }
  return { found: found.sort((a, b) => (a.path < b.path ? -1 : 1)), looked, unreadable };
}
