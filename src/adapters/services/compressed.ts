import { PassThrough, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PolyenvError } from '../../domain/words/errors';

/** The first bytes of a stream, enough to tell what it is, and the stream with them. */
export async function peek(
  source: Readable,
): Promise<{ readonly first: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const reader = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < PEEKED) {
    const { done, value } = await reader.next();
    if (done === true) break;
    chunks.push(value);
    length += value.length;
  }
  const all = async function* () {
    yield* chunks;
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) yield next.value;
  };
  return { first: Buffer.concat(chunks).subarray(0, PEEKED), all: all() };
}

const PEEKED = 512;

/** The stream, unpacked where its first bytes say that it is gzip. Throws `usage` for a compression that Node does not read. */
export async function unpacked(source: Readable): Promise<ReturnType<typeof peek>> {
  const seen = await peek(source);
  const { first } = seen;
  if (first[0] === 0x1f && first[1] === 0x8b) {
    const { Readable: From } = await import('node:stream');
    const plain = new PassThrough();
    const { pipeline } = await import('node:stream');
    pipeline(From.from(seen.all), createGunzip(), plain, (error) => error && plain.destroy(asUsage(error)));
    return peek(plain);
  }
  const other = OTHERS.find(({ magic }) => magic.every((byte, index) => first[index] === byte));
  if (other !== undefined) {
    throw new PolyenvError('usage', `the input is compressed with ${other.name}`, {
      hint: `unpack it on the way: ${other.command} < FILE | polyenv load NAME`,
    });
  }
  return seen;
}

function asUsage(cause: Error): PolyenvError {
  return new PolyenvError('usage', 'the input is damaged: its gzip cannot be unpacked', { cause });
}

const OTHERS = [
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], command: 'zstd -dc' },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], command: 'xz -dc' },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68], command: 'bzip2 -dc' },
  { name: 'zip', magic: [0x50, 0x4b, 0x03, 0x04], command: 'funzip' },
] as const;
