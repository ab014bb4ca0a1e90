import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { makeAuthority, type NewAuthority } from '../../src/adapters/tls/certificates';
import { hostOfName, nameOfHost } from '../../src/domain/gateway/local-name';
import { findName, findRoute, type LocalName, nameTable } from '../../src/domain/gateway/name-table';
import { Leaves } from '../../src/gateway/leaves';
import { problemPage } from '../../src/gateway/problem-page';
import type { Engine, EngineOptions, Limits } from '../../src/gateway/proxy/engine';
import { openNodeEngine } from '../../src/gateway/proxy/node-engine';

let authority: Promise<NewAuthority> | undefined;

export interface TestGateway {
  readonly engine: Engine;
  readonly leaves: Leaves;
  readonly port: number;
  readonly root: string;
  readonly reports: readonly unknown[];
  now: Date;
  authority(name: string): string;
  tls(name: string, protocol?: string, how?: 'unverified'): Promise<TLSSocket>;
  /** Sends bytes over HTTP/1.1 and returns all that came until the end, or until it has been silent. */
  raw(name: string, text: string, silence?: number): Promise<string>;
  http2(name: string): Promise<ClientHttp2Session>;
  close(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

export interface TestGatewayOptions {
  readonly names: Readonly<Record<string, number>>;
  readonly origins?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly own?: EngineOptions['own'];
  readonly port?: number;
}

export async function openTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  authority ??= makeAuthority({ now: new Date(), owner: 'test' });
  const { root, issuer } = await authority;
  const port = options.port ?? (await freePort());
  const names = Object.entries(options.names).map(([name, target]): LocalName => {
    const route = { path: '/', kind: 'task', target: 'dev', port: target } as const;
    return { name, origins: options.origins ?? [], routes: [route] };
  });
  const table = nameTable([{ format: 1, project: '/project', names }]);
  const reports: unknown[] = [];
  const clock = { now: new Date() };
  const leaves = new Leaves({
    issuer,
    now: () => clock.now,
    isKnown: (host) => findName(table, nameOfHost(host) ?? '') !== undefined,
  });
  const engine = openNodeEngine({
    port,
    certificate: (host) => leaves.contextFor(host),
    route: (name, target) =>
      findName(table, name) === undefined ? 'unknown' : (findRoute(table, name, target) ?? 'nowhere'),
    own: options.own ?? ((exchange) => void exchange.respond(200, [['Content-Length', '3']], 'whole').end('own')),
    page: (problem) => problemPage(problem, { port, names: [...table.keys()] }),
    report: (_, error) => reports.push(error),
    ...(options.limits !== undefined && { limits: options.limits }),
  });
  await engine.listen();
  const sessions: ClientHttp2Session[] = [];
  const open = (name: string, protocol = 'http/1.1', how?: 'unverified'): Promise<TLSSocket> =>
    new Promise((done, fail) => {
      const socket = connect({
        host: '127.0.0.1',
        port,
        servername: hostOfName(name),
        ca: root,
        rejectUnauthorized: how === undefined,
        ALPNProtocols: [protocol],
      });
      socket.once('secureConnect', () => done(socket));
      socket.once('error', fail);
    });
  return {
    engine,
    leaves,
    port,
    root,
    reports,
    get now() {
      return clock.now;
    },
    set now(date) {
      clock.now = date;
    },
    authority: (name) => `${hostOfName(name)}:${port}`,
    tls: open,
    raw: async (name, text, silence = 300) => {
      const socket = await open(name);
      socket.write(text, 'latin1');
      return readAll(socket, silence);
    },
    http2: async (name) => {
      const session = connectHttp2(`https://${hostOfName(name)}:${port}`, {
        createConnection: () =>
          connect({ host: '127.0.0.1', port, servername: hostOfName(name), ca: root, ALPNProtocols: ['h2'] }),
      });
      session.on('error', () => undefined);
      sessions.push(session);
      await new Promise<void>((done, fail) => {
        session.once('remoteSettings', () => done());
        session.once('error', fail);
      });
      return session;
    },
    close: async () => {
      for (const session of sessions) session.destroy();
      await engine.close();
    },
  };
}

export function readAll(socket: Socket, silence: number): Promise<string> {
  return new Promise((done) => {
    let text = '';
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      done(text);
    };
    let timer = setTimeout(end, silence);
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
      clearTimeout(timer);
      timer = setTimeout(end, silence);
    });
    socket.on('end', end);
    socket.on('error', end);
    socket.on('close', end);
  });
}

export interface RawBackend {
  readonly port: number;
  /** All that came, by connection. */
  readonly received: string[];
  close(): Promise<void>;
}

/** A server that says exactly these bytes to a whole head; what it does after that is its own. */
export async function rawBackend(answer: string | ((socket: Socket, head: string) => void)): Promise<RawBackend> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createTcp((socket) => {
    sockets.add(socket);
    const index = received.push('') - 1;
    let answered = false;
    socket.on('error', () => undefined);
    socket.on('data', (part) => {
      received[index] += part.toString('latin1');
      if (answered || !received[index]?.includes('\r\n\r\n')) return;
      answered = true;
      if (typeof answer === 'string') socket.end(answer, 'latin1');
      else answer(socket, received[index]);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    received,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => void server.close(() => done()));
    },
  };
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export function ask(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body?: string | Buffer,
): Promise<Http2Answer> {
  return new Promise((done, fail) => {
    const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined });
    let answered: Record<string, string | string[] | undefined> = {};
    let trailers: Record<string, string | string[] | undefined> = {};
    const parts: Buffer[] = [];
    stream.on('response', (got) => {
      answered = got as typeof answered;
    });
    stream.on('trailers', (got) => {
      trailers = got as typeof trailers;
    });
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', fail);
    stream.on('close', () => {
      if (stream.rstCode !== 0) fail(new Error(`reset ${stream.rstCode}`));
      else
        done({
          status: Number(answered[':status']),
          headers: answered,
          trailers,
          body: Buffer.concat(parts).toString(),
        });
    });
    if (body !== undefined) stream.end(body);
  });
}
