import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { malformed } from '../../domain/formats/decoders';
import type { Settings } from '../../domain/project/settings';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import { present } from '../../domain/words/present';
import type { Host } from '../../host';
import type { Home } from '../home/paths';
import type { Http, HttpAnswer } from '../net/http';
import type { Mirrors } from '../net/mirrors';
import {
  type CacheEntry,
  cacheKey,
  MAX_ENTRY_BYTES,
  readCacheEntry,
  touchCacheEntry,
  writeCacheEntry,
} from './cache-entry';

/** Small files of upstreams (lists, digests, signatures, keys), kept in `cache/` and asked for again when they are old. */
export interface Indexes {
  /**
   * The decoded file, or `undefined` where the server has none (404, 410). `decode` checks what is kept too: a copy that it
   * refuses is fetched anew. Throws `offline`, `network`, `http-status` or `upstream-malformed`, each naming the URL.
   */
  read<T>(ask: Ask<T>): Promise<T | undefined>;
}

export interface Ask<T> {
  /** What it is for people and in the cache: a canonical URL, `npm:NAME`. Holds no secret. */
  readonly name: string;
  /** The canonical URL; mirrors apply. */
  readonly url: string;
  /** Sent unless a mirror on another host answers instead. */
  readonly headers?: Readonly<Record<string, string>>;
  decode(bytes: Uint8Array): T;
  /** Bytes that it has at most, where less is known than what the settings allow for any index. */
  readonly limit?: number;
  /**
   * `kept`: a copy of any age will do, as it cannot change (a key by its fingerprint, a record of a log).
   * `anew`: only the network will do. Default: a copy younger than the setting `cache.max_age`.
   */
  readonly age?: 'kept' | 'anew';
  /** One that a server need not have: that it has none is kept like a copy. */
  readonly optional?: true;
}

export interface IndexOptions {
  readonly host: Host;
  readonly home: Home;
  readonly settings: Settings;
  readonly http: Http;
  readonly mirrors: Mirrors;
  readonly emit: Emit;
}

export function openIndexes(options: IndexOptions): Indexes {
  const { host, home, settings, mirrors, emit } = options;
  const most = Math.min(settings.indexLimit * 2 ** 20, MAX_ENTRY_BYTES);
  const run = new Map<string, Promise<Entry | undefined>>();
  const dead = new Map<string, PolyenvError>();
  const alive = new Set<string>();
  const told = new Set<string>();
  const gate = openGate(CONCURRENT);

  return { read };

  async function read<T>(ask: Ask<T>): Promise<T | undefined> {
    const entry = await obtain(ask, ask.age === 'anew');
    if (entry === undefined || entry.absent) return undefined;
    if (entry.decoded?.by === ask.decode) return entry.decoded.value as T;
    try {
      return ask.decode(entry.bytes);
    } catch (error) {
      // A kept copy may be foreign, or from a polyenv that read it otherwise; one from the network was decoded before it was kept.
      if (settings.offline) throw unreadable(ask, error);
      const again = await obtain(ask, true);
      return again === undefined || again.absent ? undefined : decodeNamed(ask, again.bytes);
    }
  }

  function obtain<T>(ask: Ask<T>, anew: boolean): Promise<Entry | undefined> {
    const request = requestOf(ask);
    const under = anew ? run.get(`${request.key}!`) : (run.get(`${request.key}!`) ?? run.get(request.key));
    if (under !== undefined) return under;
    const promise = fetchEntry({ ask, request, anew });
    const name = anew ? `${request.key}!` : request.key;
    run.set(name, promise);
    promise.catch(() => run.delete(name));
    return promise;
  }

  function requestOf<T>(ask: Ask<T>): Request {
    const target = mirrors.rewrite(ask.url);
    const moved = new URL(target.url).host !== new URL(ask.url).host;
    const headers: Record<string, string> = {
      ...target.headers,
      ...(moved ? acceptOnly(ask.headers) : ask.headers),
    };
    // The real place is part of the key, so that another mirror's or registry's copy is never taken for this one's.
    const key = cacheKey([ask.name, headers.accept ?? '', target.url].join('\0'));
    return { key, file: join(home.cache, `${key}.index`), url: target.url, headers };
  }

  async function fetchEntry<T>({
    ask,
    request,
    anew,
  }: {
    readonly ask: Ask<T>;
    readonly request: Request;
    readonly anew: boolean;
  }): Promise<Entry | undefined> {
    const found = await readCacheEntry(request.file, request.key);
    const kept = found?.absent && !ask.optional ? undefined : found;
    const now = host.now().getTime();
    if (kept !== undefined && (settings.offline || (!anew && (ask.age === 'kept' || isFresh(kept, now))))) {
      if (settings.offline && ask.age !== 'kept') tellAge(ask, now - kept.checked);
      return kept;
    }
    // A mirror that is a folder needs no network.
    if (settings.offline && !request.url.startsWith('file:')) {
      throw new PolyenvError('offline', `${ask.name} is not in polyenv's cache, and the network is switched off`, {
        hint: 'run it once without --offline',
        elsewhere: true,
      });
    }
    try {
      return await gate(() => fetchAnew({ ask, request, kept: anew ? undefined : kept }));
    } catch (error) {
      throw kept === undefined || kept.absent || !(error instanceof PolyenvError)
        ? error
        : withKeptAge(error, now - kept.checked);
    }
  }

  async function fetchAnew<T>({
    ask,
    request,
    kept,
  }: {
    readonly ask: Ask<T>;
    readonly request: Request;
    readonly kept: Entry | undefined;
  }): Promise<Entry | undefined> {
    const answer = await askServer(request, kept);
    if (answer.status === 304 && kept !== undefined) {
      await discard(answer);
      await touchCacheEntry(request.file, host.now());
      return { ...kept, checked: host.now().getTime() };
    }
    if (answer.status === 404 || answer.status === 410) {
      await discard(answer);
      if (ask.optional === undefined) await rm(request.file, { force: true }).catch(() => undefined);
      else await keepAbsence(ask, request);
      return undefined;
    }
    const bytes = await collect(answer, ask.name, Math.min(ask.limit ?? Number.POSITIVE_INFINITY, most));
    const value = decodeNamed(ask, bytes);
    await writeCacheEntry({ ...request, name: ask.name, bytes, validators: validatorsOf(answer), when: host.now() });
    return { bytes, checked: host.now().getTime(), validators: {}, decoded: { by: ask.decode, value } };
  }

  function keepAbsence<T>(ask: Ask<T>, request: Request): Promise<void> {
    const nothing = { bytes: new Uint8Array(), validators: {}, absent: true as const };
    return writeCacheEntry({ ...request, name: ask.name, ...nothing, when: host.now() });
  }

  /** A host that could not be reached once is not waited for again in this run. */
  async function askServer(request: Request, kept: Entry | undefined): Promise<HttpAnswer> {
    const { host: name } = new URL(request.url);
    const known = dead.get(name);
    if (known !== undefined) throw known;
    try {
      const answer = await options.http.get(request.url, { headers: { ...request.headers, ...kept?.validators } });
      alive.add(name);
      return answer;
    } catch (error) {
      if (error instanceof PolyenvError && error.code === 'network' && !alive.has(name)) dead.set(name, error);
      throw error;
    }
  }

  function isFresh(entry: Entry, now: number): boolean {
    // A copy from the future was kept by a clock that has jumped: its age is unknown.
    return entry.checked <= now && now - entry.checked < settings.cacheAge * 1000;
  }

  function tellAge<T>(ask: Ask<T>, age: number): void {
    const from = URL.canParse(ask.url) ? new URL(ask.url).host : ask.name;
    if (told.has(from)) return;
    told.add(from);
    emit({ type: 'note', text: `offline: what is known of ${from} is ${describeAge(age)} old` });
  }
}

