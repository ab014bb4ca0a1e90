import { createHash } from 'node:crypto';
import { constants, fstatSync, lstatSync, openSync } from 'node:fs';
import type { Recipe } from '../../domain/runtime/artifact';
import { formatDigest } from '../../domain/runtime/digest';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { MemberSink } from '../archives/member';
import type { TreeWriter } from '../archives/tree-writer';
import { hashTree, unpackFile, unpackTar } from '../archives/unpack';
import { closingDescriptor } from '../files/durable';
import { removeTree } from '../files/fs';
import { maskUrl } from '../net/url';
import { type PartDownload, SlowLine, wholePath } from './part-download';
import { type Partial, readFrom } from './partial-file';
import { Restart } from './restart';
import { openTransfer, type Transfer } from './transfer';

/** What reads the archive's members: writes them, or only hashes them. */
export interface Consumer<S extends AnySink, R> {
  readonly format: Recipe['format'];
  readonly nested?: NonNullable<Recipe['nested']>;
  /** The archive is only wanted whole. */
  readonly unread?: boolean;
  open(): S;
  rollback(sink: S): Promise<void>;
  finish(sink: S): Promise<R>;
}

async function readMembers<S extends AnySink, R>(
  path: string,
  { format, nested, unread }: Consumer<S, R>,
  { sink, signal }: { readonly sink: S; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (unread !== true) await unpackFile(path, { format, ...present({ nested }), sink, signal });
}

export type AnySink = MemberSink & Pick<TreeWriter, 'settle'>;

/** From an archive that is already there. One that is no plain file, or not what its name says, is taken away. */
export async function fromWhole<S extends AnySink, R>(
  options: PartDownload,
  consumer: Consumer<S, R>,
): Promise<{ readonly result: R } | undefined> {
  const path = wholePath(options);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const { digest } = options.part;
  if (found.isFile() && (digest.kind === 'h1' || (await hashFile(path, digest.kind)) === digest.value)) {
    const sink = consumer.open();
    try {
      await readMembers(path, consumer, { sink, signal: options.signal });
      if (digest.kind !== 'h1' || hashTree(await sink.settle()) === digest.value) {
        options.onBytes(found.size);
        return { result: await consumer.finish(sink) };
      }
      await consumer.rollback(sink);
    } catch (error) {
      await consumer.rollback(sink);
      // An archive with the right digest would be the same after another download. One that only its members prove
      // may be better then.
      if (digest.kind !== 'h1' || !(error instanceof PolyenvError) || !error.code.startsWith('archive-')) throw error;
    }
  }
  await removeTree(path);
  return undefined;
}

async function hashFile(path: string, kind: 'sha256' | 'sha512'): Promise<string> {
  const hash = createHash(kind);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  closingDescriptor(descriptor, () => {
    for (const chunk of readFrom(descriptor, 0, fstatSync(descriptor).size)) hash.update(chunk);
  });
  return hash.digest('hex');
}

interface Reception<S extends AnySink, R> {
  readonly partial: Partial;
  readonly consumer: Consumer<S, R>;
}

/**
 * Hashes, inflates and writes while it arrives. A wrong digest is known only at the end; then everything is taken
 * back.
 */
export async function receiveStreaming<S extends AnySink, R>(
  options: PartDownload,
  { partial, consumer, format }: Reception<S, R> & { readonly format: 'tar.gz' | 'tar.xz' },
): Promise<R> {
  const { digest } = options.part;
  const transfer = openTransfer(options, partial);
  const hash = createHash(digest.kind === 'sha512' ? 'sha512' : 'sha256');
  const sink = consumer.open();
  let failure: unknown;
  const source = transfer.bytes()[Symbol.asyncIterator]();
  const pull = async (): Promise<IteratorResult<Uint8Array>> => {
    const step = await source.next();
    if (step.done !== true) hash.update(step.value);
    return step;
  };
  try {
    try {
      // Without `return`: when the archive is refused the rest is still received, because the digest speaks first.
      const arriving = { [Symbol.asyncIterator]: () => ({ next: pull }) };
      await unpackTar(arriving, { format, sink, signal: options.signal });
    } catch (error) {
      if (!(error instanceof PolyenvError) || !error.code.startsWith('archive-')) throw error;
      failure = error;
      while ((await pull()).done !== true);
    }
    // guard: digest-streamed
    if (hash.copy().digest('hex') !== digest.value)
      throw wrongDigest(options, { transfer, actual: hash.digest('hex') });
    if (failure !== undefined) throw failure;
    return await consumer.finish(sink);
  } catch (error) {
    await consumer.rollback(sink);
    if (!isKeepable(error)) await partial.drop();
    throw error;
  } finally {
    await source.return?.(undefined);
  }
}

/** Receives the whole file first, for formats whose directory is at the end, then unpacks it. */
export async function receive<S extends AnySink, R>(
  options: PartDownload,
  { partial, consumer }: Reception<S, R>,
): Promise<R> {
  const { digest } = options.part;
  const transfer = openTransfer(options, partial);
  const hash = createHash(digest.kind === 'sha512' ? 'sha512' : 'sha256');
  let sink: S | undefined;
  try {
    for await (const chunk of transfer.bytes()) hash.update(chunk);
    const actual = hash.digest('hex');
    // guard: digest-whole
    if (digest.kind !== 'h1' && actual !== digest.value) throw wrongDigest(options, { transfer, actual });
    sink = consumer.open();
    try {
      await readMembers(partial.path, consumer, { sink, signal: options.signal });
    } catch (error) {
      const damaged = error instanceof PolyenvError && error.code === 'archive-invalid';
      if (digest.kind === 'h1' && damaged && transfer.mixed()) throw new Restart(error);
      throw error;
    }
    const tree = digest.kind === 'h1' ? hashTree(await sink.settle()) : undefined;
    // guard: digest-tree
    if (tree !== undefined && tree !== digest.value) throw wrongDigest(options, { transfer, actual: tree });
    return await consumer.finish(sink);
  } catch (error) {
    if (sink !== undefined) await consumer.rollback(sink);
    if (!isKeepable(error)) await partial.drop();
    throw error;
  }
}

/** Whether what was received is still worth resuming: it is when the network, the disk or the person stopped us. */
function isKeepable(error: unknown): boolean {
  if (error instanceof Restart || error instanceof SlowLine) return false;
  if (!(error instanceof PolyenvError)) return true;
  return ['network', 'http-status', 'certificate-invalid', 'disk-full', 'home-unwritable', 'interrupted'].includes(
    error.code,
  );
}

function wrongDigest(
  { part, url }: PartDownload,
  { transfer, actual }: { readonly transfer: Transfer; readonly actual: string },
): Error {
  const expected = formatDigest(part.digest);
  const error = new PolyenvError(
    'digest-mismatch',
    `${maskUrl(url)} is not what was promised: expected ${expected}, got ${part.digest.kind}:${actual}`,
    { hint: 'nothing was installed; find out why, and if the upstream replaced the file: polyenv lock --renew' },
  );
  return transfer.mixed() ? new Restart(error) : error;
}

export interface NameDigests extends MemberSink {
  settle(): Promise<ReadonlyMap<string, string>>;
}

/** Hashes the members and writes nothing. */
export function openNameDigests(): NameDigests {
  const names = new Map<string, string>();
  let current: { readonly name: string; readonly hash: ReturnType<typeof createHash> } | undefined;
  return {
    settle: async () => names,
    begin: ({ name, kind }) => {
      current = kind === 'file' ? { name, hash: createHash('sha256') } : undefined;
    },
    data: (chunk) => {
      current?.hash.update(chunk);
    },
    end: () => {
      if (current !== undefined) names.set(current.name, current.hash.digest('hex'));
      current = undefined;
    },
  };
}
