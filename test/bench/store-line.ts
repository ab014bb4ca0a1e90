import { createServer, type ServerResponse } from 'node:http';
import { tarGz } from '../support/archives';

/**
 * A process of its own: `store-line.ts PORT BYTES_A_SECOND SIZE...` serves blobs of those sizes under any path that ends in
 * `?index=N`, all answers together over a line of that speed (0: as fast as it goes). Their bytes are made from their place,
 * so that a server that is started again serves the same.
 */
export function blobBytes(index: number, size: number): Buffer {
  return tarGz([{ name: 'tool/file', content: contentOf(index, size) }]);
}

/** What no format makes smaller. */
function contentOf(index: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = (index + 1) * 2654435761;
  for (let at = 0; at + 4 <= size; at += 4) {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + at) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

function serve([port = '0', speed = '0', ...sizes]: readonly string[]): void {
  const blobs = sizes.map((size, index) => blobBytes(index, Number(size)));
  const line = openLine(Number(speed));
  let sent = 0;
  const server = createServer((request, response) => {
    if (request.url === '/sent') return void response.end(String(sent));
    const blob = blobs[Number(/index=(\d+)/.exec(request.url ?? '')?.[1] ?? -1)];
    if (blob === undefined) return void response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const body = blob.subarray(from);
    const range = from === 0 ? {} : { 'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}` };
    response.writeHead(from === 0 ? 200 : 206, { 'content-length': body.length, etag: '"same"', ...range });
    sent += body.length;
    void send(response, body, line);
  });
  server.listen(Number(port), '127.0.0.1', () => {
    const address = server.address();
    console.log(typeof address === 'object' && address ? address.port : '');
  });
}

type Line = (bytes: number) => Promise<void>;

/** Whoever sends waits until the line has carried what was sent before. */
function openLine(speed: number): Line {
  if (speed === 0) return async () => undefined;
  let free = performance.now();
  return async (bytes) => {
    const now = performance.now();
    free = Math.max(free, now) + (bytes / speed) * 1000;
    // Timers are no finer than a millisecond: a little ahead is as good as in time.
    const wait = free - now - 20;
    if (wait > 1) await new Promise((resume) => setTimeout(resume, wait));
  };
}

const PIECE = 2 ** 16;

async function send(response: ServerResponse, body: Buffer, line: Line): Promise<void> {
  const closed = new Promise<void>((resume) => void response.once('close', resume));
  for (let at = 0; at < body.length && !response.destroyed; at += PIECE) {
    const piece = body.subarray(at, at + PIECE);
    await line(piece.length);
    if (response.write(piece)) continue;
    await Promise.race([closed, new Promise<void>((resume) => void response.once('drain', resume))]);
  }
  response.end();
}

if (process.argv[1]?.includes('store-line')) serve(process.argv.slice(2));
