import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReleaseNode } from './node';
import { normalizeModes } from './package';
import { writeTar } from './tar';

export interface ReleaseArchive {
  readonly platform: string;
  /** The unpacked tree. */
  readonly tree: string;
  /** The `.tar.gz`. */
  readonly file: string;
}

/** One tree for each platform: polyenv, its own Node, and the script that starts the one by the other. */
export async function makeArchives(options: {
  readonly tree: string;
  readonly platforms: readonly ReleaseNode[];
  readonly folder: string;
  readonly work: string;
  readonly version: string;
  readonly time: Date;
}): Promise<readonly ReleaseArchive[]> {
  const { tree, platforms, folder, work, version, time } = options;
  const made: ReleaseArchive[] = [];
  for (const { platform, folder: node, libraries } of platforms) {
    const name = `polyenv-${version}-${platform}`;
    const target = join(work, 'archives', name);
    cpSync(tree, target, { recursive: true });
    cpSync(node, join(target, 'node'), { recursive: true });
    if (libraries !== undefined) cpSync(libraries, join(target, basename(libraries)), { recursive: true });
    mkdirSync(join(target, 'bin'));
    copyFileSync(join(dirname(fileURLToPath(import.meta.url)), 'polyenv.sh'), join(target, 'bin/polyenv'));
    normalizeModes(target);
    chmodSync(join(target, 'node/bin/node'), 0o755);
    const at = { cwd: join(work, 'archives'), folder: name, time };
    const file = join(folder, `${name}.tar.gz`);
    await writeTar({ ...at, file, compress: 'gzip' });
    const plain = join(work, `${name}.tar`);
    await writeTar({ ...at, file: plain, compress: 'none' });
    execFileSync('xz', ['-6', '--threads=1', '--stdout', plain], {
      stdio: ['ignore', openSync(join(folder, `${name}.tar.xz`), 'w'), 'inherit'],
    });
    rmSync(plain);
    made.push({ platform, tree: target, file });
  }
  return made;
}
