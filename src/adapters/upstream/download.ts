import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readSync, writeSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import type { Part, Recipe } from '../../domain/runtime/artifact';
import { type Digest, formatDigest } from '../../domain/runtime/digest';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { MemberSink } from '../archives/member';
import { openTreeWriter, type TreeWriter, type Unpacked } from '../archives/tree-writer';
import { hashTree, unpackFile, unpackTar } from '../archives/unpack';
import {
  closingAfter,
  closingDescriptor,
  ensureFolder,
  errorCode,
  readTextIfAny,
  removeTree,
  syncFolder,
  translateFsError,
  writeAtomic,
} from '../files/fs';
import { joinInside } from '../home/paths';
import { decodeBody } from '../net/body';
import type { Http, HttpAnswer } from '../net/http';
import type { LineSpeeds } from '../net/line-speed';
import { maskUrl } from '../net/url';

export interface PartDownload {
  readonly http: Http;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly part: Part;
  /** polyenv's `downloads/`: partial and whole archives by digest. */
  readonly downloads: string;
  /** Bytes of the archive that were just received or read. */
  onBytes(count: number): void;
  readonly signal?: AbortSignal;
  readonly offline: boolean;
  /** Bytes at most, of an archive whose size nobody tells. */
  readonly limit?: number;
  /** How large it is, as the server says when it answers. */
  onSize?(bytes: number): void;
  /** So much of it was here already, from a download that broke off. */
  onResume?(bytes: number): void;
  /** Remembers what the line gives. */
  readonly lines?: LineSpeeds;
  /** Bytes a second. A line that gives less in the first half second is given up with `SlowLine`, while most is still to come. */
  readonly leastRate?: number;
}

/** Another packing of the same would be here sooner. */
export class SlowLine extends Error {}

export interface PartFetch extends PartDownload {
  readonly recipe: Recipe;
  /** The staging tree's root: exists. Several parts may be fetched into it at once. */
  readonly into: string;
}

/**
 * Downloads a part, or takes the whole archive from `downloads/`, and unpacks it as it comes. A broken connection is
 * resumed where the server proves that the file is the same, else begun anew; what was received outlives us as a
 * partial file. Throws `digest-mismatch` with nothing left in `into`, `archive-refused`, `archive-invalid`, `network`,
 * `http-status`, `offline`, `disk-full`.
 */
export async function fetchPart(options: PartFetch): Promise<Unpacked> {
  const { recipe, into } = options;
  const open = (): TreeWriter => openTreeWriter({ into, recipe });
  return obtain<TreeWriter, Unpacked>(options, {
    format: recipe.format,
    ...present({ nested: recipe.nested }),
    open,
    rollback: (writer) => writer.rollback(),
    finish: (writer) => writer.finish(),
  });
}

/** Downloads a part whole and proved into `downloads/`, unless it is there; returns its path. Throws as `fetchPart` does. */
export async function keepPart(options: PartDownload & Pick<Recipe, 'format'>): Promise<string> {
  const whole = wholePath(options);
  await ensureFolder(options.downloads);
  const consumer: Consumer<NameDigests, undefined> = {
    format: options.format,
    // Its own digest proves it: what is in it is read by whoever unpacks it.
    unread: options.part.digest.kind !== 'h1',
    open: openNameDigests,
    rollback: async () => undefined,
    finish: async () => undefined,
  };
  if ((await fromWhole(options, consumer)) !== undefined) return whole;
  refuseOffline(options);
  return withRestarts(async () => {
    const partial = await openPartial(options);
    return closingAfter(partial, async () => {
      await receive(options, { partial, consumer });
      await rename(partial.path, whole);
      await syncFolder(options.downloads);
      await partial.drop();
      return whole;
    });
  });
}

/** `sha256-ab12...`: the file name of an archive in `downloads/`. */
export function downloadName(digest: Digest): string {
  const value = digest.kind === 'h1' ? Buffer.from(digest.value, 'base64').toString('hex') : digest.value;
  if (!/^[0-9a-f]{64,128}$/.test(value))
    throw new PolyenvError('digest-missing', 'a part has no digest that can be used');
  return `${digest.kind}-${value}`;
}

