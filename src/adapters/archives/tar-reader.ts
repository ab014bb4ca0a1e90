import { isUtf8 } from 'node:buffer';
import { quoted } from '../../domain/words/printable';
import { damaged, refused } from './archive-errors';
import type { Member, MemberSink } from './member';

export interface TarReader {
  write(chunk: Uint8Array): void;
  /** After the last chunk. Throws `archive-invalid` if the archive did not end as it must. */
  end(): void;
}

/**
 * Reads a tar archive strictly: ustar and pax (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html) and GNU
 * long names. Where two places of a header say the same thing differently it refuses, instead of choosing one. Throws
 * `archive-invalid` for what is damaged and `archive-refused` for what must not be unpacked.
 */
export function openTarReader(sink: MemberSink): TarReader {
  const header = Buffer.alloc(BLOCK);
  let held = 0;
  let left = 0;
  let padding = 0;
  let extension: Extension | undefined;
  let pending: Pending = {};
  let zeroBlocks = 0;
  let trailing = 0;

  return { write, end };

  function write(chunk: Uint8Array): void {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    while (at < buffer.length) {
      if (left > 0) {
        const piece = buffer.subarray(at, at + left);
        at += piece.length;
        left -= piece.length;
        if (extension !== undefined) extension.chunks.push(Buffer.from(piece));
        else sink.data(piece);
        if (left === 0) finishBody();
      } else if (padding > 0) {
        const step = Math.min(padding, buffer.length - at);
        at += step;
        padding -= step;
      } else if (held === 0 && buffer.length - at >= BLOCK) {
        readBlock(buffer.subarray(at, at + BLOCK));
        at += BLOCK;
      } else {
        const step = Math.min(BLOCK - held, buffer.length - at);
        buffer.copy(header, held, at, at + step);
        held += step;
        at += step;
        if (held === BLOCK) {
          held = 0;
          readBlock(header);
        }
      }
    }
  }

  function end(): void {
    if (left > 0 || padding > 0 || held > 0 || zeroBlocks < 2) throw damaged('ends in the middle');
    if (Object.keys(pending).length > 0) throw damaged('ends after a header that describes nothing');
  }

  function readBlock(block: Buffer): void {
    if (isZero(block)) {
      if (Object.keys(pending).length > 0) throw damaged('ends after a header that describes nothing');
      zeroBlocks += 1;
      trailing += BLOCK;
      if (trailing > MOST_TRAILING) throw damaged('goes on after its end');
      return;
    }
    if (zeroBlocks > 0) throw damaged('goes on after its end');
    const found = readHeader(block);
    if (found.extension) {
      if (found.size > MOST_EXTENSION) throw refused(found.name, 'has a header that is too large');
      extension = { type: found.type, size: found.size, chunks: [] };
    } else {
      sink.begin(describe(found));
      pending = {};
    }
    left = found.size;
    padding = (BLOCK - (found.size % BLOCK)) % BLOCK;
    if (left === 0) finishBody();
  }

  function finishBody(): void {
    if (extension === undefined) sink.end();
    else readExtension(extension);
    extension = undefined;
  }

  function readExtension({ type, chunks }: Extension): void {
    const body = Buffer.concat(chunks);
    if (type === 'L' || type === 'K') {
      const key = type === 'L' ? 'path' : 'linkpath';
      const nul = body.indexOf(0);
      if (nul !== -1 && !isZero(body.subarray(nul))) throw refused('', 'has a long name with something behind it');
      note(key, textOf(nul === -1 ? body : body.subarray(0, nul)));
      return;
    }
    for (const [key, value] of readRecords(body)) {
      const matters = key === 'path' || key === 'linkpath' || key === 'size';
      if (key.startsWith('GNU.sparse.')) throw refused('', 'is a sparse file');
      if (type === 'g' && matters) throw refused('', `has a header for all members with a ${key}`);
      if (matters) note(key, value);
    }
  }

  function note(key: keyof Pending, value: string): void {
    if (pending[key] !== undefined) throw refused(value, `has two headers with a ${key}`);
    pending = { ...pending, [key]: value };
  }

  function describe(found: Header): Member {
    const name = pending.path ?? found.name;
    const { size } = found;
    // Before ustar a folder was a file whose name ends in a slash; a name cut to fit the header may end so by chance.
    const kind = found.kind === 'file' && name.endsWith('/') ? 'folder' : found.kind;
    if (kind === undefined) throw refused(name, `is of a kind that is not unpacked (${quoted(found.type)})`);
    if (pending.size !== undefined && pending.size !== String(size)) throw refused(name, 'says two different sizes');
    if (kind !== 'file' && size !== 0) throw refused(name, 'has content, though it is no file');
    if (kind === 'file' || kind === 'folder') return { name, kind, mode: found.mode, size };
    return { name, kind, mode: found.mode, size, target: pending.linkpath ?? found.linkname };
  }
}

