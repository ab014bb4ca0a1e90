import { present } from '../../domain/words/present';
/**
 * What decides whether a Linux program can start: its machine, its loader, and the newest glibc symbol version that it
 * needs. Format: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html and, for versions,
 * https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
 */
export interface ElfFacts {
  readonly machine: 'x64' | 'arm64' | 'other';
  readonly loader?: string;
  /** `2.28`: absent for a program that needs no versioned glibc symbol. */
  readonly glibc?: string;
}

type Read = (offset: number, length: number) => Buffer;

const PT_INTERP = 3;
const SHT_GNU_VERNEED = 0x6ffffffe;
/** More than any real file has: a damaged header must not make us read for ever. */
const SECTIONS_MAX = 512;
const VERSIONS_MAX = 1024;

/** The loader alone, which the first block of a file tells; `undefined` for what is no such file or has none. */
export function readElfLoader(read: Read): string | undefined {
  try {
    const head = readHead(read);
    return head === undefined ? undefined : readLoader(read, head);
  } catch {
    return undefined;
  }
}

/** Facts of a 64-bit little-endian ELF file, or `undefined` for anything else or a damaged one. */
export function readElf(read: Read): ElfFacts | undefined {
  try {
    const head = readHead(read);
    if (head === undefined) return undefined;
    const code = head.readUInt16LE(18);
    const loader = readLoader(read, head);
    const glibc = readGlibc(read, head);
    return {
      machine: code === 62 ? 'x64' : code === 183 ? 'arm64' : 'other',
      ...present({ loader, glibc }),
    };
  } catch {
    return undefined;
  }
}

/** What a program asks the loader for: names of libraries, and folders to look in first, which may begin with `$ORIGIN`. */
export interface Needed {
  readonly libraries: readonly string[];
  readonly folders: readonly string[];
}

/** The dynamic section's DT_NEEDED, DT_RUNPATH and DT_RPATH; `undefined` for what is no such file, or is static or damaged. */
export function readNeeded(read: Read): Needed | undefined {
  try {
    const head = readHead(read);
    return head === undefined ? undefined : readDynamic(read, head);
  } catch {
    return undefined;
  }
}

/** Whether glibc `have` offers the symbols of `need` (`2.28`). */
export function glibcSuffices(have: string, need: string): boolean {
  const [a, b] = [have, need].map((text) => text.split('.').map(Number)) as [number[], number[]];
  return (a[0] ?? 0) !== (b[0] ?? 0) ? (a[0] ?? 0) > (b[0] ?? 0) : (a[1] ?? 0) >= (b[1] ?? 0);
}

function readHead(read: Read): Buffer | undefined {
  const head = read(0, 64);
  const isElf64 = head.length === 64 && head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
  return isElf64 ? head : undefined;
}

function readLoader(read: Read, head: Buffer): string | undefined {
  const [start, size, count] = [
    offsetAt(head, 32),
    head.readUInt16LE(54),
    Math.min(head.readUInt16LE(56), SECTIONS_MAX),
  ];
  for (let index = 0; index < count; index += 1) {
    const entry = read(start + index * size, 56);
    if (entry.readUInt32LE(0) !== PT_INTERP) continue;
    const length = Math.min(offsetAt(entry, 32), 4096);
    return text(read(offsetAt(entry, 8), length), 0);
  }
  return undefined;
}

function readGlibc(read: Read, head: Buffer): string | undefined {
  const section = readSection(read, head, { type: SHT_GNU_VERNEED, most: 1 << 20 });
  return section === undefined ? undefined : newest(section.content, section.strings);
}

/** The first section of that type, `most` bytes of it, with the names that it speaks of. */
function readSection(
  read: Read,
  head: Buffer,
  { type, most }: { readonly type: number; readonly most: number },
): { readonly content: Buffer; readonly strings: Buffer } | undefined {
  const [start, size] = [offsetAt(head, 40), head.readUInt16LE(58)];
  const entryOf = (index: number): Buffer => read(start + index * size, 64);
  const contentOf = (entry: Buffer, limit: number): Buffer =>
    read(offsetAt(entry, 24), Math.min(offsetAt(entry, 32), limit));
  for (let index = 0; index < Math.min(head.readUInt16LE(60), SECTIONS_MAX); index += 1) {
    const entry = entryOf(index);
    if (entry.readUInt32LE(4) !== type) continue;
    return { content: contentOf(entry, most), strings: contentOf(entryOf(entry.readUInt32LE(40)), 1 << 24) };
  }
  return undefined;
}

const SHT_DYNAMIC = 6;
const DT_NEEDED = 1;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const ENTRIES_MAX = 4096;

function readDynamic(read: Read, head: Buffer): Needed | undefined {
  const section = readSection(read, head, { type: SHT_DYNAMIC, most: ENTRIES_MAX * 16 });
  if (section === undefined) return undefined;
  const { content: entries, strings: names } = section;
  const found: { readonly tag: number; readonly text: string }[] = [];
  for (let at = 0; at + 16 <= entries.length; at += 16) {
    const tag = offsetAt(entries, at);
    if (tag === 0) break;
    if (tag === DT_NEEDED || tag === DT_RPATH || tag === DT_RUNPATH)
      found.push({ tag, text: text(names, offsetAt(entries, at + 8)) });
  }
  return {
    libraries: found.filter(({ tag }) => tag === DT_NEEDED).map((one) => one.text),
    folders: found.filter(({ tag }) => tag !== DT_NEEDED).flatMap((one) => one.text.split(':')),
  };
}

function newest(needs: Buffer, strings: Buffer): string | undefined {
  let best: string | undefined;
  let seen = 0;
  for (let need = 0; ; ) {
    const auxiliaries = needs.readUInt16LE(need + 2);
    let auxiliary = need + needs.readUInt32LE(need + 8);
    for (let index = 0; index < auxiliaries && seen < VERSIONS_MAX; index += 1, seen += 1) {
      const match = /^GLIBC_(\d+\.\d+)/.exec(text(strings, needs.readUInt32LE(auxiliary + 8)));
      if (match?.[1] !== undefined && (best === undefined || !glibcSuffices(best, match[1]))) best = match[1];
      auxiliary += needs.readUInt32LE(auxiliary + 12);
    }
    const step = needs.readUInt32LE(need + 12);
    if (step === 0 || seen >= VERSIONS_MAX) return best;
    need += step;
  }
}

function text(buffer: Buffer, offset: number): string {
  const end = buffer.indexOf(0, offset);
  return buffer.toString('latin1', offset, end === -1 ? buffer.length : end);
}

function offsetAt(buffer: Buffer, at: number): number {
  const value = Number(buffer.readBigUInt64LE(at));
  if (!Number.isSafeInteger(value)) throw new RangeError('offset');
  return value;
}
