import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Names of files below a folder that match, sorted; what lies in dependency folders and in git's own is left out, and links are not followed. */
export async function filesMatching(folder: string, patterns: readonly string[]): Promise<readonly string[]> {
  const { glob } = await import('tinyglobby');
  const found = await glob([...patterns], {
    cwd: folder,
    dot: true,
    followSymbolicLinks: false,
    ignore: ['**/node_modules/**', '**/.git/**', '**/.venv/**'],
  });
  return found.sort();
}

/** One digest over the names and contents of files, sha256 in hex. */
export async function digestOfFiles(folder: string, names: readonly string[]): Promise<string> {
  const all = createHash('sha256');
  for (const name of names) {
    const one = createHash('sha256');
    await pipeline(createReadStream(join(folder, name)), one);
    all.update(`${name}\0${one.digest('hex')}\n`);
  }
  return all.digest('hex');
}
