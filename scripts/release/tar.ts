import { lstatSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { create } from 'tar';

/** A tar of a folder whose bytes depend on names, contents and modes alone. */
export async function writeTar(options: {
  readonly file: string;
  readonly cwd: string;
  /** Below `cwd`. */
  readonly folder: string;
  readonly time: Date;
  readonly compress: 'gzip' | 'none';
}): Promise<void> {
  const { file, cwd, folder, time, compress } = options;
  await create(
    {
      file,
      cwd,
      portable: true,
      noDirRecurse: true,
      mtime: time,
      ...(compress === 'gzip' && { gzip: { level: 9 } }),
    },
    [...entries(join(cwd, folder))].map((path) => relative(cwd, path)),
  );
}

function* entries(path: string): Generator<string> {
  yield path;
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path).sort()) yield* entries(join(path, name));
}
