import { randomBytes } from 'node:crypto';
import { existsSync, readlinkSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { present } from '../../domain/words/present';
import { ensureFolder, namesIn, readTextIfAny } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';
import { type Home, joinInside } from './paths';

/** How this polyenv came onto the machine: that decides what updates it. */
export type Origin = 'archive' | 'npm-global' | 'npm-project' | 'homebrew' | 'package' | 'source';

/** Versions of polyenv that came as archives. */
export async function ownVersions(home: Home): Promise<readonly string[]> {
  return (await namesIn(home.self)).filter((name) => /^\d/.test(name)).sort();
}

/** The version in use, and the one before it. */
export async function ownVersion(home: Home): Promise<{ readonly current?: string; readonly previous?: string }> {
  const current = currentOf(home);
  const previous = (await readTextIfAny(join(home.self, PREVIOUS)))?.trim();
  return {
    ...present({ current }),
    ...(previous !== undefined && existsSync(ownFolder(home, previous)) && { previous }),
  };
}

export function ownFolder(home: Home, version: string): string {
  return joinInside(home.self, version);
}

/** Makes the version the one in use: one rename of a link. What runs from another one goes on undisturbed. */
export async function switchOwn(home: Home, version: string): Promise<void> {
  const before = currentOf(home);
  if (before === version) return;
  await ensureFolder(home.self);
  const link = join(home.self, `.${CURRENT}.${randomBytes(6).toString('hex')}`);
  await symlink(version, link);
  await rename(link, join(home.self, CURRENT));
  if (before !== undefined) await writeAtomic(join(home.self, PREVIOUS), `${before}\n`);
}

/** What the launcher starts where polyenv came as an archive; `undefined` where it did not. */
export function ownLauncher(
  home: Home,
  program: string,
): { readonly node: string; readonly program: string } | undefined {
  const inside = program.startsWith(`${home.self}${sep}`);
  const root = inside && currentOf(home) !== undefined ? join(home.self, CURRENT) : dirname(dirname(program));
  const node = join(root, 'node', 'bin', 'node');
  return existsSync(node) ? { node, program: join(root, 'dist', 'polyenv.cjs') } : undefined;
}

/** The version below `self/` that holds the program. */
export function ownVersionOf(home: Home, program: string): string | undefined {
  if (!program.startsWith(`${home.self}${sep}`)) return undefined;
  return program.slice(home.self.length + 1).split(sep)[0];
}

export function originOf(home: Home, program: string): Origin {
  if (ownVersionOf(home, program) !== undefined) return 'archive';
  const root = dirname(dirname(program));
  if (/\/Cellar\/polyenv\//.test(root)) return 'homebrew';
  if (root === '/usr/lib/polyenv') return 'package';
  if (root.endsWith('/node_modules/polyenv'))
    return /\/lib\/node_modules\/polyenv$/.test(root) || existsSync(join(dirname(dirname(root)), 'bin', 'polyenv'))
      ? 'npm-global'
      : 'npm-project';
  if (existsSync(join(root, 'node', 'bin', 'node'))) return 'archive';
  return 'source';
}

const CURRENT = 'current';
const PREVIOUS = 'previous';

function currentOf(home: Home): string | undefined {
  try {
    const target = readlinkSync(join(home.self, CURRENT));
    return /^\d[\w.+-]*$/.test(target) && existsSync(ownFolder(home, target)) ? target : undefined;
  } catch {
    return undefined;
  }
}
