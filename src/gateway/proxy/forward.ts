import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import {
  type HeaderLines,
  linesOf,
  requestHeaders,
  responseHeaders,
  valuesOf,
} from '../../domain/gateway/header-rules';
import type { FoundRoute } from '../../domain/gateway/name-table';
import type { Exchange } from './exchange';

export interface Forward {
  readonly route: FoundRoute;
  readonly target: string;
  readonly hops: number;
  readonly headerBytes: number;
  /** The server cannot be reached, or says nothing that can be understood; nothing was answered yet. */
  fail(kind: 'down' | 'malformed', error: NodeJS.ErrnoException): void;
}

/** Milliseconds for which a connection to a server is kept unused: less than servers do, or it would end under a request. */
const UNUSED = 1500;

const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, scheduling: 'lifo', timeout: UNUSED });

/** Hands the request to the server behind, and its answer to the client, as both come. */
export function forward(exchange: Exchange, to: Forward): void {
  attempt(exchange, to, 'first');
}

function attempt(exchange: Exchange, to: Forward, which: 'first' | 'again'): void {
  const { method, hasBody, body } = exchange;
  const headers = [...requestHeaders(exchange.lines, forwardingOf(exchange, to)), ...framingOf(exchange)];
  const upstream = request({
    host: '127.0.0.1',
    port: to.route.port,
    method,
    path: to.target,
    headers: headers.flat(),
    agent,
    setHost: false,
    maxHeaderSize: to.headerBytes,
  });
  let answer: IncomingMessage | undefined;
  let over = false;
  exchange.onceOver(() => {
    over = true;
    if (answer?.complete !== true) upstream.destroy();
  });
  upstream.on('information', ({ statusCode, rawHeaders }) => {
    guard(exchange, () => exchange.inform(statusCode, responseHeaders(linesOf(rawHeaders), 'whole')));
  });
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    if (over) return;
    if (answer !== undefined || exchange.answered) {
      exchange.abort();
      return;
    }
    // The server had just closed the connection that was kept: nothing of this request was looked at.
    if (which === 'first' && !hasBody && upstream.reusedSocket && isClosed(error)) attempt(exchange, to, 'again');
    else to.fail(error.code === 'ECONNREFUSED' ? 'down' : 'malformed', error);
  });
  upstream.on('response', (response) => {
    answer = response;
    response.on('error', () => undefined);
    if (over) response.destroy();
    else if (!isReadable(response)) {
      response.destroy();
      to.fail('malformed', new Error('an encoding of the answer that is not known'));
    } else guard(exchange, () => hand(exchange, response, upstream));
  });
  // An upgrade that nobody asked for.
  upstream.on('upgrade', (_, socket) => {
    socket.destroy();
    if (!over && !exchange.answered) to.fail('malformed', new Error('an upgrade that was not asked for'));
  });
  if (!hasBody) {
    upstream.end();
    return;
  }
  body.on('end', () => {
    // guard: gateway-half-body
    if (exchange.isBroken()) {
      upstream.destroy();
      return;
    }
    guard(exchange, () => {
      const trailers = exchange.requestTrailers();
      if (trailers.length > 0) upstream.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
      upstream.end();
    });
  });
  body.on('error', () => upstream.destroy());
  // The server may want to refuse before the first byte comes.
  upstream.flushHeaders();
  body.pipe(upstream, { end: false });
}

function hand(exchange: Exchange, response: IncomingMessage, upstream: ClientRequest): void {
  const status = response.statusCode ?? 502;
  const lines = linesOf(response.rawHeaders);
  const empty = exchange.method === 'HEAD' || status === 204 || status === 304;
  const chunked = exchange.version !== '1.0' && /chunked/i.test(response.headers['transfer-encoding'] ?? '');
  const framing = empty ? 'none' : chunked ? 'chunked' : 'whole';
  const out = exchange.respond(status, responseHeaders(lines, framing === 'chunked' ? 'chunked' : 'whole'), framing);
  if (empty) {
    response.resume();
    out.end();
    return;
  }
  response.on('end', () => {
    const trailers = framing === 'chunked' ? responseHeaders(linesOf(response.rawTrailers), 'chunked') : [];
    guard(exchange, () => exchange.trail(trailers));
  });
  response.on('close', () => {
    if (!response.complete) {
      upstream.destroy();
      exchange.abort();
    }
  });
  out.on('error', () => upstream.destroy());
  passOn(exchange, response, out);
}

/** A small answer is often there whole with its headers: then it is one write, and needs nothing that a stream needs. */
function passOn(exchange: Exchange, response: IncomingMessage, out: Writable): void {
  const endEmpty = (): void => guard(exchange, () => out.end());
  const first = (part: Buffer): void => {
    response.off('data', first);
    response.off('end', endEmpty);
    guard(exchange, () => {
      if (response.complete && response.readableLength === 0 && response.rawTrailers.length === 0) out.end(part);
      else if (out.write(part)) response.pipe(out);
      else {
        response.pause();
        out.once('drain', () => response.pipe(out));
      }
    });
  };
  response.on('data', first);
  response.on('end', endEmpty);
}

/** One odd header of a stranger must not end the process: what throws here ends this exchange alone. */
export function guard(exchange: Exchange, action: () => void): void {
  try {
    action();
  } catch {
    exchange.abort();
  }
}

/** Of all encodings of a transfer only this one is in use; another would be handed on as if it were the content. */
function isReadable({ headers }: IncomingMessage): boolean {
  const encoding = headers['transfer-encoding'];
  return encoding === undefined || encoding.trim().toLowerCase() === 'chunked';
}

function framingOf({ method, lines, hasBody }: Exchange): HeaderLines {
  if (valuesOf(lines, 'content-length').length > 0) return [];
  if (hasBody) return [['Transfer-Encoding', 'chunked']];
  return ['POST', 'PUT', 'PATCH'].includes(method) ? [['Content-Length', '0']] : [];
}

function forwardingOf(exchange: Exchange, { hops }: Pick<Forward, 'hops'>) {
  return { authority: exchange.authorities[0] ?? '', client: exchange.client.address, hops };
}

function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

export interface Upgrading extends Forward {
  /** The server said yes: its headers, and the connection. */
  joined(lines: HeaderLines, socket: Socket, head: Buffer): void;
  /** It answered something else. */
  declined(response: IncomingMessage): void;
}

/** Asks the server behind for a WebSocket, on a connection of its own. */
export function askUpgrade(exchange: Exchange, key: string, to: Upgrading): void {
  const lines = requestHeaders(exchange.lines, forwardingOf(exchange, to)).filter(
    ([name]) => !['sec-websocket-key', 'content-length'].includes(name.toLowerCase()),
  );
  const headers = [...lines, ['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Key', key]];
  const upstream = request({
    host: '127.0.0.1',
    port: to.route.port,
    method: 'GET',
    path: to.target,
    headers: headers.flat(),
    agent: false,
    setHost: false,
    maxHeaderSize: to.headerBytes,
  });
  let over = false;
  exchange.onceOver(() => {
    over = true;
    upstream.destroy();
  });
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    if (!over) to.fail(error.code === 'ECONNREFUSED' ? 'down' : 'malformed', error);
  });
  upstream.on('response', (response) => {
    response.on('error', () => undefined);
    guard(exchange, () => to.declined(response));
  });
  upstream.on('upgrade', (response, socket, head) => {
    guard(exchange, () => to.joined(linesOf(response.rawHeaders), socket, head));
  });
  upstream.end();
}