/** What reads the archive's members: writes them, or only hashes them. */
interface Consumer<S extends AnySink, R> {
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

type AnySink = MemberSink & Pick<TreeWriter, 'settle'>;

async function obtain<S extends AnySink, R>(options: PartDownload, consumer: Consumer<S, R>): Promise<R> {
  await ensureFolder(options.downloads);
  const kept = await fromWhole(options, consumer);
  if (kept !== undefined) return kept.result;
  refuseOffline(options);
  // As for a zip, the whole file first: what lies in another archive, and what only its members prove.
  const format = consumer.nested === undefined && options.part.digest.kind !== 'h1' ? consumer.format : 'zip';
  return withRestarts(async () => {
    const partial = await openPartial(options);
    return closingAfter(partial, async () => {
      const result =
        format === 'zip'
          ? await receive(options, { partial, consumer })
          : await receiveStreaming(options, { partial, consumer, format });
      await partial.drop();
      return result;
    });
  });
}

/** The bytes may be a mixture, or cut: the same once more from the start could be good. */
class Restart extends Error {
  readonly shown: PolyenvError;
  constructor(shown: PolyenvError) {
    super(shown.message);
    this.shown = shown;
  }
}

async function withRestarts<R>(attempt: () => Promise<R>): Promise<R> {
  for (let round = 0; ; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Restart)) throw error;
      if (round >= MOST_RESTARTS) throw error.shown;
      await sleep(200 * 2 ** round);
    }
  }
}

const MOST_RESTARTS = 2;

function wholePath({ downloads, part }: PartDownload): string {
  return joinInside(downloads, downloadName(part.digest));
}

function refuseOffline({ offline, url }: PartDownload): void {
  if (!offline) return;
  throw new PolyenvError('offline', `${maskUrl(url)} is needed, and the network is switched off`, {
    hint: 'run it once without --offline, or take it from a bundle: polyenv bundle install FILE',
    elsewhere: true,
  });
}

/** From an archive that is already there. One that is no plain file, or not what its name says, is taken away. */
async function fromWhole<S extends AnySink, R>(
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
      // What is proved is not got better by another download; what only its members prove may be.
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

/** Hashes, inflates and writes while it arrives. That the digest is wrong is known at the end: then all is taken back. */
async function receiveStreaming<S extends AnySink, R>(
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
async function receive<S extends AnySink, R>(
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
    { hint: 'nothing was installed; if the upstream replaced the file: polyenv lock, after asking why' },
  );
  return transfer.mixed() ? new Restart(error) : error;
}

interface Partial {
  readonly path: string;
  readonly descriptor: number;
  /** Bytes kept from an earlier run, with the validator under which they were received. */
  readonly kept: number;
  readonly validator: string | undefined;
  /** Remembers the validator for a later run. */
  note(validator: string | undefined): Promise<void>;
  /** Nothing of it is needed any more. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** Partial files in use by this very process: a second download of the same bytes gets one of its own. */
const inUse = new Set<string>();

async function openPartial(options: PartDownload): Promise<Partial> {
  const usual = `${wholePath(options)}.partial`;
  const path = inUse.has(usual) ? `${usual}.${randomBytes(8).toString('hex')}` : usual;
  inUse.add(path);
  try {
    const notes = `${path}.json`;
    const descriptor = await openPlain(path);
    const validator = await readValidator(notes);
    let kept = fstatSync(descriptor).size;
    if (validator === undefined && kept > 0) {
      ftruncateSync(descriptor, 0);
      kept = 0;
    }
    let noted = validator;
    let wanted = true;
    return {
      path,
      descriptor,
      kept,
      validator,
      note: async (next) => {
        if (next === noted) return;
        noted = next;
        await rm(notes, { force: true });
        if (next !== undefined) await writeAtomic(notes, `${JSON.stringify({ schema: 1, validator: next })}\n`);
      },
      drop: async () => {
        wanted = false;
        await rm(path, { force: true });
        await rm(notes, { force: true });
      },
      close: async () => {
        const empty = fstatSync(descriptor).size === 0;
        closeSync(descriptor);
        // Bytes that nothing could prove to be the same file are of no use later.
        if (wanted && (empty || noted === undefined || path !== usual)) {
          await rm(path, { force: true });
          await rm(notes, { force: true });
        }
        inUse.delete(path);
      },
    };
  } catch (error) {
    inUse.delete(path);
    throw translateFsError(error, path) ?? error;
  }
}

async function openPlain(path: string): Promise<number> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) await removeTree(path);
  try {
    return openSync(path, flags, 0o644);
  } catch (error) {
    if (errorCode(error) !== 'EACCES' || found === undefined) throw error;
    await removeTree(path);
    return openSync(path, flags, 0o644);
  }
}

async function readValidator(notes: string): Promise<string | undefined> {
  try {
    const { schema, validator } = JSON.parse((await readTextIfAny(notes)) ?? '{}') as Readonly<Record<string, unknown>>;
    return schema === 1 && typeof validator === 'string' && /^[\x20-\x7e]{1,500}$/.test(validator)
      ? validator
      : undefined;
  } catch {
    return undefined;
  }
}

