import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type HeaderLines, linesOf, responseHeaders, valuesOf } from '../../domain/gateway/header-rules';
import type { Exchange } from './exchange';
import { askUpgrade, type Forward } from './forward';

/** A WebSocket over HTTP/1.1, as an exchange whose answer is written by hand. */
export function exchangeOfUpgrade(request: IncomingMessage, socket: Duplex): Exchange {
  const lines = linesOf(request.rawHeaders);
  const tls = socket as TLSSocket & { readonly servername?: string | false };
  let answered = false;
  return {
    version: '1.1',
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    authorities: lines.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value),
    serverName: tls.servername === false ? undefined : tls.servername?.toLowerCase(),
    client: { address: tls.remoteAddress ?? '', port: tls.remotePort ?? 0 },
    lines,
    body: request,
    hasBody: false,
    isBroken: () => false,
    requestTrailers: () => [],
    inform: () => undefined,
    respond: (status, sent, framing) => {
      answered = true;
      const kept = sent.filter(([name]) => name.toLowerCase() !== 'connection');
      socket.write(headText(status, [...kept, ['Connection', 'close']]));
      const out = new PassThrough();
      if (framing === 'none') socket.end();
      else out.pipe(socket);
      return out;
    },
    trail: () => undefined,
    get answered() {
      return answered;
    },
    abort: () => {
      socket.destroy();
    },
    onceOver: (action) => {
      socket.once('close', action);
    },
  };
}

/** Joins the client's connection with a WebSocket of the server behind. */
export function joinHttp1(
  exchange: Exchange,
  client: { readonly socket: Duplex; readonly head: Buffer },
  to: Forward,
): void {
  const [key] = valuesOf(exchange.lines, 'sec-websocket-key');
  if (key === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    to.fail('malformed', new Error('a WebSocket without a key'));
    return;
  }
  askUpgrade(exchange, key, {
    ...to,
    declined: (response) => decline(exchange, response),
    joined: (lines, socket, head) => {
      const upgraded: HeaderLines = [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
      ];
      client.socket.write(headText(101, [...responseHeaders(lines, 'whole'), ...upgraded]));
      join(client.socket, socket, { fromClient: client.head, fromServer: head });
    },
  });
}

/** By https://www.rfc-editor.org/rfc/rfc8441: over HTTP/2 the stream itself is the WebSocket, and there is no key. */
export function joinHttp2(exchange: Exchange, stream: Duplex, to: Forward): void {
  const key = randomBytes(16).toString('base64');
  askUpgrade(exchange, key, {
    ...to,
    declined: (response) => decline(exchange, response),
    joined: (lines, socket, head) => {
      if (valuesOf(lines, 'sec-websocket-accept')[0] !== acceptOf(key)) {
        socket.destroy();
        to.fail('malformed', new Error('a WebSocket that does not answer to its key'));
        return;
      }
      const sent = responseHeaders(lines, 'whole').filter(([name]) => name.toLowerCase() !== 'sec-websocket-accept');
      exchange.respond(200, sent, 'whole');
      join(stream, socket, { fromClient: Buffer.alloc(0), fromServer: head });
    },
  });
}

function join(
  client: Duplex,
  server: Socket,
  heads: { readonly fromClient: Buffer; readonly fromServer: Buffer },
): void {
  server.setNoDelay(true);
  server.setTimeout(0);
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
    // A WebSocket that is half open is of no use to either end.
    one.once('end', () => setTimeout(() => other.destroy(), LAST_WORDS).unref());
  }
  if (heads.fromServer.length > 0) client.write(heads.fromServer);
  if (heads.fromClient.length > 0) server.write(heads.fromClient);
  client.pipe(server);
  server.pipe(client);
}

const LAST_WORDS = 500;

function decline(exchange: Exchange, response: IncomingMessage): void {
  const lines = responseHeaders(linesOf(response.rawHeaders), 'whole').filter(
    ([name]) => name.toLowerCase() !== 'content-length',
  );
  response.pipe(exchange.respond(response.statusCode ?? 502, lines, 'whole'));
}

/** https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function headText(status: number, lines: HeaderLines): string {
  const words = status === 101 ? 'Switching Protocols' : 'Answer';
  for (const [name, value] of lines) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\r\n\0]/.test(value)) throw new RangeError('a header that is none');
  }
  return `HTTP/1.1 ${status} ${words}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
