import { join, relative } from 'node:path';
import type { Recipe } from '../../domain/runtime/artifact';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import { translateFsError } from '../files/fs-errors';
import { FileFailure, openFileWriter, type Written } from './file-writer';
import { openMadeEntries } from './made-entries';
import { LIMITS, type Limits, type Member, type MemberSink } from './member';
import { checkName, checkTarget, foldedPath, refuse } from './member-names';
import { openPlaces } from './member-place';
import { globPattern, partsOf } from './recipe-paths';

/** What became of one part: paths relative to the toolchain's root. */
export interface Unpacked {
  readonly files: readonly UnpackedFile[];
  /** Of all files together. */
  readonly bytes: number;
}

export interface UnpackedFile {
  readonly path: string;
  /** As on the disk: 0444 or 0555, lessened by the umask; 0777 for links. */
  readonly mode: number;
  readonly size: number;
  /** sha256, hex; absent for links. */
  readonly digest?: string;
  readonly link?: string;
}

export interface TreeWriter extends MemberSink {
  /** All files are written. Then every file of the archive has its sha256 (hex) by its name there: for Go's `h1`. */
  settle(): Promise<ReadonlyMap<string, string>>;
  /** Settles, makes the links and copies, and says what there is. Throws `archive-invalid` if nothing was below the root. */
  finish(): Promise<Unpacked>;
  /** Takes back all that was written, and nothing else. */
  rollback(): Promise<void>;
}

export interface WriterOptions {
  /** The toolchain's root: exists, is ours, and is a folder. */
  readonly into: string;
  readonly recipe: Recipe;
  readonly limits?: Partial<Limits>;
}

/**
 * Writes the members of a hostile archive below `into`, and nowhere else. Files are created with O_EXCL and O_NOFOLLOW (`file-writer`) in
 * folders that this writer made or saw to be folders. Symbolic links are only made in `finish`, after the whole archive
 * was read and proved, so nothing can be written through one; their targets are `../` steps that stay inside, then
 * names, so that no chain of them leads out (`checkTarget`). Throws `archive-refused` naming the member.
 */
