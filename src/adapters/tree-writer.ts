import { createHash, type Hash, hash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Recipe } from '../domain/artifact';
import { PolyenvError } from '../domain/errors';
import { quoted } from '../domain/printable';
import { errorCode, translateFsError } from './fs';

/** What an archive's reader found. Names are the archive's own, unchecked. */
export interface Member {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'hardlink';
  /** Permission bits; `undefined` where the format carries none. */
  readonly mode: number | undefined;
  /** Bytes that follow, of a file; else 0. */
  readonly size: number;
  /** Of links, as written in the archive. */
  readonly target?: string;
}

/** A reader calls `begin`, then `data` until the size is reached, then `end`, for each member in turn. */
export interface MemberSink {
  begin(member: Member): void;
  data(chunk: Uint8Array): void;
  end(): void;
}

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
  /** Makes the links and copies, and says what there is. Throws `archive-invalid` if nothing was below the recipe's root. */
  finish(): Unpacked;
  /** Takes back all that was written, and nothing else. */
  rollback(): void;
  /** sha256 in hex of every file of the archive by its name there, written or not: for Go's `h1`. */
  readonly names: ReadonlyMap<string, string>;
}

export interface Limits {
  /** Members of any kind. */
  readonly entries: number;
  /** Of all files together. */
  readonly bytes: number;
  /** Folders within folders. */
  readonly depth: number;
  /** Of one name, and of a whole path or target. */
  readonly nameBytes: number;
  readonly pathBytes: number;
}

/** The largest toolchain known has 60,000 files and 1.5 GB. */
export const LIMITS: Limits = {
  entries: 300_000,
  bytes: 8 * 2 ** 30,
  depth: 100,
  nameBytes: 255,
  pathBytes: 4096,
};

export interface WriterOptions {
  /** The toolchain's root: exists, is ours, and is a folder. */
  readonly into: string;
  readonly recipe: Recipe;
  readonly limits?: Partial<Limits>;
}

/**
 * Writes the members of a hostile archive below `into`, and nowhere else. Files are created with O_EXCL and O_NOFOLLOW in
 * folders that this writer made or saw to be folders. Symbolic links are only made in `finish`, after the whole archive
 * was read and proved, so nothing can be written through one; their targets are `../` steps that stay inside, then
 * names, so that no chain of them leads out (`checkTarget`). Throws `archive-refused` naming the member.
 */
