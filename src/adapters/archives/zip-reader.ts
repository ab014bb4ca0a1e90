import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { quoted } from '../../domain/words/printable';
import { closingAfter } from '../files/durable';
import { writable } from '../files/writable';
import { damaged, refused } from './archive-errors';
import { LIMITS, type Member, type MemberSink } from './member';

/**
 * Reads a zip archive by its central directory, strictly (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT): every
 * local header must say the same, the records must lie side by side without a gap, and nothing may follow the end, so
 * that no other reader can see other members. Stored and deflated members only; no zip64, no encryption. Throws
 * `archive-invalid` for what is damaged and `archive-refused` for what must not be unpacked.
 */
export async function readZip(path: string, sink: MemberSink, signal?: AbortSignal): Promise<void> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const file = { close: async () => closeSync(descriptor) };
  await closingAfter(file, async () => {
    const records = readDirectory(descriptor, fstatSync(descriptor).size);
    await unpackAll(descriptor, records, { sink, signal });
  });
}

interface Entry {
  readonly member: Member;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly nameBytes: Buffer;
  readonly offset: number;
  /** Where the next record, or the central directory, starts. */
  readonly stop: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const DESCRIPTOR = 0x08074b50;
const DEFERRED = 0x08;
const UTF8 = 0x0800;
const ALLOWED_FLAGS = DEFERRED | UTF8 | 0x06;

/** Inflated on this thread up to here: the trip to another one costs more. */
const SMALL = 4 * 1024;
/** The same for an archive of which there is so little that other threads hardly get going. */
const SMALL_OF_LITTLE = 64 * 1024;
const LITTLE = 16 * 2 ** 20;
/** Inflated as a stream from here on, so that memory stays bounded. */
const LARGE = 2 * 2 ** 20;
/** Bytes that may wait to be written. */
const AHEAD = 8 * 2 ** 20;

function readDirectory(descriptor: number, size: number): readonly Entry[] {
  const { count, offset, length, at } = readEnd(descriptor, size);
  if (offset + length !== at) throw damaged('has something between its directory and its end');
  if (count > LIMITS.entries) throw refused('', `is one of more than ${LIMITS.entries}`);
  if (length > size || length < count * 46) throw damaged('has a directory that cannot be read');
  const directory = readAt(descriptor, offset, length);
  const found: Omit<Entry, 'stop'>[] = [];
  let cursor = 0;
  for (let index = 0; index < count; index += 1) {
    const one = readCentral(directory, cursor);
    found.push(one.record);
    cursor = one.next;
  }
  if (cursor !== length) throw damaged('has a directory of another length');
  return placeRecords(found, offset);
}

/** The records side by side from the start of the file to the directory: neither gap nor overlap. */
function placeRecords(found: readonly Omit<Entry, 'stop'>[], end: number): readonly Entry[] {
  const sorted = [...found].sort((a, b) => a.offset - b.offset);
  if ((sorted[0]?.offset ?? end) !== 0) throw damaged('does not start with its first member');
  const names = new Set<string>();
  return sorted.map((record, index) => {
    const { name } = record.member;
    if (names.has(name)) throw refused(name, 'is there twice');
    names.add(name);
    const stop = sorted[index + 1]?.offset ?? end;
    if (stop < record.offset + 30 + record.nameBytes.length + record.packed)
      throw refused(name, 'overlaps the next one');
    return { ...record, stop };
  });
}

function readEnd(descriptor: number, size: number) {
  const tail = readAt(descriptor, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const start = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (start === -1 || tail.length - start < 22) throw damaged('is no zip archive, or is cut short');
  const end = tail.subarray(start);
  if (end.length !== 22 + end.readUInt16LE(20)) throw damaged('goes on after its end');
  const [disk, first, here, count] = [4, 6, 8, 10].map((field) => end.readUInt16LE(field));
  const [length, offset] = [end.readUInt32LE(12), end.readUInt32LE(16)];
  const at = size - end.length;
  if (count === 0xffff || length === 0xffffffff || offset === 0xffffffff) throw refused('', 'needs zip64');
  if (disk !== 0 || first !== 0 || here !== count) throw refused('', 'is on another disk');
  return { count: count ?? 0, length, offset, at };
}

function readCentral(directory: Buffer, at: number): { record: Omit<Entry, 'stop'>; next: number } {
  if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL) throw damaged('has a damaged directory');
  const word = (offset: number) => directory.readUInt16LE(at + offset);
  const long = (offset: number) => directory.readUInt32LE(at + offset);
  const [nameLength, extraLength, commentLength] = [word(28), word(30), word(32)];
  const next = at + 46 + nameLength + extraLength + commentLength;
  if (next > directory.length) throw damaged('has a damaged directory');
  const nameBytes = directory.subarray(at + 46, at + 46 + nameLength);
  const flags = word(8);
  const name = nameOf(nameBytes, flags);
  const [method, crc, packed, size, offset] = [word(10), long(16), long(20), long(24), long(42)];
  if ((flags & ~ALLOWED_FLAGS) !== 0) throw refused(name, 'is encrypted or of an unknown kind');
  if (method !== 0 && method !== 8) throw refused(name, 'is packed in a way that is not unpacked');
  if (packed === 0xffffffff || size === 0xffffffff || offset === 0xffffffff) throw refused(name, 'needs zip64');
  if (word(34) !== 0) throw refused(name, 'is on another disk');
  checkExtra(name, directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
  if (method === 0 ? size !== packed : size > packed * 1100 + 64) throw refused(name, 'says an impossible size');
  const made = word(4) >> 8;
  const mode = made === 3 || made === 19 ? long(38) >>> 16 : 0;
  const member = describe({ name, mode, size });
  return { record: { member, flags, method, crc, packed, size, nameBytes, offset }, next };
}

function describe({ name, mode, size }: { name: string; mode: number; size: number }): Member {
  const type = mode & 0o170000;
  const bits = mode === 0 ? undefined : mode & 0o7777;
  const isFolder = name.endsWith('/');
  if (type === 0o120000 && !isFolder) {
    if (size > LIMITS.pathBytes) throw refused(name, 'is a link with too long a target');
    return { name, kind: 'link', mode: bits, size: 0 };
  }
  const expected = isFolder ? 0o040000 : 0o100000;
  if (type !== 0 && type !== expected) throw refused(name, 'is neither a file nor a folder');
  if (isFolder && size !== 0) throw refused(name, 'has content, though it is a folder');
  return { name, kind: isFolder ? 'folder' : 'file', mode: bits, size };
}

/** Extra fields that would give the member another name or size are refused; the rest says nothing that we read. */
function checkExtra(name: string, extra: Buffer): void {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    const id = extra.readUInt16LE(at);
    if (id === 0x0001) throw refused(name, 'needs zip64');
    if (id === 0x7075) throw refused(name, 'has a second name');
  }
}

/** Where the packed bytes start, once the local header says the same as the directory. */
function checkLocal(descriptor: number, record: Entry): number {
  const { nameBytes, offset, packed, stop, flags } = record;
  const { name } = record.member;
  const head = readAt(descriptor, offset, 30);
  if (head.readUInt32LE(0) !== LOCAL) throw damaged(`has no member where ${quoted(name)} should be`);
  const [nameLength, extraLength] = [head.readUInt16LE(26), head.readUInt16LE(28)];
  const rest = readAt(descriptor, offset + 30, nameLength + extraLength);
  const same =
    head.readUInt16LE(6) === flags &&
    head.readUInt16LE(8) === record.method &&
    rest.subarray(0, nameLength).equals(nameBytes) &&
    (sameNumbers(head, 14, record) || ((flags & DEFERRED) !== 0 && isZero(head.subarray(14, 26))));
  if (!same) throw refused(name, 'is described in two ways');
  checkExtra(name, rest.subarray(nameLength));
  const start = offset + 30 + nameLength + extraLength;
  const behind = stop - start - packed;
  if (behind === 0 && (flags & DEFERRED) === 0) return start;
  if ((flags & DEFERRED) === 0 || (behind !== 12 && behind !== 16)) throw refused(name, 'has something behind it');
  const numbers = readAt(descriptor, start + packed, behind);
  const signed = behind === 16 && numbers.readUInt32LE(0) === DESCRIPTOR;
  if ((behind === 16 && !signed) || !sameNumbers(numbers, behind - 12, record)) {
    throw refused(name, 'is described in two ways');
  }
  return start;
}

function sameNumbers(bytes: Buffer, at: number, { crc, packed, size }: Entry): boolean {
  return bytes.readUInt32LE(at) === crc && bytes.readUInt32LE(at + 4) === packed && bytes.readUInt32LE(at + 8) === size;
}

interface Work {
  readonly sink: MemberSink;
  readonly signal: AbortSignal | undefined;
}

/** Members are written in order; the middling ones are inflated ahead on other threads meanwhile. */
async function unpackAll(descriptor: number, records: readonly Entry[], { sink, signal }: Work): Promise<void> {
  const ahead = new Map<Entry, Promise<Buffer>>();
  const small = records.reduce((sum, { size }) => sum + size, 0) < LITTLE ? SMALL_OF_LITTLE : SMALL;
  let waiting = 0;
  let next = 0;
  const prefetch = (from: number): void => {
    for (next = Math.max(next, from); next < records.length && waiting < AHEAD; next += 1) {
      const record = records[next];
      if (record === undefined || record.method === 0 || record.size <= small || record.size > LARGE) continue;
      waiting += record.size;
      const content = inflateAhead(descriptor, record);
      content.catch(() => undefined);
      ahead.set(record, content);
    }
  };
  for (const [index, record] of records.entries()) {
    signal?.throwIfAborted();
    prefetch(index);
    const prepared = ahead.get(record);
    if (prepared !== undefined) {
      const content = await prepared;
      ahead.delete(record);
      waiting -= record.size;
      writeMember(record, content, sink);
    } else if (record.size > LARGE) await streamMember(descriptor, record, sink);
    else writeMember(record, inflateNow(descriptor, record), sink);
    await sink.flush?.();
  }
}

async function inflateAhead(descriptor: number, record: Entry): Promise<Buffer> {
  const packed = readAt(descriptor, checkLocal(descriptor, record), record.packed);
  try {
    return contentOf(record, await inflateAsync(packed, optionsFor(record)));
  } catch (error) {
    throw badContent(record, error);
  }
}

/** `info` is documented at https://nodejs.org/api/zlib.html#class-options; the types lack what it makes of the answer. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

const inflateAsync = promisify(inflateRaw) as unknown as (bytes: Buffer, options: ZlibOptions) => Promise<Inflated>;
const inflateSync = inflateRawSync as unknown as (bytes: Buffer, options: ZlibOptions) => Inflated;

function optionsFor({ size }: Entry): ZlibOptions {
  return { maxOutputLength: Math.max(1, size), info: true };
}

/** Bytes behind the deflated ones would be other members to a reader that goes by the local headers. */
function contentOf(record: Entry, { buffer, engine }: Inflated): Buffer {
  if (engine.bytesWritten !== record.packed) throw badContent(record);
  return buffer;
}

function inflateNow(descriptor: number, record: Entry): Buffer {
  const packed = readAt(descriptor, checkLocal(descriptor, record), record.packed);
  if (record.method === 0) return packed;
  try {
    return contentOf(record, inflateSync(packed, optionsFor(record)));
  } catch (error) {
    throw badContent(record, error);
  }
}

function writeMember(record: Entry, content: Buffer, sink: MemberSink): void {
  const { member, size, crc } = record;
  if (content.length !== size || crc32(content) !== crc) throw badContent(record);
  if (member.kind === 'link') {
    if (!isUtf8(content)) throw refused(member.name, 'is a link with unreadable characters');
    sink.begin({ ...member, target: content.toString('utf8') });
  } else {
    sink.begin(member);
    if (content.length > 0) sink.data(content);
  }
  sink.end();
}

async function streamMember(descriptor: number, record: Entry, sink: MemberSink): Promise<void> {
  const start = checkLocal(descriptor, record);
  let crc = 0;
  let left = record.size;
  const take = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) throw badContent(record);
    crc = crc32(chunk, crc);
    sink.data(chunk);
  };
  sink.begin(record.member);
  const pieces = readPieces(descriptor, start, record.packed);
  if (record.method === 0) {
    for (const piece of pieces) {
      take(piece);
      await sink.flush?.(piece.byteLength === piece.buffer.byteLength ? piece : undefined);
    }
  } else {
    const inflate = createInflateRaw({ chunkSize: CHUNK });
    const feed = async (): Promise<void> => {
      for (const piece of pieces) {
        if (inflate.destroyed) return;
        if (!inflate.write(piece)) await writable(inflate);
      }
      inflate.end();
    };
    try {
      const fed = feed();
      fed.catch((error: unknown) => inflate.destroy(error as Error));
      for await (const chunk of inflate) {
        take(chunk as Buffer);
        await sink.flush?.();
      }
      await fed;
      if (inflate.bytesWritten !== record.packed) throw badContent(record);
    } catch (error) {
      if (error instanceof PolyenvError) throw error;
      throw badContent(record, error);
    } finally {
      inflate.destroy();
    }
  }
  if (left !== 0 || crc !== record.crc) throw badContent(record);
  sink.end();
}

const CHUNK = 2 ** 20;

function* readPieces(descriptor: number, start: number, length: number): Generator<Buffer> {
  for (let at = 0; at < length; at += CHUNK) yield readAt(descriptor, start + at, Math.min(CHUNK, length - at));
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(descriptor, buffer, done, length - done, position + done);
    if (count === 0) throw damaged('is cut short');
    done += count;
  }
  return buffer;
}

function nameOf(bytes: Buffer, flags: number): string {
  const ascii = bytes.every((byte) => byte < 0x80);
  if (!ascii && ((flags & UTF8) === 0 || !isUtf8(bytes))) {
    throw refused(bytes.toString('latin1'), 'has a name that is not UTF-8');
  }
  return bytes.toString('utf8');
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function badContent({ member }: Entry, cause?: unknown): PolyenvError {
  return new PolyenvError('archive-invalid', `the archive's member ${quoted(member.name, 120)} is damaged`, {
    hint: 'try again: it may have been damaged on the way',
    ...present({ cause }),
  });
}
