import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, lstat, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Tree } from '../../domain/runtime/layout';
import type { PlatformKey } from '../../domain/runtime/platform';
import { decodeReceipt, encodeReceipt } from '../../domain/toolchain/receipt';
import { isStoreKey, type Toolchain } from '../../domain/toolchain/toolchain';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import type { UnpackedFile } from '../archives/tree-writer';
import { ensureFolder, namesIn, readTextIfAny, removeTree } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import { type Home, joinInside } from '../home/paths';

/** One file of a toolchain as it was unpacked; `verify` compares against it. */
export type StoredFile = UnpackedFile;

/** The toolchain of that key, if it is whole: its receipt and its tree. A damaged one is `undefined` here and told by `damagedKeys`. */
export async function findToolchain(home: Home, key: string): Promise<Toolchain | undefined> {
  if (!isStoreKey(key)) return undefined;
  const text = await readTextIfAny(receiptPath(home, key));
  const toolchain = text === undefined ? undefined : decodeReceipt(text, { key, store: home.store });
  return toolchain !== undefined && existsSync(toolchain.root) ? toolchain : undefined;
}

/** Every whole toolchain, by key. */
export async function listToolchains(home: Home): Promise<readonly Toolchain[]> {
  const found: Toolchain[] = [];
  for (const key of await receiptKeys(home)) {
    const toolchain = await findToolchain(home, key);
    if (toolchain !== undefined) found.push(toolchain);
  }
  return found;
}

/** Keys of trees without a readable receipt, and of receipts without a tree. */
export async function damagedKeys(home: Home): Promise<readonly string[]> {
  const names = await namesIn(home.store);
  const keys = new Set(names.filter((name) => !name.endsWith('.json') && isStoreKey(name)));
  for (const key of await receiptKeys(home)) keys.add(key);
  const damaged: string[] = [];
  for (const key of keys) if ((await findToolchain(home, key)) === undefined) damaged.push(key);
  return damaged.sort();
}

/**
 * Makes a staged tree a toolchain. The receipt is durable first, then one rename of the tree is the fact: without the
 * tree a receipt says nothing, and a tree never stands without the receipt that describes it.
 */
export async function publishToolchain(
  home: Home,
  toolchain: Toolchain,
  staged: { readonly root: string; readonly files: readonly StoredFile[] },
): Promise<void> {
  const target = joinInside(home.store, toolchain.key);
  await ensureFolder(home.store);
  await removeToolchain(home, toolchain.key);
  await writeAtomic(filesPath(home, toolchain.key), encodeFiles(staged.files), { mode: 0o444 });
  await writeAtomic(receiptPath(home, toolchain.key), encodeReceipt(toolchain), { mode: 0o444 });
  await rename(staged.root, target);
  await chmod(target, 0o555);
}

/** Records a toolchain that this machine already has. */
export async function recordLink(home: Home, toolchain: Toolchain): Promise<void> {
  await ensureFolder(home.store);
  await writeAtomic(receiptPath(home, toolchain.key), encodeReceipt(toolchain), { mode: 0o444 });
}

/** The tree goes first, by one rename out of the store, so that an interrupted removal leaves no half a toolchain. */
export async function removeToolchain(home: Home, key: string): Promise<void> {
  const target = joinInside(home.store, key);
  // guard: removal-key
  if (!isStoreKey(key)) throw new PolyenvError('path-refused', `${JSON.stringify(key)} is no name of a toolchain`);
  const grave = join(home.tmp, `removed-${key}`);
  try {
    await removeTree(grave);
    if (!(await lstat(target)).isSymbolicLink()) await chmod(target, 0o755);
    await ensureFolder(dirname(grave));
    await rename(target, grave);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await removeTree(receiptPath(home, key));
  await removeTree(filesPath(home, key));
  await removeTree(grave);
}

/** The files of a toolchain as recorded when it was unpacked; `undefined` for a linked one. Throws `state-invalid`. */
export async function storedFiles(home: Home, key: string): Promise<readonly StoredFile[] | undefined> {
  const text = await readTextIfAny(filesPath(home, key));
  return text === undefined ? undefined : decodeFiles(text, filesPath(home, key));
}

function receiptPath(home: Home, key: string): string {
  return joinInside(home.store, `${key}.json`);
}

/** A toolchain's folder for its runtime's `layout`. */
export function readTree(root: string, version: Version, platform: PlatformKey): Tree {
  return {
    version,
    platform,
    has: (path) => existsSync(join(root, path)),
    list: (folder) => {
      try {
        return readdirSync(join(root, folder)).sort();
      } catch {
        return [];
      }
    },
  };
}

export function isExecutableFile(path: string): boolean {
  try {
    const found = statSync(path);
    return found.isFile() && (found.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** Names of the programs directly in a folder; empty if there is no such folder. */
export function executablesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => isExecutableFile(join(folder, name)));
  } catch {
    return [];
  }
}

function filesPath(home: Home, key: string): string {
  return joinInside(home.store, `${key}.files.json`);
}

async function receiptKeys(home: Home): Promise<readonly string[]> {
  return (await namesIn(home.store))
    .filter((name) => name.endsWith('.json') && !name.endsWith('.files.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .filter(isStoreKey)
    .sort();
}

/** Arrays, not objects: a JDK or a Go has ten thousand rows. */
function encodeFiles(files: readonly StoredFile[]): string {
  const rows = files.map((file) =>
    JSON.stringify([file.path, file.mode, file.size, file.digest ?? '', file.link ?? '']),
  );
  return `{"schema":1,"files":[\n${rows.join(',\n')}\n]}\n`;
}

function decodeFiles(text: string, path: string): readonly StoredFile[] {
  try {
    const { schema, files } = JSON.parse(text) as { schema: unknown; files: unknown };
    if (schema !== 1 || !Array.isArray(files)) throw new TypeError('not a list of files');
    return files.map((row: unknown) => {
      const [file, mode, size, digest, link] = row as [string, number, number, string, string];
      if (typeof file !== 'string' || typeof mode !== 'number' || typeof size !== 'number')
        throw new TypeError('bad row');
      return { path: file, mode, size, ...(digest && { digest }), ...(link && { link }) };
    });
  } catch (error) {
    throw new PolyenvError('state-invalid', "the list of a toolchain's files cannot be read", {
      where: { file: path },
      hint: 'polyenv verify --repair',
      cause: error,
    });
  }
}