export function openTreeWriter({ into, recipe, limits: given }: WriterOptions): TreeWriter {
  const limits = { ...LIMITS, ...given };
  const archiveRoot = partsOf(recipe.root);
  const place = partsOf(recipe.place ?? '');
  const skipped = new Set(recipe.skip ?? []);
  const executables = (recipe.executables ?? []).map(globPattern);
  const files = new Map<string, UnpackedFile>();
  const links = new Map<string, string>();
  const folders = new Set<string>();
  const made: string[] = [];
  const folded = new Map<string, string>();
  const digests = new Map<string, string>();
  let entries = 0;
  let bytes = 0;
  /** Bits that the umask takes away, seen at the first file. */
  let masked: number | undefined;
  let current: Open | undefined;

  ensureFolder(place.join('/'), recipe.place ?? '');

  return { begin, data, end, finish, rollback, names: digests };

  function begin(member: Member): void {
    entries += 1;
    if (entries > limits.entries) refuse(member.name, `is one of more than ${limits.entries} members`);
    bytes += member.size;
    if (bytes > limits.bytes) refuse(member.name, `makes it larger than ${limits.bytes} bytes`);
    const parts = checkName(member.name);
    const path = placed(parts, member);
    const size = member.size;
    const common = { name: member.name, archivePath: parts.join('/'), left: size, size };
    if (path === undefined) {
      current = { ...common, hash: member.kind === 'file' ? createHash('sha256') : undefined };
      return;
    }
    if (member.kind === 'file') {
      current = { ...common, ...createFile(path, member), hash: undefined };
      return;
    }
    current = { ...common, hash: undefined };
    if (member.kind === 'folder') ensureFolder(path, member.name);
    else if (member.kind === 'link') addLink(path, member);
    else addHardLink(path, member);
  }

  function data(chunk: Uint8Array): void {
    const open = current;
    if (open === undefined) throw new Error('data outside a member');
    // The usual case, a file whole in one chunk, is hashed in one call.
    const whole = open.hash === undefined && open.left === open.size && chunk.length === open.size;
    if (whole) open.digest = hash('sha256', chunk);
    else {
      open.hash ??= createHash('sha256');
      open.hash.update(chunk);
    }
    open.left -= chunk.length;
    if (open.descriptor === undefined) return;
    try {
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(open.descriptor, chunk, offset);
    } catch (error) {
      throw translateFsError(error, join(into, open.path ?? '')) ?? error;
    }
  }

  function end(): void {
    const open = current;
    current = undefined;
    if (open === undefined) return;
    if (open.left !== 0) refuse(open.name, 'is not as long as it says');
    const digest = open.digest ?? open.hash?.digest('hex') ?? EMPTY;
    const isFile = open.descriptor !== undefined || open.hash !== undefined || open.digest !== undefined;
    if (isFile) digests.set(open.archivePath, digest);
    if (open.descriptor === undefined || open.path === undefined) return;
    closeSync(open.descriptor);
    files.set(open.path, { path: open.path, mode: open.mode ?? 0o444, size: open.size, digest });
  }

  function finish(): Unpacked {
    if (files.size === 0) {
      throw new PolyenvError(
        'archive-invalid',
        recipe.root === '' ? 'the archive holds no file' : `the archive holds no file below ${quoted(recipe.root)}`,
        { hint: 'the place that it came from may serve something else: polyenv settings get mirrors' },
      );
    }
    for (const { from, to } of recipe.copies ?? []) copyBeside(from, to);
    for (const [path, target] of links) makeLink(path, target);
    for (const { path, target } of recipe.links ?? []) {
      const parts = checkName(path);
      const at = parts.join('/');
      if (files.has(at) || links.has(at) || folders.has(at)) continue;
      ensureFolder(parts.slice(0, -1).join('/'), path);
      checkTarget(path, { parts, target, below: [] });
      links.set(at, target);
      makeLink(at, target);
    }
    const linked = [...links].map(([path, link]) => ({ path, mode: 0o777, size: 0, link }));
    const written = [...files.values()];
    return { files: [...written, ...linked], bytes: written.reduce((sum, file) => sum + file.size, 0) };
  }

  function rollback(): void {
    if (current?.descriptor !== undefined) closeSync(current.descriptor);
    current = undefined;
    for (const path of made.reverse()) {
      try {
        if (folders.has(path)) rmdirSync(join(into, path));
        else unlinkSync(join(into, path));
      } catch {
        // A folder in which another part has files stays; what is gone is gone.
      }
    }
    made.length = 0;
  }

  function refuse(name: string, why: string): never {
    throw new PolyenvError('archive-refused', `the archive's member ${quoted(name, 120)} ${why}`, {
      hint: 'nothing was installed; report it to whoever publishes the archive',
    });
  }

  function checkName(name: string): readonly string[] {
    if (name === '') refuse(name, 'has no name');
    if (name.startsWith('/')) refuse(name, 'has an absolute name');
    if (CONTROL.test(name) || name.includes('\uFFFD')) refuse(name, 'has unreadable characters');
    if (Buffer.byteLength(name) > limits.pathBytes) refuse(name, `has a name of more than ${limits.pathBytes} bytes`);
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) refuse(name, 'leaves its folder by ".."');
    if (parts.length > limits.depth) refuse(name, `lies deeper than ${limits.depth} folders`);
    const long = parts.find((part) => part.length > 63 && Buffer.byteLength(part) > limits.nameBytes);
    if (long !== undefined) refuse(name, `has a name of more than ${limits.nameBytes} bytes`);
    return parts;
  }

  /** Where a member goes below `into`; `undefined` if the recipe does not take it. */
  function placed(parts: readonly string[], { name, kind }: Member): string | undefined {
    const depth = archiveRoot.length;
    const inside = archiveRoot.every((part, index) => parts[index] === part || parts.length <= index);
    if (!inside || parts.length < depth) {
      // The root, or a folder above it, must be a folder.
      if (inside && kind !== 'folder') refuse(name, 'stands where a folder must be');
      return undefined;
    }
    if (parts.length === depth) {
      if (kind !== 'folder') refuse(name, 'stands where a folder must be');
      return place.join('/');
    }
    if (skipped.has(parts[depth] ?? '')) return undefined;
    const wanted = [...place, ...parts.slice(depth)];
    const path = wanted.join('/');
    // A folder that is one stays one.
    const isDirect = links.size === 0 || folders.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    return isDirect ? path : throughLink(wanted, name);
  }

  /**
   * A member may name its folder by one link to a folder of the same archive, as tar would write it; not by a chain of
   * them, and not by a link to a folder above itself.
   */
  function throughLink(parts: readonly string[], name: string): string {
    for (let count = 1; count < parts.length; count += 1) {
      const prefix = parts.slice(0, count).join('/');
      const target = links.get(prefix);
      if (target === undefined) continue;
      const real = resolveTarget(parts.slice(0, count - 1), target)?.join('/') ?? '';
      const above = real === '' || `${prefix}/`.startsWith(`${real}/`);
      if (above || !folders.has(real)) refuse(name, `goes through the link ${quoted(prefix)}`);
      const rest = [...real.split('/'), ...parts.slice(count)];
      for (let index = 1; index < rest.length; index += 1) {
        if (links.has(rest.slice(0, index).join('/'))) refuse(name, `goes through the link ${quoted(prefix)}`);
      }
      return rest.join('/');
    }
    return parts.join('/');
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
    const target = join(into, path);
    try {
      mkdirSync(target, 0o755);
      made.push(path);
      // A umask that forbids ourselves to enter is not honoured.
      if ((lstatSync(target).mode & 0o700) !== 0o700) chmodSync(target, 0o700);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw translateFsError(error, target) ?? error;
      // Another part of the toolchain may have made it.
      if (!lstatSync(target).isDirectory()) refuse(name, `needs the folder ${quoted(path)}, which is something else`);
    }
    folders.add(path);
  }

  function prepareEntry(path: string, name: string): void {
    if (files.has(path) || links.has(path) || folders.has(path)) refuse(name, 'is there twice');
    ensureFolder(path.slice(0, Math.max(0, path.lastIndexOf('/'))), name);
    register(path, name);
  }

  function createFile(path: string, member: Member): Pick<Open, 'path' | 'descriptor' | 'mode'> {
    prepareEntry(path, member.name);
    const below = place.length === 0 ? path : path.slice(place.join('/').length + 1);
    const executable = ((member.mode ?? 0) & 0o100) !== 0 || executables.some((pattern) => pattern.test(below));
    const wanted = executable ? 0o555 : 0o444;
    const target = join(into, path);
    let descriptor: number;
    try {
      descriptor = openSync(target, NEW_FILE, wanted);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') refuse(member.name, 'is already there, or was made by another part');
      throw translateFsError(error, target) ?? error;
    }
    made.push(path);
    masked ??= wanted & ~fstatSync(descriptor).mode;
    // A umask that forbids ourselves to read is not honoured.
    if ((masked & 0o700) !== 0) fchmodSync(descriptor, wanted);
    return { path, descriptor, mode: (masked & 0o700) !== 0 ? wanted : wanted & ~masked };
  }

  function addLink(path: string, { name, target = '' }: Member): void {
    prepareEntry(path, name);
    checkTarget(name, { parts: path.split('/'), target, below: place });
    links.set(path, target);
  }

  /**
   * Only steps up that stay inside, then names. The folder of a link is a real one, so its steps up lead where they say;
   * names lead down, or through another such link: hence no chain leads out, whatever the order, whichever part made it.
   */
  function checkTarget(
    name: string,
    link: { readonly parts: readonly string[]; readonly target: string; readonly below: readonly string[] },
  ): void {
    const { target, parts, below } = link;
    const shown = quoted(target, 120);
    if (target === '') refuse(name, 'is a link to nothing');
    if (target.startsWith('/')) refuse(name, `is a link to the absolute path ${shown}`);
    if (CONTROL.test(target) || target.includes('\uFFFD')) {
      refuse(name, 'is a link with unreadable characters');
    }
    if (Buffer.byteLength(target) > limits.pathBytes) refuse(name, 'is a link with too long a target');
    const steps = target.split('/').filter((step) => step !== '' && step !== '.');
    const named = steps.findIndex((step) => step !== '..');
    if (named !== -1 && steps.indexOf('..', named) !== -1) refuse(name, `is a link that winds: ${shown}`);
    const reached = resolveTarget(parts.slice(0, -1), target);
    const inside = reached !== undefined && below.every((part, index) => reached[index] === part);
    if (!inside) refuse(name, `is a link that leads out: ${shown}`);
  }

  function makeLink(path: string, target: string): void {
    const at = join(into, path);
    try {
      symlinkSync(target, at);
      made.push(path);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') refuse(path, 'is already there, or was made by another part');
      throw translateFsError(error, at) ?? error;
    }
  }

  /** To a file that this writer wrote itself, by its name in the archive. */
  function addHardLink(path: string, member: Member): void {
    const original = placed(checkName(member.target ?? ''), { ...member, name: member.target ?? '', kind: 'file' });
    const file = original === undefined ? undefined : files.get(original);
    if (original === undefined || file === undefined) {
      refuse(member.name, `is a hard link to what is no file before it: ${quoted(member.target ?? '', 120)}`);
    }
    prepareEntry(path, member.name);
    repeatFile(original, path);
  }

  /** The same file under a second name: a hard link, or a copy where the file system has none. */
  function repeatFile(from: string, to: string): void {
    const file = files.get(from);
    if (file === undefined) return;
    const [source, target] = [join(into, from), join(into, to)];
    try {
      try {
        linkSync(source, target);
      } catch (error) {
        if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(errorCode(error) ?? '')) throw error;
        bytes += file.size;
        if (bytes > limits.bytes) refuse(to, `makes it larger than ${limits.bytes} bytes`);
        copyFileSync(source, target, constants.COPYFILE_EXCL);
      }
    } catch (error) {
      throw translateFsError(error, target) ?? error;
    }
    made.push(to);
    files.set(to, { ...file, path: to });
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

