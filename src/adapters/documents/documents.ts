import { closeSync, constants, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import { JsonFault, readJson } from '../../domain/formats/json-document';
import { readXml, XmlFault } from '../../domain/formats/xml-document';
import type { Document } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { printable } from '../../domain/words/printable';
import { errorCode } from '../files/fs-errors';
import { realPathIfAny } from '../files/real-path';
import { parseToml } from './toml';

/** Bytes. A larger version file is refused before it is parsed. */
export const DOCUMENT_LIMIT = 1024 * 1024;

export interface DocumentOptions {
  /** Absolute. Also how messages name it. */
  readonly path: string;
  /** Absolute: siblings outside of it, by their real path too, are not opened. Only asked for a sibling. */
  readonly boundary: () => string;
  /** The caller's variables; absent where none has a say. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** This machine, for files that say something for some machines alone. */
  readonly machine?: { readonly os: string; readonly arch: string };
  /** Called with the path of every sibling that was asked for. */
  readonly onSibling?: (path: string, found: 'present' | 'absent') => void;
}

/**
 * The file as a document, or `undefined` if there is no regular file (or link to one) of that name. Throws
 * `pin-file-invalid` if it is too large, cannot be read, or is not text in UTF-8.
 */
export function openDocument(options: DocumentOptions): Document | undefined {
  const text = readDocumentText(options.path);
  return text === undefined ? undefined : documentOf(options, text);
}

/** What stands at the path where a file is wanted: a folder, a link to nothing, a pipe. `undefined` where there is nothing, or a file. */
export function strangerAt(path: string): 'a folder' | 'a link to nothing' | 'no regular file' | undefined {
  const found = statIfAny(path, lstatSync);
  if (found === undefined || found.isFile() || !isNamedExactly(path)) return undefined;
  const target = found.isSymbolicLink() ? statIfAny(path) : found;
  if (target === undefined) return 'a link to nothing';
  if (target.isDirectory()) return 'a folder';
  return target.isFile() ? undefined : 'no regular file';
}

/** The file's text without a byte order mark, by the rules of `openDocument`. */
export function readDocumentText(path: string): string | undefined {
  const bytes = readBytes(path);
  return bytes === undefined ? undefined : decodeText(bytes, path);
}

/** The nearest folder, from `folder` up, that a repository begins in; else `folder` itself. */
export function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (statIfAny(join(at, '.git')) !== undefined) return at;
    if (dirname(at) === at) return folder;
  }
}

/**
 * How far up a file of `folder` may name another one: the person's home folder, and outside of it the file system's root.
 * A workspace is found by its own rules, whether or not a repository begins somewhere on the way.
 */
export function reachOf(folder: string, personHome: string): string {
  return isInside(personHome, folder) ? personHome : parse(folder).root;
}

/** A text as the document that the file would be if it held it. */
export function documentOf(options: DocumentOptions, text: string): Document {
  const { path } = options;
  let json: ReturnType<typeof parseJson> | undefined;
  let toml: ReturnType<typeof parseToml> | undefined;
  const asJson = () => {
    json ??= parseJson(text, path);
    return json;
  };
  const asToml = () => {
    toml ??= parseToml(text, path, { code: 'pin-file-invalid', limit: DOCUMENT_LIMIT, hint: HINT });
    return toml;
  };
  return {
    path,
    text,
    lines: text.split(/\r\n|\r|\n/),
    json: () => asJson().value,
    toml: () => asToml().value,
    xml: () => parseXml(text, path),
    lineOf: (...keys) => (json ?? toml)?.lineOf(...keys) ?? 1,
    variable: (name) => options.variables?.[name] || undefined,
    ...present({ machine: options.machine }),
    sibling: (name) => openSibling(options, name),
  };
}

function openSibling(options: DocumentOptions, name: string): Document | undefined {
  const { path, boundary, onSibling } = options;
  const target = resolve(dirname(path), name);
  const root = boundary();
  const allowed = name !== '' && !name.includes('\0') && !isAbsolute(name) && isInside(root, target);
  const real = allowed ? realPathIfAny(target) : undefined;
  const realBoundary = realPathIfAny(root) ?? root;
  const opened =
    real !== undefined && isInside(realBoundary, real) ? openDocument({ ...options, path: target }) : undefined;
  if (allowed) onSibling?.(target, opened === undefined ? 'absent' : 'present');
  return opened;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function readBytes(path: string): Buffer | undefined {
  if (statIfAny(path)?.isFile() !== true || !isNamedExactly(path)) return undefined;
  let file: number;
  try {
    // A pipe that takes the file's place in the meantime must not block.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new PolyenvError('pin-file-invalid', 'the file cannot be read', {
      where: { file: path },
      hint: `see who may: ls -l ${JSON.stringify(path)}`,
      cause: error,
    });
  }
  try {
    // Not by the size that the system tells: that is 0 where a file is made while it is read.
    const buffer = Buffer.allocUnsafe(DOCUMENT_LIMIT + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(file, buffer, length, buffer.length - length, length);
    }
    if (length > DOCUMENT_LIMIT) throw invalid(path, { line: 1 }, `the file is larger than ${DOCUMENT_LIMIT} bytes`);
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Where names that differ in case are one, `.NVMRC` answers for `.nvmrc`: a project means the same there as everywhere else. */
function isNamedExactly(path: string): boolean {
  const [folder, name] = [dirname(path), basename(path)];
  const [upper, lower] = [name.toUpperCase(), name.toLowerCase()];
  // One look tells most file systems apart from those; a folder may hold a hundred thousand names.
  if (statIfAny(join(folder, name === upper ? lower : upper)) === undefined) return true;
  try {
    const wanted = name.normalize();
    return readdirSync(folder).some((one) => one.normalize() === wanted);
  } catch {
    return true;
  }
}

function decodeText(bytes: Buffer, path: string): string {
  const nul = bytes.indexOf(0);
  if (nul !== -1)
    throw invalid(path, { line: lineAt(bytes, nul) }, 'the file holds a NUL byte: it is not text in UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const text = bytes.toString('utf8');
    const bad = text.indexOf('\ufffd');
    const line = text.slice(0, Math.max(bad, 0)).split('\n').length;
    throw invalid(path, { line, cause: error }, 'the file is not text in UTF-8');
  }
}

function lineAt(bytes: Buffer, end: number): number {
  let line = 1;
  for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1)) line += 1;
  return line;
}

function parseJson(text: string, path: string): ReturnType<typeof readJson> {
  try {
    return readJson(text);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw invalid(path, { line: error.line, column: error.column, cause: error }, `it is not JSON: ${error.message}`);
  }
}

function parseXml(text: string, path: string): ReturnType<typeof readXml> {
  try {
    return readXml(text);
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    throw invalid(path, { line: error.line, cause: error }, `it is not XML that is read here: ${error.message}`);
  }
}

interface Fault {
  readonly line: number;
  readonly column?: number;
  readonly cause?: unknown;
}

function invalid(path: string, { line, column, cause }: Fault, message: string): PolyenvError {
  return new PolyenvError('pin-file-invalid', printable(message), {
    where: { file: path, line, ...present({ column }) },
    hint: HINT,
    cause,
  });
}

const HINT = 'fix the file, or pin the version in polyenv.toml: polyenv use TOOL@VERSION';

/** What cannot be looked at, for want of a right on a folder above, is as good as absent. */
function statIfAny(path: string, look: typeof statSync | typeof lstatSync = statSync): ReturnType<typeof statSync> {
  try {
    return look(path, { throwIfNoEntry: false });
  } catch (error) {
    if (['EACCES', 'EPERM', 'ELOOP', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
