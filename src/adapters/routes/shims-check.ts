import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, readTextIfAny } from '../files/fs';
import type { Home } from '../home/paths';

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
