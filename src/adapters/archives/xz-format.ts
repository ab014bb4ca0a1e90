import { crc32 } from 'node:zlib';
import { PolyenvError } from '../../domain/words/errors';
import { damaged } from './archive-errors';

/** Checks an xz file while it passes, so that a decoder never gets what could harm it. */
export interface XzFormat {
  /** The next bytes. Throws `archive-invalid` for what is no single whole xz stream, `archive-refused` for a dictionary that is too large. */
  take(chunk: Uint8Array): void;
  /** After the last chunk. Throws `archive-invalid` if more had to come. */
  end(): void;
}

/** What a decoder may be asked to allocate: known toolchains ask for 8 to 64 MB. */
export interface Allowance {
  /** Bytes. */
  readonly most: number;
  /** What helps where it is not enough. */
  readonly hint: string;
}

/** A decoder allocates what a block's header asks for. */
const MOST_DICTIONARY: Allowance = {
  most: 256 * 2 ** 20,
  hint: 'nothing was installed; report it to whoever publishes the archive',
};

/**
 * https://tukaani.org/xz/xz-file-format.txt, without decoding: headers, the lengths of what is packed (LZMA2 says them in the
 * open), padding, and the end. One stream, nothing behind it. What is packed, its checks and the index are the decoder's.
 */
export function openXzFormat(allowed: Allowance = MOST_DICTIONARY): XzFormat {
  const steps = walk(allowed);
  let wanted = next(undefined);
  let held: Buffer | undefined;
  let left = wanted?.bytes ?? 0;

  return { take, end };

  function take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (wanted === undefined) throw damaged('goes on after its end');
      const piece = chunk.subarray(at, at + left);
      if (wanted.keep) {
        held ??= Buffer.alloc(wanted.bytes);
        held.set(piece, wanted.bytes - left);
      }
      at += piece.length;
      left -= piece.length;
      while (wanted !== undefined && left === 0) {
        wanted = next(held);
        held = undefined;
        left = wanted?.bytes ?? 0;
      }
    }
  }

  function end(): void {
    if (wanted !== undefined) throw damaged('is cut short');
  }

  function next(answer: Buffer | undefined): Want | undefined {
    const step = steps.next(answer ?? EMPTY);
    return step.done === true ? undefined : step.value;
  }
}

/** What the walk needs next: bytes to look at, or to pass by. */
interface Want {
  readonly bytes: number;
  readonly keep: boolean;
}

type Walk<T> = Generator<Want, T, Buffer>;

const EMPTY = Buffer.alloc(0);

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);

