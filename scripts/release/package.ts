import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTar } from './tar';

/** What `npm pack` would make, with every manual page linked; returns the folder that also goes into the archives. */
export async function makePackage(options: {
  readonly root: string;
  readonly work: string;
  readonly folder: string;
  readonly version: string;
  readonly time: Date;
}): Promise<string> {
  const { root, work, folder, version, time } = options;
  const tree = join(work, 'npm', 'package');
  mkdirSync(tree, { recursive: true });
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>> & {
    readonly files: readonly string[];
  };
  for (const name of own.files)
    if (existsSync(join(root, name))) cpSync(join(root, name), join(tree, name), { recursive: true });
  const { devDependencies: _, scripts: __, ...published } = own;
  const manual = readdirSync(join(tree, 'dist/man/man1')).sort();
  const text = { ...published, man: manual.map((name) => `dist/man/man1/${name}`) };
  writeFileSync(join(tree, 'package.json'), `${JSON.stringify(text, undefined, 2)}\n`);
  normalizeModes(tree);
  await writeTar({
    file: join(folder, `polyenv-${version}.tgz`),
    cwd: join(work, 'npm'),
    folder: 'package',
    time,
    compress: 'gzip',
  });
  return tree;
}

/** Whoever made the checkout may have had another umask. */
export function normalizeModes(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, isScript(path) ? 0o755 : 0o644);
  }
}

function isScript(path: string): boolean {
  return readFileSync(path).subarray(0, 2).toString('latin1') === '#!';
}
