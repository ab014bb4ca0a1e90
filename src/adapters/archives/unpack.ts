import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Recipe } from '../../domain/runtime/artifact';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import { closingAfter } from '../files/durable';
import { errorCode } from '../files/fs-errors';
import { writable } from '../files/writable';
import { damaged } from './archive-errors';
import type { MemberSink } from './member';
import { openMemberStream } from './member-stream';
import { openTarReader } from './tar-reader';
import { inflateXz, type XzOptions } from './xz';
import { readZip } from './zip-reader';

/**
 * Reads a gzipped tar as it arrives. Inflating happens on another thread while this one parses, hashes and writes. Throws
 * `archive-invalid` and `archive-refused`; failures of the source pass through.
 */
export async function unpackTarGz(
  source: AsyncIterable<Uint8Array>,
  sink: MemberSink,
  signal?: AbortSignal,
): Promise<void> {
  const reader = openTarReader(sink);
  // Chunks are handed on one by one, and inflating goes on while a few of them wait.
  const gunzip = createGunzip({
    chunkSize: 2 ** 20,
    readableObjectMode: true,
    readableHighWaterMark: 4,
    writableHighWaterMark: 2 * INPUT,
  } as object);
  let packed = 0;
  let unpacked = 0;
  let sourceFailure: { readonly error: unknown } | undefined;
  const feed = async (): Promise<void> => {
    for await (const chunk of gathered(source)) {
      if (gunzip.destroyed) return;
      packed += chunk.length;
      if (!gunzip.write(chunk)) await writable(gunzip);
    }
    gunzip.end();
  };
  const fed = feed().catch((error: unknown) => {
    sourceFailure = { error };
    gunzip.destroy();
  });
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted();
      unpacked += chunk.length;
      if (unpacked > RATIO_FROM && unpacked > packed * MOST_RATIO) throw bomb();
      reader.write(chunk);
      // zlib fills one buffer by several chunks; after the last of them nobody else uses it.
      const isLast = chunk.byteOffset + chunk.byteLength === chunk.buffer.byteLength;
      await sink.flush?.(isLast ? chunk : undefined);
    }
    await fed;
    if (sourceFailure !== undefined) throw sourceFailure.error;
    if (gunzip.bytesWritten !== packed) throw damaged('goes on after its end');
    reader.end();
  } catch (error) {
    if (sourceFailure !== undefined) throw sourceFailure.error;
    if (errorCode(error)?.startsWith('Z_') === true)
      throw damaged('is no gzip file, or is cut short or damaged', error);
    throw error;
  } finally {
    gunzip.destroy();
  }
}

/** As `unpackTarGz`, for xz: decoded by another program, or on another thread. */
export async function unpackTarXz(
  source: AsyncIterable<Uint8Array>,
  sink: MemberSink,
  options: XzOptions = {},
): Promise<void> {
  const reader = openTarReader(sink);
  let packed = 0;
  let unpacked = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of gathered(source)) {
      packed += chunk.length;
      yield chunk;
    }
  };
  for await (const chunk of inflateXz(counted(), options)) {
    unpacked += chunk.length;
    if (unpacked > RATIO_FROM && unpacked > packed * MOST_RATIO) throw bomb();
    reader.write(chunk);
    await sink.flush?.(chunk.byteLength === chunk.buffer.byteLength ? chunk : undefined);
  }
  reader.end();
}

/** A tar that is packed in one of the ways that can be read as it arrives. */
export function unpackTar(
  source: AsyncIterable<Uint8Array>,
  options: {
    readonly format: 'tar.gz' | 'tar.xz';
    readonly sink: MemberSink;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { format, sink, signal } = options;
  return format === 'tar.gz' ? unpackTarGz(source, sink, signal) : unpackTarXz(source, sink, { signal });
}

/** A socket gives 64 KB at a time; every piece that is inflated costs a turn of the loop, so that larger ones are quicker. */
async function* gathered(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    held.push(chunk);
    length += chunk.length;
    if (length < INPUT) continue;
    yield held.length === 1 ? chunk : Buffer.concat(held, length);
    held = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(held, length);
}

const INPUT = 2 ** 18;

export interface FileUnpacking extends Pick<Recipe, 'format' | 'nested'> {
  readonly sink: MemberSink;
  readonly signal?: AbortSignal | undefined;
}

/** An archive on the disk, already proved by its digest or about to be by its members'. */
export async function unpackFile(path: string, { format, nested, sink, signal }: FileUnpacking): Promise<void> {
  if (nested !== undefined) return unpackNested(path, { format, nested, sink, signal });
  if (format === 'zip') return readZip(path, sink, signal);
  const file = await open(path, 'r');
  await closingAfter(file, async () => {
    const source = file.createReadStream({ highWaterMark: 2 ** 20, autoClose: false });
    await unpackTar(source, { format, sink, signal });
  });
}

/** The archive within an archive, read while the outer one is. */
async function unpackNested(
  path: string,
  { format, nested, sink, signal }: FileUnpacking & Required<Pick<Recipe, 'nested'>>,
): Promise<void> {
  const member = openMemberStream(nested.member);
  const inner = unpackTar(member.content, { format: nested.format, sink, signal });
  // Its failure is reported at the end; until then the outer archive is only stopped.
  inner.catch((error: unknown) => member.stop(error));
  try {
    await unpackFile(path, { format, sink: member.sink, signal });
    if (!member.found()) throw damaged(`holds no ${quoted(nested.member)}`);
  } catch (error) {
    member.fail(error);
    await inner.catch(() => undefined);
    throw error;
  }
  await inner;
}

/** Go's hash of a tree, from the sha256 (hex) of every file by its name: https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash */
export function hashTree(names: ReadonlyMap<string, string>): string {
  const sorted = [...names].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const all = createHash('sha256');
  for (const [name, digest] of sorted) all.update(`${digest}  ${name}\n`);
  return all.digest('base64');
}

/** No toolchain comes near: text packs to a tenth. Deflate can do a thousandth. */
const MOST_RATIO = 200;
const RATIO_FROM = 64 * 2 ** 20;

function bomb(): PolyenvError {
  return new PolyenvError('archive-refused', `the archive grows to more than ${MOST_RATIO} times its size`, {
    hint: 'nothing was installed; report it to whoever publishes the archive',
  });
}
