import { createServer as createHttp2, type Http2Server, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { SecureContext, TLSSocket } from 'node:tls';
import { nameOfHost } from '../../domain/gateway/local-name';
import { admit } from './admission';
import { type Engine, type EngineOptions, LIMITS, type Limits, type Problem, STATUS } from './engine';
import { clientOfSession, type Exchange, exchangeOfHttp1, exchangeOfHttp2, type Http2Client } from './exchange';
import { type Forward, forward } from './forward';
import { exchangeOfUpgrade, joinHttp1, joinHttp2 } from './websocket';

/** One front for TLS; behind it Node's server of each version of HTTP, the same for both addresses. */
export function openNodeEngine(options: EngineOptions): Engine {
  const limits: Limits = { ...LIMITS, ...options.limits };
  const load = { requests: 0, inProgress: 0, last: 0 };
  const sockets = new Set<Duplex>();
  const service = new Service(options, limits, load);
  const http2 = openHttp2(service, limits);
  const servers = [
    openFront(service, { options, limits, http2, sockets }),
    openFront(service, { options, limits, http2, sockets }),
  ];
  return {
    port: options.port,
    load,
    listen: async () => {
      const [four, six] = servers as [Server, Server];
      await listenOn(four, options.port, '127.0.0.1');
      try {
        await listenOn(six, options.port, '::1');
      } catch (error) {
        // A machine without IPv6 has nobody at that address either.
        if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
        await closeServer(four);
        throw error;
      }
    },
    close: async () => {
      const closed = Promise.all(servers.map(closeServer));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What happens to a request, whatever it came by. */
class Service {
  readonly options: EngineOptions;
  readonly limits: Limits;
  readonly load: { requests: number; inProgress: number; last: number };

  constructor(options: EngineOptions, limits: Limits, load: Service['load']) {
    this.options = options;
    this.limits = limits;
    this.load = load;
  }

  serve(exchange: Exchange, pass: (to: Forward) => void, upgrade: 'websocket' | 'none' = 'none'): void {
    const { options, limits, load } = this;
    try {
      load.requests += 1;
      load.last = Date.now();
      const admission = admit(exchange, { options, limits, load, upgrade });
      if (admission.kind === 'refused') {
        this.#refuse(exchange, admission.problem);
        return;
      }
      if (admission.kind === 'own') {
        Promise.resolve(options.own(exchange)).catch((error: unknown) => this.#broken(exchange, error));
        return;
      }
      load.inProgress += 1;
      exchange.onceOver(() => {
        load.inProgress -= 1;
      });
      const { route, target, hops } = admission;
      const fail: Forward['fail'] = (kind) => this.#refuse(exchange, { kind, route });
      pass({ route, target, hops, headerBytes: limits.headerBytes, fail });
    } catch (error) {
      this.#broken(exchange, error);
    }
  }

  #refuse(exchange: Exchange, problem: Problem): void {
    try {
      const html = Buffer.from(this.options.page(problem));
      const lines = [...PAGE_HEADERS, ['Content-Length', String(html.length)] as const];
      const empty = exchange.method === 'HEAD';
      const out = exchange.respond(STATUS[problem.kind], lines, empty ? 'none' : 'whole');
      out.on('error', () => undefined);
      if (exchange.hasBody) exchange.body.resume();
      if (empty) out.end();
      else out.end(html);
    } catch (error) {
      this.#broken(exchange, error);
    }
  }

  #broken(exchange: Exchange, error: unknown): void {
    this.options.report('a request', error);
    exchange.abort();
  }
}

const PAGE_HEADERS = [
  ['Content-Type', 'text/html; charset=utf-8'],
  ['Cache-Control', 'no-store'],
  ['Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'same-origin'],
] as const;

interface Front {
  readonly options: EngineOptions;
  readonly limits: Limits;
  readonly http2: Http2Server;
  readonly sockets: Set<Duplex>;
}

function openFront(service: Service, { options, limits, http2, sockets }: Front): Server {
  const server = createServer({
    ALPNProtocols: ['h2', 'http/1.1'],
    minVersion: 'TLSv1.2',
    noDelay: true,
    handshakeTimeout: limits.handshake,
    headersTimeout: limits.headers,
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAlive,
    connectionsCheckingInterval: limits.headersCheck,
    maxHeaderSize: limits.headerBytes,
    requireHostHeader: false,
    SNICallback: (host, done) => {
      contextFor(options, host).then(
        (context) => done(null, context),
        (error: Error) => done(error),
      );
    },
  });
  server.timeout = 0;
  server.maxConnections = limits.connections;
  // Node's own listener reads HTTP/1.1 from the connection: with HTTP/2 it must not begin.
  const readHttp1 = server.listeners('secureConnection') as ((this: Server, socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (socket.alpnProtocol === 'h2') http2.emit('connection', socket);
    else for (const read of readHttp1) read.call(server, socket);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseBytes(error, socket));
  // Node would answer a handshake that failed like a bad request. Where it succeeds all the same, those bytes meet HTTP/2's own, and
  // that ends the whole process.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (_, socket) => socket.destroy());
  server.on('request', (request, response) => {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    const exchange = exchangeOfHttp1(request, response);
    service.serve(exchange, (to) => forward(exchange, to));
  });
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n'));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined);
    if (request.headers.upgrade?.toLowerCase() !== 'websocket' || request.method !== 'GET') {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      return;
    }
    const exchange = exchangeOfUpgrade(request, socket);
    service.serve(exchange, (to) => joinHttp1(exchange, { socket, head }, to), 'websocket');
  });
  return server;
}

/** What is no HTTP. The connection stays for a moment, or the answer would be lost with what was not read. */
function refuseBytes({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  const status =
    code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  socket.resume();
  setTimeout(() => socket.destroy(), LAST_WORDS).unref();
}

const LAST_WORDS = 200;

async function contextFor(options: EngineOptions, host: string): Promise<SecureContext> {
  if (nameOfHost(host) === undefined) throw new Error('no certificate is made for that name');
  return options.certificate(host.toLowerCase());
}

function openHttp2(service: Service, limits: Limits): Http2Server {
  const clients = new WeakMap<Http2Session, Http2Client>();
  const server = createHttp2({
    settings: {
      enableConnectProtocol: true,
      maxConcurrentStreams: limits.streams,
      maxHeaderListSize: limits.headerBytes,
      initialWindowSize: WINDOW,
    },
    maxSessionMemory: 64,
  });
  server.on('session', (session) => {
    clients.set(session, clientOfSession(session));
    watchSession(session, limits);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers, flags, raw: readonly string[] = []) => {
    stream.on('error', () => undefined);
    const { session } = stream;
    const client = session && clients.get(session);
    if (client === undefined) return;
    const exchange = exchangeOfHttp2({ stream, raw, flags, client });
    if (headers[':method'] === 'CONNECT' && headers[':protocol'] === 'websocket') {
      service.serve(exchange, (to) => joinHttp2(exchange, stream, to), 'websocket');
    } else service.serve(exchange, (to) => forward(exchange, to));
  });
  server.on('sessionError', () => undefined);
  return server;
}

/** Bytes that a client may send of one request, or of a connection, before we have handed them on. */
const WINDOW = 1024 * 1024;

/** One that does not begin to speak, or on which nothing is under way for a while, is ended. A silent WebSocket is under way. */
function watchSession(session: Http2Session, limits: Limits): void {
  let open = 0;
  const silent = setTimeout(() => session.destroy(), limits.preface);
  session.once('remoteSettings', () => clearTimeout(silent));
  session.once('close', () => clearTimeout(silent));
  session.on('error', () => undefined);
  session.on('stream', (stream) => {
    open += 1;
    stream.once('close', () => {
      open -= 1;
      if (open === 0) session.setTimeout(limits.idle);
    });
  });
  session.setTimeout(limits.idle, () => {
    if (open === 0) session.close();
  });
  session.setLocalWindowSize(8 * WINDOW);
}

function listenOn(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true, ...(host === '::1' && { ipv6Only: true }) }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