interface Transfer {
  /** The archive's bytes from its start, each also in the partial file. Throws `Restart` where it cannot go on. */
  bytes(): AsyncGenerator<Uint8Array, void>;
  /** Whether they came from more than one answer, or from one whose end nobody promised. */
  mixed(): boolean;
}

function openTransfer(options: PartDownload, partial: Partial): Transfer {
  const { http, url, part, signal, onBytes } = options;
  const most = part.size ?? options.limit ?? MOST_BYTES;
  let answers = 0;
  let openEnded = false;
  return { bytes, mixed: () => answers > 1 || openEnded };

  async function* bytes(): AsyncGenerator<Uint8Array, void> {
    let { validator, kept } = partial;
    let offset = 0;
    let breaks = 0;
    let fruitless = 0;
    if (kept > 0) answers += 1;
    for (;;) {
      const complete = part.size !== undefined && kept >= part.size;
      const answer = complete ? undefined : await ask(kept, validator);
      if (answer === undefined || answer.status === 206) {
        if (offset === 0 && kept > 0) options.onResume?.(kept);
        while (offset < kept) {
          const [piece] = readFrom(partial.descriptor, offset, Math.min(kept, offset + CHUNK));
          if (piece === undefined) throw restart('the partial file was changed by another process');
          offset += piece.length;
          onBytes(piece.length);
          yield piece;
        }
      }
      if (answer === undefined) return;
      let skip = 0;
      if (answer.status !== 206) {
        const next = validatorOf(answer);
        // guard: resume-proved
        if (offset > 0 && (next === undefined || next !== validator)) throw restart('the server sent another file');
        skip = offset;
        if (offset === 0) ftruncateSync(partial.descriptor, 0);
        validator = next;
        await partial.note(validator);
      }
      if (Number(answer.headers['content-length'] ?? 0) > most) {
        for await (const _ of answer.body) break;
        throw tooLong();
      }
      tellSize(answer, kept);
      answers += 1;
      openEnded = answer.headers['content-length'] === undefined;
      const before = offset;
      try {
        for await (const raw of measured(answer)) {
          const chunk = raw.subarray(Math.min(skip, raw.length));
          skip -= raw.length - chunk.length;
          if (chunk.length === 0) continue;
          signal?.throwIfAborted();
          save(chunk, offset);
          offset += chunk.length;
          if (offset > most) throw tooLong();
          onBytes(chunk.length);
          yield chunk;
        }
        if (part.size === undefined || offset >= part.size || !openEnded) return;
        throw cutShort();
      } catch (error) {
        if (!(error instanceof PolyenvError) || error.code !== 'network') throw error;
        breaks += 1;
        fruitless = offset - before >= 2 ** 16 ? 1 : fruitless + 1;
        if (fruitless > MOST_FRUITLESS || breaks > MOST_BREAKS) throw error;
        await sleep(Math.min(4000, 200 * 2 ** fruitless), undefined, signal === undefined ? {} : { signal });
      }
      kept = offset;
    }
  }

  async function ask(from: number, validator: string | undefined): Promise<HttpAnswer> {
    const resume = from > 0 && validator !== undefined;
    const headers = {
      ...options.headers,
      'accept-encoding': 'identity',
      ...(resume && { range: `bytes=${from}-`, 'if-range': validator }),
    };
    try {
      const answer = await http.get(url, { headers, encoding: 'raw', ...present({ signal }) });
      if (answer.status === 206 && (!resume || !startsAt(answer, from))) throw restart('the server sent another range');
      if (answer.status !== 200 && answer.status !== 206) throw missing(answer);
      return answer;
    } catch (error) {
      if (resume && error instanceof PolyenvError && error.status === 416)
        throw restart('the server has no more of it');
      throw error;
    }
  }

  function tellSize({ status, headers }: HttpAnswer, from: number): void {
    const length = Number(headers['content-length'] ?? Number.NaN);
    const isPacked = (headers['content-encoding'] ?? 'identity') !== 'identity';
    if (part.size === undefined && !isPacked && length > 0) options.onSize?.(length + (status === 206 ? from : 0));
  }

  function save(chunk: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < chunk.length; ) {
        done += writeSync(partial.descriptor, chunk, done, chunk.length - done, position + done);
      }
    } catch (error) {
      throw translateFsError(error, partial.path) ?? error;
    }
  }

  function restart(why: string): Restart {
    return new Restart(
      new PolyenvError('network', `${maskUrl(url)} could not be received in one piece: ${why}`, {
        hint: 'try again',
        elsewhere: true,
      }),
    );
  }

  function missing(answer: HttpAnswer): PolyenvError {
    return new PolyenvError('http-status', `there is no ${maskUrl(url)} (status ${answer.status})`, {
      status: answer.status,
      hint: 'check the mirror, if one is set: polyenv settings get mirrors',
    });
  }

  function cutShort(): PolyenvError {
    return new PolyenvError('network', `${maskUrl(url)} ended before its ${part.size} bytes`, {
      hint: 'try again',
      elsewhere: true,
    });
  }

  function tooLong(): PolyenvError {
    return new PolyenvError(
      'digest-mismatch',
      part.size === undefined
        ? `${maskUrl(url)} is larger than the ${most} bytes that are allowed where nobody says its size`
        : `${maskUrl(url)} is larger than the ${most} bytes that were promised`,
      {
        hint: 'nothing was installed; if the upstream replaced the file: polyenv lock, after asking why',
      },
    );
  }

  /** The body, with what the line gives: most of an archive is still to come when it is known to be slow. */
  async function* measured(answer: HttpAnswer): AsyncGenerator<Uint8Array, void> {
    const { lines, leastRate } = options;
    const body = archiveBody(answer);
    if (lines === undefined) return yield* body;
    const length = Number(answer.headers['content-length'] ?? part.size ?? Number.NaN);
    const meter = lines.open(new URL(url).host);
    const since = performance.now();
    let received = 0;
    let judged = leastRate === undefined || answer.status === 206;
    try {
      for (;;) {
        const asked = performance.now();
        const step = await body.next();
        if (step.done === true) return;
        const now = performance.now();
        received += step.value.length;
        meter.add(step.value.length, now - asked);
        if (!judged && now - since >= JUDGED_AFTER) {
          judged = true;
          const isEarly = received < length * WORTH_LEAVING;
          if (isEarly && leastRate !== undefined && meter.rate() < leastRate) throw new SlowLine();
        }
        yield step.value;
      }
    } finally {
      meter.close();
      await body.return?.();
    }
  }

  /**
   * A Content-Encoding on an archive means either that the server packed it once more, or that it took the archive's own
   * packing for one. The bytes tell which.
   */
  async function* archiveBody(answer: HttpAnswer): AsyncGenerator<Uint8Array, void> {
    const encoding = answer.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (encoding === 'identity' || encoding === '') {
      yield* answer.body;
      return;
    }
    const body = answer.body[Symbol.asyncIterator]();
    const first = await body.next();
    if (first.done === true) return;
    const whole = prepend(first.value, body);
    if (/^(?:x-)?gzip$/.test(encoding) && !isPackedTwice(first.value)) yield* whole;
    else yield* decodeBody(whole, encoding, new URL(answer.url));
  }
}