interface Open {
  readonly name: string;
  readonly archivePath: string;
  readonly size: number;
  left: number;
  hash: Hash | undefined;
  digest?: string;
  readonly path?: string;
  readonly descriptor?: number;
  readonly mode?: number;
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

const EMPTY = createHash('sha256').digest('hex');

/** C0, DEL and C1. */
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

/** terminfo names its entries with and without capitals (`2621a`, `2621A`): genuine Python archives hold them. */
const CASE_MATTERS = /^(.*?(?:^|\/)terminfo\/)(.*)$/;

/** What a file system that folds case and normal forms may take for the same path. */
function foldedPath(path: string): string {
  const [, above, below] = CASE_MATTERS.exec(path) ?? [];
  if (above !== undefined) return `${fold(above)}${below}`;
  return fold(path);
}

function fold(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return text.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
}

/** The folders and name reached from a folder, lexically; `undefined` above the root. */
function resolveTarget(folder: readonly string[], target: string): readonly string[] | undefined {
  const reached = [...folder];
  for (const step of target.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') reached.push(step);
    else if (reached.pop() === undefined) return undefined;
  }
  return reached;
}

/** Of a recipe: ours, but checked all the same. */
function partsOf(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.startsWith('/') || path.includes('\0')) {
    throw new PolyenvError('path-refused', `${quoted(path)} is no place in a toolchain`);
  }
  return parts;
}

/** `*` within a name, `**` across folders. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*\*\/?|\*|[^*]/g, (piece) => {
    if (piece === '**/') return '(?:.*/)?';
    if (piece === '**') return '.*';
    return piece === '*' ? '[^/]*' : piece.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