/** Bytes of the check behind each block, by its kind. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

const LZMA2 = 0x21;

function* walk(allowed: Allowance): Walk<void> {
  const header = yield* read(12);
  if (!header.subarray(0, 6).equals(MAGIC)) throw damaged('is no xz file');
  const flags = header.subarray(6, 8);
  if (flags[0] !== 0 || (flags[1] ?? 0) > 15 || crc32(flags) !== header.readUInt32LE(8)) {
    throw damaged('has a damaged header');
  }
  const check = CHECK_BYTES[flags[1] ?? 0] ?? 0;
  let blocks = 0;
  for (;;) {
    const size = (yield* read(1))[0] ?? 0;
    if (size === 0) break;
    yield* passBlock(size, { check, allowed });
    blocks += 1;
  }
  yield* passIndex(blocks);
  const footer = yield* read(12);
  const fits = footer.subarray(8, 10).equals(flags) && footer.subarray(10).toString('latin1') === 'YZ';
  if (!fits || crc32(footer.subarray(4, 10)) !== footer.readUInt32LE(0)) throw damaged('has a damaged end');
}

interface Around {
  readonly check: number;
  readonly allowed: Allowance;
}

function* passBlock(size: number, { check, allowed }: Around): Walk<void> {
  const header = Buffer.concat([Buffer.from([size]), yield* read((size + 1) * 4 - 1)]);
  const fields = header.subarray(0, -4);
  if (crc32(fields) !== header.readUInt32LE(fields.length)) throw damaged('has a block with a damaged header');
  checkFilters(fields, allowed);
  const packed = yield* passLzma2();
  const padding = yield* read((4 - (packed % 4)) % 4);
  if (padding.some((byte) => byte !== 0)) throw damaged('has something where nothing may be');
  yield* pass(check);
}

function checkFilters(fields: Buffer, allowed: Allowance): void {
  const flags = fields[1] ?? 0;
  if ((flags & 0x3c) !== 0) throw damaged('is of a newer kind of xz');
  let at = 2;
  const number = (): number => {
    const found = numberAt(fields, at);
    at = found.next;
    return found.value;
  };
  for (const known of [0x40, 0x80]) if ((flags & known) !== 0) number();
  for (let left = (flags & 0x03) + 1; left > 0; left -= 1) {
    const [id, length] = [number(), number()];
    const settings = fields.subarray(at, at + length);
    at += length;
    if (at > fields.length) throw damaged('has a block with a damaged header');
    if (left > 1) continue;
    if (id !== LZMA2 || length !== 1) throw damaged('is packed in a way that is not unpacked');
    const dictionary = dictionaryOf(settings[0] ?? 0);
    // guard: xz-dictionary
    if (dictionary > allowed.most) throw hungry(dictionary, allowed);
  }
}

/** Bytes. */
function dictionaryOf(code: number): number {
  if (code > 40) throw damaged('has a block with a damaged header');
  return code === 40 ? 2 ** 32 - 1 : (2 | (code & 1)) * 2 ** ((code >> 1) + 11);
}

/** The chunks of a block, each with its length; how many bytes they were. */
function* passLzma2(): Walk<number> {
  for (let packed = 1; ; packed += 1) {
    const control = (yield* read(1))[0] ?? 0;
    if (control === 0) return packed;
    if (control >= 0x80) {
      const head = yield* read(control >= 0xc0 ? 5 : 4);
      const length = head.readUInt16BE(2) + 1;
      yield* pass(length);
      packed += head.length + length;
    } else if (control <= 2) {
      const length = (yield* read(2)).readUInt16BE(0) + 1;
      yield* pass(length);
      packed += 2 + length;
    } else throw damaged('is damaged');
  }
}

function* passIndex(blocks: number): Walk<void> {
  let size = 1;
  const number = function* (): Walk<number> {
    const bytes: number[] = [];
    do bytes.push((yield* read(1))[0] ?? 0);
    while ((bytes.at(-1) ?? 0) >= 0x80 && bytes.length < 9);
    size += bytes.length;
    return numberAt(Buffer.from(bytes), 0).value;
  };
  if ((yield* number()) !== blocks) throw damaged('has an index that does not fit');
  for (let left = blocks * 2; left > 0; left -= 1) yield* number();
  const padding = yield* read((4 - (size % 4)) % 4);
  if (padding.some((byte) => byte !== 0)) throw damaged('has something where nothing may be');
  yield* pass(4);
}

/** Seven bits a byte, the lowest first, the highest bit where more follow. */
function numberAt(bytes: Buffer, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = start; at < start + 9; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw damaged('has a number that cannot be read');
}

function* read(bytes: number): Walk<Buffer> {
  return bytes === 0 ? EMPTY : yield { bytes, keep: true };
}

function* pass(bytes: number): Walk<void> {
  if (bytes > 0) yield { bytes, keep: false };
}

function hungry(dictionary: number, { most, hint }: Allowance): PolyenvError {
  const [needs, may] = [dictionary, most].map((bytes) => Math.ceil(bytes / 2 ** 20));
  return new PolyenvError('archive-refused', `the archive needs ${needs} MB of memory, and ${may} MB are allowed`, {
    hint,
  });
}
