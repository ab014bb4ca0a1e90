import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { writable } from '../files/writable';
import { type Circumstances, describeFailure, Transient } from './failures';
import { maskUrl } from './url';

/** Below this many bytes a second, on average over `network.timeout` seconds of waiting, a body is given up. */
const SLOWEST = 1024;

/** The body, its failures translated, given up when it trickles. Only time spent waiting for the network counts. */
export async function* watch(body: AsyncIterable<Uint8Array>, around: Circumstances): AsyncGenerator<Uint8Array, void> {
  const iterator = body[Symbol.asyncIterator]();
  let waited = 0;
  let bytes = 0;
  try {
    for (;;) {
      const asked = performance.now();
      const step = await iterator.next().catch((error: unknown) => {
        const failure = describeFailure(error, around);
        throw failure instanceof Transient ? failure.shown : failure;
      });
      if (step.done === true) return;
      waited += performance.now() - asked;
      bytes += step.value.length;
      if (waited >= around.seconds * 1000) {
        if (bytes < (SLOWEST * waited) / 1000) throw tooSlow(around);
        waited = 0;
        bytes = 0;
      }
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function tooSlow({ url, seconds }: Circumstances): PolyenvError {
  return new PolyenvError(
    'network',
    `${url.host} sends less than ${SLOWEST} bytes a second for ${seconds} s: ${maskUrl(url.href)}`,
    { hint: 'try again later, or from a mirror: polyenv settings set mirrors FROM=TO', elsewhere: true },
  );
}

/** A body whose first step was taken. */
export async function* joined(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let step = first; step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}

/** The body as UTF-8. Throws `upstream-malformed` above `limit` bytes. */
export async function readText(body: AsyncIterable<Uint8Array>, url: URL, limit = 64 * 2 ** 20): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) {
      throw new PolyenvError('upstream-malformed', `${maskUrl(url.href)} is larger than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** No file that we ask for is a web page: sign-in pages of networks and block pages of proxies are. */
export function isWebPage(start: Uint8Array): boolean {
  const head = Buffer.from(start.subarray(0, 512)).toString('latin1');
  return /^(?:\xEF\xBB\xBF)?\s*(?:<!--[\s\S]*?-->\s*)?<(?:!doctype\s+html|html[\s>])/i.test(head);
}

/** The body without the Content-Encoding that its answer names. `url` is for messages. */
export async function* decodeBody(
  body: AsyncIterable<Uint8Array>,
  encoding: string,
  url: URL,
): AsyncGenerator<Uint8Array, void> {
  let current = body;
  for (const name of encoding.toLowerCase().split(',').reverse()) current = decodeOne(current, name.trim(), url);
  yield* current;
}

async function* decodeOne(body: AsyncIterable<Uint8Array>, name: string, url: URL): AsyncGenerator<Uint8Array> {
  if (name === '' || name === 'identity') {
    yield* body;
    return;
  }
  const open = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[name];
  if (open === undefined) {
    throw new PolyenvError('upstream-malformed', `${maskUrl(url.href)} is encoded as ${printable(name)}`);
  }
  const decoder = open();
  let failure: unknown;
  const feed = (async () => {
    for await (const chunk of body) {
      if (decoder.destroyed) return;
      if (!decoder.write(chunk)) await writable(decoder);
    }
    decoder.end();
  })().catch((error: unknown) => {
    failure = error;
    decoder.destroy();
  });
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
    await feed;
    if (failure !== undefined) throw failure;
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (error instanceof PolyenvError) throw error;
    throw new PolyenvError('network', `${maskUrl(url.href)} was cut short or damaged on the way`, {
      hint: 'try again',
      elsewhere: true,
      cause: error,
    });
  } finally {
    decoder.destroy();
  }
}