const BLOCK = 512;
const MOST_EXTENSION = 2 ** 20;
/** Archives are filled up with zeros to a whole record; none is known to be larger than this. */
const MOST_TRAILING = 2 ** 20;

interface Pending {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: string;
}

interface Extension {
  readonly type: string;
  readonly size: number;
  readonly chunks: Buffer[];
}

interface Header {
  readonly name: string;
  readonly linkname: string;
  readonly type: string;
  /** `undefined` for what is not unpacked: devices, pipes, sparse files, what is unknown. */
  readonly kind: Member['kind'] | undefined;
  /** It describes the next member. */
  readonly extension: boolean;
  readonly mode: number;
  readonly size: number;
}

const KINDS: Readonly<Record<string, Member['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'link',
  '5': 'folder',
};

function readHeader(block: Buffer): Header {
  const sum = numberOf(block, 148, 8);
  if (sum !== checksumOf(block)) throw damaged('has a header whose sum is wrong');
  const magic = block.toString('latin1', 257, 265);
  const isUstar = magic.startsWith('ustar\0');
  if (!isUstar && magic !== 'ustar  \0' && !isZero(block.subarray(257, 265))) throw damaged('has an unknown header');
  const prefix = isUstar ? stringAt(block, 345, 155) : '';
  const name = stringAt(block, 0, 100);
  const type = block.toString('latin1', 156, 157);
  const size = numberOf(block, 124, 12);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkname: stringAt(block, 157, 100),
    type,
    kind: KINDS[type],
    extension: type === 'x' || type === 'g' || type === 'L' || type === 'K',
    mode: numberOf(block, 100, 8) & 0o7777,
    size,
  };
}

/** Octal text, or base-256 as GNU writes what is too large for that. */
function numberOf(block: Buffer, offset: number, length: number): number {
  if (((block[offset] ?? 0) & 0x80) !== 0) {
    let value = (block[offset] ?? 0) & 0x7f;
    for (let index = offset + 1; index < offset + length; index += 1) value = value * 256 + (block[index] ?? 0);
    if (!Number.isSafeInteger(value)) throw damaged('has a number that is too large');
    return value;
  }
  const text = block.toString('latin1', offset, offset + length);
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text)?.[1];
  if (digits === undefined) throw damaged('has a header that cannot be read');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < 148; index += 1) sum += block[index] ?? 0;
  for (let index = 156; index < BLOCK; index += 1) sum += block[index] ?? 0;
  return sum;
}

function stringAt(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const nul = field.indexOf(0);
  return textOf(nul === -1 ? field : field.subarray(0, nul));
}

function textOf(bytes: Buffer): string {
  if (bytes.includes(0)) throw refused(bytes.toString('latin1'), 'has a name with a NUL in it');
  if (!isUtf8(bytes)) throw refused(bytes.toString('latin1'), 'has a name that is not UTF-8');
  return bytes.toString('utf8');
}

/** `LENGTH KEY=VALUE\n`, the length counting itself. */
function readRecords(body: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length; ) {
    const blank = body.indexOf(0x20, at);
    const digits = blank === -1 || blank - at > 8 ? '' : body.toString('latin1', at, blank);
    const length = /^[1-9][0-9]*$/.test(digits) ? Number(digits) : 0;
    const stop = at + length;
    const equals = body.indexOf(0x3d, blank);
    if (length === 0 || stop > body.length || equals === -1 || equals >= stop || body[stop - 1] !== 0x0a) {
      throw damaged('has an extended header that cannot be read');
    }
    const key = body.toString('utf8', blank + 1, equals);
    if (records.has(key)) throw refused('', `has two headers with a ${quoted(key)}`);
    const value = body.subarray(equals + 1, stop - 1);
    // Attributes may be binary; nothing reads them.
    records.set(key, key === 'path' || key === 'linkpath' || key === 'size' ? textOf(value) : '');
    at = stop;
  }
  return records;
}

function isZero(bytes: Buffer): boolean {
  return ZEROS.length >= bytes.length
    ? bytes.equals(ZEROS.subarray(0, bytes.length))
    : bytes.every((byte) => byte === 0);
}

const ZEROS = Buffer.alloc(BLOCK);
