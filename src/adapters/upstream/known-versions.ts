import { join } from 'node:path';
import { ensureFolder, readTextIfAny, writeAtomic } from '../files/fs';
import type { Home } from '../home/paths';

/** The most versions of one tool that are kept. */
const MOST = 3000;

/** Keeps what a source offered, one version a line, for what may neither ask the network nor read whole indexes. */
export async function keepVersions(home: Home, tool: string, versions: readonly string[]): Promise<void> {
  const text = versions
    .filter(isWord)
    .slice(0, MOST)
    .map((version) => `${version}\n`)
    .join('');
  const file = fileOf(home, tool);
  try {
    if (text === '' || (await readTextIfAny(file)) === text) return;
    await ensureFolder(home.cache);
    await writeAtomic(file, text);
  } catch {
    // A home that cannot be written still resolves.
  }
}

/** The versions kept for a tool, in the order in which they were. */
export async function keptVersions(home: Home, tool: string): Promise<readonly string[]> {
  if (!/^[a-z]+$/.test(tool)) return [];
  const text = await readTextIfAny(fileOf(home, tool)).catch(() => undefined);
  return (text ?? '').split('\n').filter(isWord).slice(0, MOST);
}

function fileOf(home: Home, tool: string): string {
  return join(home.cache, `${tool}.versions`);
}

function isWord(text: string): boolean {
  return /^[\w.+~-]{1,100}$/.test(text);
}
