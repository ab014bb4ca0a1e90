import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a path answers; a list is used up answer by answer, the last one staying. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Close the connection after that many bytes of the body. */
  readonly cutAfter?: number;
  /** Send nothing more after that many bytes of the body, and keep the connection open. -1: not even headers. */
  readonly stallAfter?: number;
  /** One byte every so many milliseconds. */
  readonly trickle?: number;
  /** `none`: neither Content-Length nor chunks, the end of the connection ends the body. */
  readonly length?: 'content-length' | 'chunked' | 'none';
  /** Honour Range and If-Range (against the ETag header), as a good server does. */
  readonly ranges?: boolean;
  /** Called when the request arrives. */
  readonly on?: () => void;
}

export interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface FaultServer {
  readonly origin: string;
  readonly requests: readonly Asked[];
  set(path: string, ...answers: readonly Answer[]): void;
  close(): Promise<void>;
}

export async function openFaultServer(host = '127.0.0.1'): Promise<FaultServer> {
  const routes = new Map<string, Answer[]>();
  const requests: Asked[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers as Record<string, string> });
    const answers = routes.get(path);
    const answer = answers !== undefined && answers.length > 1 ? answers.shift() : answers?.[0];
    answer?.on?.();
    reply(request, response, answer ?? { status: 404 });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((ready) => server.listen(0, host, ready));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${host}:${port}`,
    requests,
    set: (path, ...answers) => routes.set(path, [...answers]),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function reply(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { stallAfter, cutAfter } = answer;
  if (stallAfter === -1) return;
  const whole = Buffer.from(answer.body ?? '');
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const condition = request.headers['if-range'];
  const honoured = answer.ranges === true && range !== undefined && condition === answer.headers?.etag;
  const start = honoured ? Number(range) : 0;
  const body = whole.subarray(start);
  const headers: Record<string, string> = { ...answer.headers };
  if (honoured) headers['content-range'] = `bytes ${start}-${whole.length - 1}/${whole.length}`;
  const length = answer.length ?? 'content-length';
  if (length === 'content-length') headers['content-length'] ??= String(body.length);
  if (length === 'none') {
    headers.connection = 'close';
    response.useChunkedEncodingByDefault = false;
  }
  response.writeHead(honoured ? 206 : (answer.status ?? 200), headers);
  const stop = cutAfter ?? stallAfter;
  if (answer.trickle !== undefined) {
    trickle(response, body, answer.trickle);
    return;
  }
  if (stop === undefined) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  const part = body.subarray(0, Math.max(0, stop - start));
  const finish = (): void => {
    if (cutAfter !== undefined) response.socket?.end();
  };
  if (part.length === 0) finish();
  else response.write(part, finish);
}

function trickle(response: ServerResponse, body: Buffer, pause: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + 1));
    sent += 1;
    if (sent >= body.length) response.end();
  }, pause);
  response.on('close', () => clearInterval(timer));
}