/** What was read in this run, or kept by an earlier one. */
interface Entry extends CacheEntry {
  /** What the first reader made of it: long lists are not decoded twice. */
  readonly decoded?: { readonly by: unknown; readonly value: unknown };
}

interface Request {
  readonly key: string;
  readonly file: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

const CONCURRENT = 8;

/** Signatures, keys and digests of one file are small. */
export const SMALL_FILE = 2 ** 20;

/** The whole body. Throws `upstream-malformed` for more than is allowed, without reading it where the server says so beforehand. */
async function collect(answer: HttpAnswer, name: string, limit: number): Promise<Uint8Array> {
  const refuse = (): PolyenvError => malformedAt(name, `it is larger than ${limit / 2 ** 20} MiB`);
  if (Number(answer.headers['content-length'] ?? 0) > limit) {
    await discard(answer);
    throw refuse();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.byteLength;
    if (size > limit) throw refuse();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decodeNamed<T>(ask: Ask<T>, bytes: Uint8Array): T {
  try {
    return ask.decode(bytes);
  } catch (error) {
    throw unreadable(ask, error);
  }
}

function unreadable<T>(ask: Ask<T>, error: unknown): unknown {
  if (!(error instanceof PolyenvError) || error.code !== 'upstream-malformed') return error;
  return malformedAt(ask.name, error.message);
}

function malformedAt(name: string, reason: string): PolyenvError {
  return new PolyenvError('upstream-malformed', `${name} cannot be read: ${reason}`, {
    hint: 'try again later; a mirror may serve something else: polyenv settings get mirrors',
    elsewhere: true,
  });
}

function withKeptAge(error: PolyenvError, age: number): PolyenvError {
  if (error.code !== 'network') return error;
  return new PolyenvError(error.code, error.message, {
    ...error.details,
    hint: `a copy from ${describeAge(age)} ago is at hand: use --offline`,
  });
}

/** `40 minutes`, `3 days`: rough, for people. */
function describeAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  const [count, unit]: readonly [number, string] =
    minutes < 90
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day'];
  return counted(count, unit);
}

function acceptOnly(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return headers.accept === undefined ? {} : { accept: headers.accept };
}

/** The headers by which the server tells next time that nothing has changed. */
function validatorsOf({ headers }: HttpAnswer): Readonly<Record<string, string>> {
  return {
    ...present({ 'if-none-match': headers.etag, 'if-modified-since': headers['last-modified'] }),
  };
}

/** Ends the connection's part of an answer whose body nobody wants. */
async function discard(answer: HttpAnswer): Promise<void> {
  for await (const _ of answer.body) break;
}

/** At most so many at once, first come first served. */
function openGate(places: number): <T>(action: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (action) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** The bytes as text, a byte order mark dropped. Throws `upstream-malformed` if they are not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('it is not UTF-8 text');
  }
}

export function decodeJson(bytes: Uint8Array): unknown {
  const text = decodeText(bytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`it is not JSON (${(error as Error).message.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')})`);
  }
}
