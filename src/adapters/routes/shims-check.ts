import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, readTextIfAny } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';

/** The polyenv that wrote the shims: another one may know runtimes that this one did not. */
export async function noteShims(home: Home): Promise<void> {
  if (!areOfAnother(home)) return;
  await ensureFolder(home.state);
  await writeAtomic(join(home.state, 'shims.version'), `${__VERSION__}\n`);
}

/** Whether there are shims, and another version of polyenv wrote them. */
export function areOfAnother(home: Home): boolean {
  try {
    if (!existsSync(home.shims)) return false;
    accessSync(home.shims, constants.W_OK);
    return readFileSync(join(home.state, 'shims.version'), 'latin1') !== `${__VERSION__}\n`;
  } catch (error) {
    return isMissing(error);
  }
}

/** Whether the shims folder already holds exactly these scripts, beside the launcher's twin: then nobody needs to wait for anybody. */
export async function shimsStand(home: Home, wanted: ReadonlyMap<string, string>): Promise<boolean> {
  let names: readonly string[];
  try {
    names = await readdir(home.shims);
  } catch (error) {
    if (isMissing(error)) return wanted.size === 0;
    throw error;
  }
  // Somebody else may be writing one just now.
  const standing = names.filter((name) => name !== 'polyenv' && !name.endsWith('.tmp'));
  if (standing.length !== wanted.size) return false;
  for (const [name, text] of wanted)
    if ((await readTextIfAny(join(home.shims, name)).catch(() => undefined)) !== text) return false;
  return true;
}
