import { setTimeout as sleep } from 'node:timers/promises';
import type { Blob } from '../../domain/team/carried';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { printable } from '../../domain/words/printable';
import type { SentAnswer } from '../net/http';
import { maskUrl } from '../net/url';
import { problem, type Registry, refusalOf } from './registry';

export interface BlobUpload extends Blob {
  /** The blob's bytes from a place to another, as often as they are asked for. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
  /** Bytes that the registry has now, of this blob. */
  onBytes(sent: number): void;
  readonly signal?: AbortSignal;
}

/** The blob, if the registry has it, with its size where that is said. One without HEAD is asked for it, and not listened to. */
export async function findBlob(
  registry: Registry,
  digest: string,
  access: 'pull' | 'push',
): Promise<{ readonly size?: number } | undefined> {
  const url = await registry.url(`blobs/${digest}`);
  for (const method of ['HEAD', 'GET'] as const) {
    const answer = await registry.ask(access, { method, url });
    answer.drop();
    if (answer.status === 404) return undefined;
    if (answer.status >= 200 && answer.status < 300) {
      const size = Number(answer.headers['content-length'] ?? Number.NaN);
      return Number.isSafeInteger(size) && size > 0 ? { size } : {};
    }
    if (method === 'GET') throw await refusalOf(answer, `say whether it has ${digest}`);
  }
  return undefined;
}

/** Whether the blob is in the repository now because another one of the registry has it. One that cannot mount says no. */
export async function mountBlob(registry: Registry, digest: string, from: string): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  const url = `${await registry.url('blobs/uploads/')}?${query}`;
  const answer = await registry.ask('push', { method: 'POST', url, headers: NO_BODY });
  answer.drop();
  return answer.status === 201;
}

/**
 * Sends a blob, whole in one request, or in pieces where it is large. A session that the registry forgot begins anew, three
 * times at most. Throws `http-status`, `network`.
 */
export async function uploadBlob(registry: Registry, upload: BlobUpload): Promise<void> {
  let form: 'pieces' | 'whole' = upload.size > PIECE ? 'pieces' : 'whole';
  for (let session = 0; ; session += 1) {
    const begun = await begin(registry);
    try {
      if (form === 'whole') await sendWhole(registry, upload, begun);
      else await sendPieces(registry, upload, begun);
      return;
    } catch (error) {
      upload.signal?.throwIfAborted();
      if (error instanceof NoPieces && form === 'pieces') form = 'whole';
      else if (!mayBeginAnew(error) || session >= MOST_SESSIONS) throw error instanceof Lost ? error.shown : error;
      else await sleep(250 * 2 ** session, undefined, upload.signal === undefined ? {} : { signal: upload.signal });
    }
  }
}

/** Above this many bytes a blob goes in pieces of that size: proxies in between refuse larger requests. */
const PIECE = 64 * 2 ** 20;
const MOST_SESSIONS = 3;
const OCTETS = { 'content-type': 'application/octet-stream' };

/** The registry does not know the session any more. */
class Lost extends Error {
  readonly shown: PolyenvError;
  constructor(shown: PolyenvError) {
    super(shown.message);
    this.shown = shown;
  }
}

/** The registry takes a blob as a whole only. */
class NoPieces extends Error {}

function mayBeginAnew(error: unknown): boolean {
  if (!(error instanceof PolyenvError)) return error instanceof Lost;
  const { code, status = 0 } = error;
  return code === 'network' || status === 429 || (status >= 500 && status !== 501 && status !== 507);
}

interface Session {
  /** Where the next request goes. */
  readonly url: string;
  readonly piece: number;
}

async function begin(registry: Registry): Promise<Session> {
  const url = await registry.url('blobs/uploads/');
  const answer = await registry.ask('push', { method: 'POST', url, headers: NO_BODY });
  if (answer.status !== 202) throw await refusalOf(answer, 'take uploads');
  answer.drop();
  const least = Number(answer.headers['oci-chunk-min-length']);
  const piece = Number.isSafeInteger(least) && least > PIECE && least <= 2 ** 30 ? least : PIECE;
  return { url: await uploadPlace(registry, answer), piece };
}

const NO_BODY = { 'content-length': '0' };