/** Milliseconds of a transfer after which its line is known well enough. */
const JUDGED_AFTER = 500;
/** Of an archive: with more of it there, beginning another one is no gain. */
const WORTH_LEAVING = 0.3;

const CHUNK = 2 ** 20;
const MOST_BYTES = 2 ** 31;
/** Breaks in a row after which next to nothing was received, and breaks in all. */
const MOST_FRUITLESS = 3;
const MOST_BREAKS = 12;

async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield first;
  for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
}

function isPackedTwice(start: Uint8Array): boolean {
  if (start[0] !== 0x1f || start[1] !== 0x8b) return false;
  try {
    const head = gunzipSync(start.subarray(0, 4096), { finishFlush: zlib.Z_SYNC_FLUSH });
    return (head[0] === 0x1f && head[1] === 0x8b) || head.subarray(0, 2).toString('latin1') === 'PK';
  } catch {
    return false;
  }
}

/** A strong validator for If-Range (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5), or `undefined`. */
function validatorOf({ headers }: HttpAnswer): string | undefined {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return undefined;
  const { etag, date } = headers;
  if (etag !== undefined && /^"[\x21\x23-\x7e]{0,400}"$/.test(etag)) return etag;
  const modified = headers['last-modified'];
  if (modified === undefined || date === undefined) return undefined;
  // A file changed within the last minute may change again under the same date.
  return Date.parse(date) - Date.parse(modified) >= 60_000 ? modified : undefined;
}

function startsAt({ headers }: HttpAnswer, from: number): boolean {
  return new RegExp(`^bytes ${from}-\\d+/(?:\\d+|\\*)$`).test(headers['content-range'] ?? '');
}

function* readFrom(descriptor: number, start: number, stop: number): Generator<Buffer> {
  for (let at = start; at < stop; ) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, stop - at));
    const count = readSync(descriptor, buffer, 0, buffer.length, at);
    if (count === 0) return;
    at += count;
    yield buffer.subarray(0, count);
  }
}

interface NameDigests extends MemberSink {
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
