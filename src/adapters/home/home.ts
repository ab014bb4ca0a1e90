import { readdir, stat } from 'node:fs/promises';
import { PolyenvError } from '../../domain/words/errors';
import { ensureFolder, isMissing, writeAtomic } from '../files/fs';
import type { Home } from './paths';

/** Refuses a home that a newer polyenv made: `layout.v2` and the like. Writes nothing. */
export async function checkLayout(home: Home): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(home.root);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const newer = names.find((name) => /^layout\.v\d+$/.test(name) && name !== 'layout.v1');
  if (newer !== undefined) {
    throw new PolyenvError('layout-newer', `${home.root} was made by a newer polyenv (${newer})`, {
      where: { file: `${home.root}/${newer}` },
      hint: 'update polyenv, or set POLYENV_HOME to another folder',
    });
  }
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
  if (!(await readdir(home.root)).includes('layout.v1')) await writeAtomic(home.layout, '');
}
