import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from './paths';

/** Whether this is said for the first time on this machine, and from now on it was. Makes no home where there is none. */
export async function isFirst(home: Home, what: string): Promise<boolean> {
  const folder = join(home.state, 'told');
  const mark = join(folder, createHash('sha256').update(what).digest('hex').slice(0, 32));
  if (existsSync(mark)) return false;
  if (!existsSync(home.state)) return true;
  try {
    await ensureFolder(folder);
    await writeAtomic(mark, `${what}\n`);
  } catch {
    // Where this cannot be written, the note is shown again next time.
  }
  return true;
}
