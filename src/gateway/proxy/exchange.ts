import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Session, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type HeaderLines, linesOf } from '../../domain/gateway/header-rules';

/** How long an answer is known to be: `none` has no body at all. */
export type Framing = 'whole' | 'chunked' | 'none';

/** One request and its answer, the same for both versions of HTTP. */
export interface Exchange {
  /** The first of them knows no chunks, so no trailers either. */
  readonly version: '1.0' | '1.1' | '2';
  readonly method: string;
  readonly target: string;
  /** Each `Host`, or `:authority`, as it came. */
  readonly authorities: readonly string[];
  /** The name that the connection was made for. */
  readonly serverName: string | undefined;
  readonly client: { readonly address: string; readonly port: number };
  readonly lines: HeaderLines;
  readonly body: Readable;
  readonly hasBody: boolean;
  /** Whether a body that has ended was broken off: over HTTP/2 both look the same to who reads. */
  isBroken(): boolean;
  /** Known once the body has ended. */
  requestTrailers(): HeaderLines;
  /** A status below 200. */
  inform(status: number, lines: HeaderLines): void;
  respond(status: number, lines: HeaderLines, framing: Framing): Writable;
  /** Before the end of an answer in chunks. */
  trail(lines: HeaderLines): void;
  readonly answered: boolean;
  /** The client is told that the answer is broken. */
  abort(): void;
  /** Called once when it is over, well or not. */
  onceOver(action: () => void): void;
}

export function exchangeOfHttp1(request: IncomingMessage, response: ServerResponse): Exchange {
  const socket = request.socket as TLSSocket;
  const lines = linesOf(request.rawHeaders);
  const length = request.headers['content-length'];
  return {
    version: request.httpVersion === '1.0' ? '1.0' : '1.1',
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    authorities: lines.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value),
    serverName: serverNameOf(socket),
    client: { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
    lines,
    body: request,
    hasBody: request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0'),
    isBroken: () => !request.complete,
    requestTrailers: () => linesOf(request.rawTrailers),
    inform: (status, informed) => {
      if (status === 100) response.writeContinue();
      const links = informed.filter(([name]) => name.toLowerCase() === 'link').map(([, value]) => value);
      if (status === 103 && links.length > 0) response.writeEarlyHints({ link: links });
    },
    respond: (status, sent) => {
      response.sendDate = false;
      response.writeHead(status, sent.flat());
      return response;
    },
    trail: (trailers) => {
      response.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
    },
    get answered() {
      return response.headersSent;
    },
    abort: () => {
      socket.destroy();
    },
    onceOver: (action) => {
      response.once('close', action);
    },
  };
}

const END_STREAM = 1;

/** What was said once for all requests of a connection. */
export interface Http2Client {
  readonly serverName: string | undefined;
  readonly address: string;
  readonly port: number;
}

export function clientOfSession(session: Http2Session): Http2Client {
  const socket = session.socket as TLSSocket;
  return { serverName: serverNameOf(socket), address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
}

export interface Http2Request {
  readonly stream: ServerHttp2Stream;
  readonly raw: readonly string[];
  readonly flags: number;
  readonly client: Http2Client;
}

export function exchangeOfHttp2({ stream, raw, flags, client }: Http2Request): Exchange {
  const lines = linesOf(raw);
  const pseudo = (name: string): string | undefined => lines.find(([one]) => one === name)?.[1];
  const hosts = lines.filter(([name]) => name === 'host' || name === ':authority').map(([, value]) => value);
  let trailers: HeaderLines = [];
  let received: HeaderLines = [];
  let broken = false;
  const hasBody = (flags & END_STREAM) === 0;
  if (hasBody) {
    stream.on('trailers', (_, __, rawTrailers?: readonly string[]) => {
      received = linesOf(rawTrailers ?? []);
    });
  }
  return {
    version: '2',
    method: pseudo(':method') ?? 'GET',
    target: pseudo(':path') ?? '/',
    authorities: new Set(hosts).size > 1 ? hosts : hosts.slice(0, 1),
    serverName: client.serverName,
    client,
    lines,
    body: stream,
    hasBody,
    isBroken: () => stream.aborted || stream.rstCode !== 0,
    requestTrailers: () => received,
    inform: (status, informed) => {
      if (!stream.headersSent && !stream.destroyed) stream.additionalHeaders(http2Headers(status, informed));
    },
    respond: (status, sent, framing) => {
      const chunked = framing === 'chunked';
      // An answer without them must not look whole when it is broken off: then this is the only end that is told.
      if (chunked)
        stream.once('wantTrailers', () => (broken ? stream.close(INTERNAL_ERROR) : sendTrailers(stream, trailers)));
      stream.respond(http2Headers(status, sent), { waitForTrailers: chunked, endStream: framing === 'none' });
      return stream;
    },
    trail: (lines) => {
      trailers = lines;
    },
    get answered() {
      return stream.headersSent;
    },
    abort: () => {
      broken = true;
      stream.close(INTERNAL_ERROR);
    },
    onceOver: (action) => {
      if (stream.destroyed) action();
      else stream.once('close', action);
    },
  };
}

const INTERNAL_ERROR = 2;

function sendTrailers(stream: ServerHttp2Stream, trailers: HeaderLines): void {
  try {
    if (trailers.length > 0) stream.sendTrailers(http2Headers(undefined, trailers));
    else stream.close();
  } catch {
    stream.close(INTERNAL_ERROR);
  }
}

/** Only cookies may be there twice; elsewhere a comma says the same. */
function http2Headers(status: number | undefined, lines: HeaderLines): OutgoingHttpHeaders {
  const headers: Record<string, number | string | string[]> = {};
  if (status !== undefined) headers[':status'] = status;
  const cookies: string[] = [];
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    const before = headers[lower];
    if (lower === 'set-cookie') cookies.push(value);
    else if (before === undefined) headers[lower] = value;
    else if (!ONCE.has(lower)) headers[lower] = `${before}, ${value}`;
  }
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return headers;
}

const ONCE: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'location',
  'etag',
  'date',
  'last-modified',
]);

function serverNameOf(socket: TLSSocket): string | undefined {
  // Node has the name here; the type of the socket does not say so.
  const { servername } = socket as TLSSocket & { readonly servername?: string | false };
  return servername === false ? undefined : servername?.toLowerCase();
}