/** Where an upload goes on. Another host must be https, and learns no login: some registries send to their storage. */
async function uploadPlace(registry: Registry, answer: SentAnswer): Promise<string> {
  const { location } = answer.headers;
  if (location === undefined || !URL.canParse(location, answer.url)) {
    throw problem(`${registry.name} does not say where an upload goes`);
  }
  const place = new URL(location, answer.url);
  const { origin } = new URL(await registry.url(''));
  // guard: upload-origin
  if (place.origin !== origin && place.protocol !== 'https:')
    throw problem(printable(`${registry.name} wants an upload sent to ${maskUrl(place.href)}`));
  return place.href;
}

async function sendWhole(registry: Registry, upload: BlobUpload, session: Session): Promise<void> {
  const { size } = upload;
  const answer = await send(registry, upload, {
    method: 'PUT',
    url: closing(session.url, upload.digest),
    headers: { ...OCTETS, 'content-length': String(size) },
    body: () => upload.read(0, size),
  });
  await accept(upload, answer);
}

async function sendPieces(registry: Registry, upload: BlobUpload, session: Session): Promise<void> {
  let { url } = session;
  let sent = 0;
  let breaks = 0;
  while (sent < upload.size) {
    const from = sent;
    const to = Math.min(upload.size, from + session.piece);
    try {
      const answer = await send(registry, upload, {
        method: 'PATCH',
        url,
        headers: { ...OCTETS, 'content-length': String(to - from), 'content-range': `${from}-${to - 1}` },
        body: () => upload.read(from, to),
      });
      answer.drop();
      if (answer.status === 404 || answer.status === 416) throw lost(registry);
      if (answer.status < 200 || answer.status > 299) throw new NoPieces();
      url = await uploadPlace(registry, answer);
      sent = to;
      upload.onBytes(sent);
    } catch (error) {
      if (!(error instanceof PolyenvError) || error.code !== 'network' || ++breaks > MOST_BREAKS) throw error;
      const state = await stateOf(registry, upload, url);
      ({ url } = state);
      sent = state.sent;
    }
  }
  const answer = await send(registry, upload, { method: 'PUT', url: closing(url, upload.digest), headers: NO_BODY });
  await accept(upload, answer);
}

const MOST_BREAKS = 8;

/** How far a session came before the line broke. */
async function stateOf(
  registry: Registry,
  upload: BlobUpload,
  url: string,
): Promise<{ readonly url: string; readonly sent: number }> {
  const answer = await send(registry, upload, { method: 'GET', url, headers: {}, retries: 'usual' });
  answer.drop();
  const end = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.range ?? '')?.[1];
  if (answer.status !== 204 || end === undefined) throw lost(registry);
  // `0-0` is what registries say of nothing and of one byte.
  const sent = end === '0' ? 0 : Number(end) + 1;
  if (sent > upload.size) throw lost(registry);
  return { url: answer.headers.location === undefined ? url : await uploadPlace(registry, answer), sent };
}

interface UploadRequest {
  readonly method: 'PUT' | 'PATCH' | 'GET';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: () => AsyncIterable<Uint8Array>;
  readonly retries?: 'usual';
}

async function send(registry: Registry, { signal }: BlobUpload, request: UploadRequest): Promise<SentAnswer> {
  return registry.ask('push', { retries: 'none', ...request, ...present({ signal }) });
}

async function accept(upload: BlobUpload, answer: SentAnswer): Promise<void> {
  if (answer.status >= 200 && answer.status < 300) {
    answer.drop();
    upload.onBytes(upload.size);
    return;
  }
  const refusal = await refusalOf(answer, `take ${upload.digest}`);
  if (answer.status === 404 || answer.status === 416) throw new Lost(refusal);
  // A registry that lost the session says that the blob does not fit. What counts is whether the blob is there.
  if (answer.status === 400) throw new Lost(refusal);
  throw refusal;
}

function lost(registry: Registry): Lost {
  return new Lost(problem(`${registry.name} does not know its own upload any more`));
}

/** The query that the registry gave stays. */
function closing(url: string, digest: string): string {
  const place = new URL(url);
  place.searchParams.append('digest', digest);
  return place.href;
}