export function openTreeWriter({ into, recipe, limits: given }: WriterOptions): TreeWriter {
  const limits = { ...LIMITS, ...given };
  const place = partsOf(recipe.place ?? '');
  const executables = (recipe.executables ?? []).map(globPattern);
  const files = new Map<string, FileEntry>();
  const hardLinks = new Map<string, string>();
  const links = new Map<string, string>();
  const folders = new Set<string>();
  /** In the order in which the files were begun: every one of the archive, and those of them that are written. */
  const archivePaths: string[] = [];
  const filePaths: string[] = [];
  const folded = new Map<string, string>();
  const writer = openFileWriter();
  const made = openMadeEntries(into);
  const placeOf = openPlaces(recipe, { links, folders });
  let settled: { readonly names: ReadonlyMap<string, string>; readonly written: Written } | undefined;
  let entries = 0;
  let bytes = 0;
  let current: { readonly member: Member; left: number } | undefined;

  ensureFolder(place.join('/'), recipe.place ?? '');

  return { begin, data, end, flush, settle, finish, rollback };

  function begin(member: Member): void {
    entries += 1;
    if (entries > limits.entries) refuse(member.name, `is one of more than ${limits.entries} members`);
    bytes += member.size;
    if (bytes > limits.bytes) refuse(member.name, `makes it larger than ${limits.bytes} bytes`);
    const parts = checkName(member.name, limits);
    const path = placeOf(parts, member);
    current = { member, left: member.size };
    if (member.kind === 'file') {
      const target = path === undefined ? '' : addFile(path, member);
      archivePaths.push(parts.join('/'));
      writer.open(target, modeOf(path ?? '', member), member.size);
    } else if (path !== undefined) {
      if (member.kind === 'folder') ensureFolder(path, member.name);
      else if (member.kind === 'link') addLink(path, member);
      else addHardLink(path, member);
    }
  }

  function data(chunk: Uint8Array): void {
    if (current === undefined) throw new Error('data outside a member');
    current.left -= chunk.length;
    writer.write(chunk);
  }

  function end(): void {
    if (current === undefined) return;
    const { member, left } = current;
    if (left !== 0) refuse(member.name, 'is not as long as it says');
    if (member.kind === 'file') writer.close();
    current = undefined;
  }

  async function flush(given?: Uint8Array): Promise<void> {
    await writer.flush(given).catch(explain);
  }

  async function settle(): Promise<ReadonlyMap<string, string>> {
    if (settled === undefined) {
      const written = await writer.finish().catch(explain);
      const names = new Map(archivePaths.map((name, index) => [name, written.digests[index] ?? '']));
      settled = { names, written };
    }
    return settled.names;
  }

  async function finish(): Promise<Unpacked> {
    if (files.size === 0) {
      throw new PolyenvError(
        'archive-invalid',
        recipe.root === '' ? 'the archive holds no file' : `the archive holds no file below ${quoted(recipe.root)}`,
        { hint: 'the place that it came from may serve something else: polyenv settings get mirrors' },
      );
    }
    const names = await settle();
    const masked = settled?.written.masked ?? 0;
    for (const [path, original] of hardLinks) repeatFile(original, path);
    for (const { from, to } of recipe.copies ?? []) copyBeside(from, to);
    for (const [path, target] of links) made.link(path, target);
    for (const { path, target } of recipe.links ?? []) {
      const parts = checkName(path, limits);
      const at = parts.join('/');
      if (files.has(at) || links.has(at) || folders.has(at)) continue;
      ensureFolder(parts.slice(0, -1).join('/'), path);
      checkTarget(path, { parts, target, below: [] }, limits);
      links.set(at, target);
      made.link(at, target);
    }
    const written = [...files].map(([path, { mode, size, archivePath }]) => ({
      path,
      mode: (masked & 0o700) !== 0 ? mode : mode & ~masked,
      size,
      digest: names.get(archivePath) ?? '',
    }));
    const linked = [...links].map(([path, target]) => ({ path, mode: 0o777, size: 0, link: target }));
    return { files: [...written, ...linked], bytes: written.reduce((sum, file) => sum + file.size, 0) };
  }

  async function rollback(): Promise<void> {
    current = undefined;
    const created = await writer.stop();
    made.takeBack(filePaths.slice(0, created));
    filePaths.length = 0;
  }

  function explain(error: unknown): never {
    if (!(error instanceof FileFailure)) throw error;
    if (error.code === 'EEXIST') refuse(relative(into, error.path), 'is already there, or was made by another part');
    throw translateFsError(error, error.path) ?? error;
  }

  function register(path: string, name: string): void {
    const key = foldedPath(path);
    const other = folded.get(key);
    if (other !== undefined && other !== path) {
      refuse(name, `differs from ${quoted(other)} only by case or by its way of writing accents`);
    }
    folded.set(key, path);
  }

  function ensureFolder(path: string, name: string): void {
    if (path === '' || folders.has(path)) return;
    const slash = path.lastIndexOf('/');
    if (slash > 0) ensureFolder(path.slice(0, slash), name);
    if (files.has(path) || links.has(path))
      refuse(name, `needs the folder ${quoted(path)}, which is a file or link there`);
    register(path, name);
    made.folder(path, () => refuse(name, `needs the folder ${quoted(path)}, which is something else`));
    folders.add(path);
  }

  function prepareEntry(path: string, name: string): void {
    if (files.has(path) || links.has(path) || folders.has(path)) refuse(name, 'is there twice');
    ensureFolder(path.slice(0, Math.max(0, path.lastIndexOf('/'))), name);
    register(path, name);
  }

  /** The absolute path to write to. */
  function addFile(path: string, member: Member): string {
    prepareEntry(path, member.name);
    const archivePath = checkName(member.name, limits).join('/');
    files.set(path, { mode: modeOf(path, member), size: member.size, archivePath });
    filePaths.push(path);
    return join(into, path);
  }

  function modeOf(path: string, member: Member): number {
    const below = place.length === 0 ? path : path.slice(place.join('/').length + 1);
    const executable = ((member.mode ?? 0) & 0o100) !== 0 || executables.some((pattern) => pattern.test(below));
    return executable ? 0o555 : 0o444;
  }

  function addLink(path: string, { name, target = '' }: Member): void {
    prepareEntry(path, name);
    checkTarget(name, { parts: path.split('/'), target, below: place }, limits);
    links.set(path, target);
  }

  /** To a file of the archive before it; made in `finish`, when that is written. */
  function addHardLink(path: string, member: Member): void {
    const original = placeOf(checkName(member.target ?? '', limits), {
      ...member,
      name: member.target ?? '',
      kind: 'file',
    });
    const file = original === undefined ? undefined : files.get(original);
    // guard: hard-link
    if (original === undefined || file === undefined) {
      refuse(member.name, `is a hard link to what is no file before it: ${quoted(member.target ?? '', 120)}`);
    }
    prepareEntry(path, member.name);
    files.set(path, file);
    hardLinks.set(path, original);
  }

  function repeatFile(from: string, to: string): void {
    const file = files.get(from);
    if (file === undefined) return;
    made.again(from, to, () => {
      bytes += file.size;
      if (bytes > limits.bytes) refuse(to, `makes it larger than ${limits.bytes} bytes`);
    });
    files.set(to, file);
  }

  function copyBeside(from: string, to: string): void {
    for (const path of [...files.keys()]) {
      const slash = path.lastIndexOf('/');
      if (path.slice(slash + 1) !== from) continue;
      const beside = `${path.slice(0, slash + 1)}${to}`;
      if (files.has(beside) || links.has(beside) || folders.has(beside)) continue;
      register(beside, beside);
      repeatFile(path, beside);
    }
  }
}

interface FileEntry {
  readonly mode: number;
  readonly size: number;
  readonly archivePath: string;
}
