import { readdirSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { ensureFolder, namesIn } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import { type Home, LAYOUT } from './paths';

/** Refuses a home that a newer polyenv made: `layout.v2` and the like. Writes nothing. */
export async function checkLayout(home: Home): Promise<void> {
  let names: readonly string[];
  try {
    names = readdirSync(home.root);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const newer = names.find((name) => (layoutOf(name) ?? 0) > LAYOUT);
  if (newer !== undefined) {
    throw new PolyenvError('layout-newer', `${home.root} was made by a newer polyenv (${newer})`, {
      where: { file: `${home.root}/${newer}` },
      hint: 'update polyenv, or set POLYENV_HOME to another folder',
    });
  }
}

/** The newest layout that the home has had; 0 while there is none. */
export async function homeLayout(home: Home): Promise<number> {
  return Math.max(0, ...(await namesIn(home.root)).map((name) => layoutOf(name) ?? 0));
}

function layoutOf(name: string): number | undefined {
  const digits = /^layout\.v(\d{1,6})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The user id of whom the home belongs to; `undefined` while there is none. */
export async function ownerOf(home: Home): Promise<number | undefined> {
  return (await stat(home.root).catch(() => undefined))?.uid;
}

/** Makes the home's folders and its layout mark. */
export async function prepareHome(home: Home): Promise<void> {
  for (const folder of [
    home.root,
    home.bin,
    home.shims,
    home.store,
    home.downloads,
    home.cache,
    home.envs,
    home.homes,
    home.locks,
    home.tmp,
    home.state,
  ]) {
    await ensureFolder(folder);
  }
  if (!(await readdir(home.root)).includes(basename(home.layout))) await writeAtomic(home.layout, '');
}
