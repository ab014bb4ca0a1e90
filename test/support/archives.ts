import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** One tar member, header byte by byte; every field can be made wrong. */
export interface TarMember {
  readonly name: string;
  readonly content?: string | Buffer;
  /** The type flag: `0` file (default), `1` hard link, `2` link, `5` folder, `x` pax, `L` long name ... */
  readonly type?: string;
  readonly mode?: number;
  readonly target?: string;
  /** What the header says, where that is not the content's length. */
  readonly size?: number;
  readonly prefix?: string;
  readonly magic?: string;
  readonly checksum?: number;
}

/** A tar of the members and its two zero blocks. */
export function tar(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(tarMember), Buffer.alloc(1024)]);
}

export function tarGz(members: readonly TarMember[]): Buffer {
  return gzipSync(tar(members));
}

/** Header and padded content, without an end. */
export function tarMember(member: TarMember): Buffer {
  const content = Buffer.from(member.content ?? '');
  const header = Buffer.alloc(512);
  header.write(member.name, 0, 100, 'utf8');
  header.write(octal(member.mode ?? 0o644, 7), 100);
  header.write(octal(1000, 7), 108);
  header.write(octal(1000, 7), 116);
  header.write(octal(member.size ?? content.length, 11), 124);
  header.write(octal(1_700_000_000, 11), 136);
  header.write('        ', 148);
  header.write(member.type ?? '0', 156);
  header.write(member.target ?? '', 157, 100, 'utf8');
  header.write(member.magic ?? 'ustar\x0000', 257, 'latin1');
  header.write(member.prefix ?? '', 345, 155, 'utf8');
  const sum = member.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** The pax header that goes before a member. */
export function pax(records: Readonly<Record<string, string>>, type = 'x'): TarMember {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (String(length).length + Buffer.byteLength(rest) !== length)
      length = String(length).length + Buffer.byteLength(rest);
    return `${length}${rest}`;
  });
  return { name: 'PaxHeaders/x', type, content: lines.join('') };
}

/** GNU's long name (`L`) or long link target (`K`) for the next member. */
export function gnuLong(text: string, type: 'L' | 'K' = 'L'): TarMember {
  return { name: '././@LongLink', type, content: `${text}\0`, magic: 'ustar  \0' };
}

/** One zip member; what the local header and the directory say can be made to differ. */
export interface ZipMember {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly stored?: boolean;
  /** Unix mode with its type (0o120777 for a link); absent as in Go's module zips. */
  readonly mode?: number;
  /** Sizes and sum behind the content instead of in the local header, as streaming writers do. */
  readonly deferred?: boolean;
  readonly localName?: string;
  readonly crc?: number;
  /** The unpacked size that both headers claim. */
  readonly size?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly extra?: Buffer;
  /** Bytes behind the deflated ones, counted among them. */
  readonly tail?: string;
  /** Bytes between this record and the next. */
  readonly gap?: Buffer;
}

/** `front`: bytes before the first record, which every offset counts. */
export function zip(members: readonly ZipMember[], comment = '', front = Buffer.alloc(0)): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = front.length;
  for (const member of members) {
    const { local, central } = zipMember(member, offset);
    locals.push(local);
    centrals.push(central);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([front, ...locals, directory, end, Buffer.from(comment)]);
}

function zipMember(member: ZipMember, offset: number): { readonly local: Buffer; readonly central: Buffer } {
  const content = Buffer.from(member.content ?? '');
  const deflated = member.stored === true ? content : deflateRawSync(content);
  const packed = Buffer.concat([deflated, Buffer.from(member.tail ?? '')]);
  const flags = member.flags ?? (member.deferred === true ? 8 : 0);
  const method = member.method ?? (member.stored === true ? 0 : 8);
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32LE(member.crc ?? crc32(content), 0);
  numbers.writeUInt32LE(packed.length, 4);
  numbers.writeUInt32LE(member.size ?? content.length, 8);
  const extra = member.extra ?? Buffer.alloc(0);
  const localName = Buffer.from(member.localName ?? member.name);
  const name = Buffer.from(member.name);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(method, 8);
  if (member.deferred !== true) numbers.copy(head, 14);
  head.writeUInt16LE(localName.length, 26);
  const behind =
    member.deferred === true ? Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), numbers]) : Buffer.alloc(0);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(member.mode === undefined ? 20 : (3 << 8) | 20, 4);
  central.writeUInt16LE(20, 6);
  central.writeUInt16LE(flags, 8);
  central.writeUInt16LE(method, 10);
  numbers.copy(central, 16);
  central.writeUInt16LE(name.length, 28);
  central.writeUInt16LE(extra.length, 30);
  central.writeUInt32LE(((member.mode ?? 0) << 16) >>> 0, 38);
  central.writeUInt32LE(offset, 42);
  return {
    local: Buffer.concat([head, localName, packed, behind, member.gap ?? Buffer.alloc(0)]),
    central: Buffer.concat([central, name, extra]),
  };
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

export interface XzOptions {
  /** Bytes that the header says a decoder needs: 2 to the power of it. */
  readonly dictionary?: number;
  /** Bytes of content in each block. */
  readonly block?: number;
}

/** An xz file whose content is stored, not packed: enough for every reader, and for files that no packer would make. */
export function xz(content: Uint8Array, { dictionary = 20, block = 2 ** 20 }: XzOptions = {}): Buffer {
  const flags = Buffer.from([0, 1]);
  const blocks: Buffer[] = [];
  const records: number[] = [];
  for (let at = 0; at < content.length || at === 0; at += block) {
    const piece = content.subarray(at, at + block);
    const fields = Buffer.from([2, 0, 0x21, 1, (dictionary - 12) * 2, 0, 0, 0]);
    const packed = Buffer.concat([lzma2(piece), Buffer.from([0])]);
    const unpadded = fields.length + 4 + packed.length + 4;
    blocks.push(fields, int32(crc32(fields)), packed, padTo4(packed.length), int32(crc32(piece)));
    records.push(unpadded, piece.length);
    if (block === 0) break;
  }
  const numbers = Buffer.from([0, ...vli(records.length / 2), ...records.flatMap(vli)]);
  const index = Buffer.concat([numbers, padTo4(numbers.length)]);
  const tail = Buffer.concat([int32((index.length + 4) / 4 - 1), flags]);
  return Buffer.concat([
    Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
    flags,
    int32(crc32(flags)),
    ...blocks,
    index,
    int32(crc32(index)),
    int32(crc32(tail)),
    tail,
    Buffer.from('YZ'),
  ]);
}

export function tarXz(members: readonly TarMember[], options?: XzOptions): Buffer {
  return xz(tar(members), options);
}

function lzma2(content: Uint8Array): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 2 ** 16) {
    const piece = content.subarray(at, at + 2 ** 16);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(piece.length - 1);
    chunks.push(Buffer.from([at === 0 ? 1 : 2]), size, Buffer.from(piece));
  }
  return Buffer.concat(chunks);
}

function padTo4(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function vli(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return [...bytes, left];
}
