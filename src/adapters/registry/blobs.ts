import { createHash } from 'node:crypto';
import type { Blob } from '../../domain/team/carried';
import { PolyenvError } from '../../domain/words/errors';
import type { Http, HttpAnswer } from '../net/http';
import { problem, type Registry } from './registry';

export interface BlobPlace {
  /** A GET of exactly this blob, through the registry's sign-in. */
  readonly http: Http;
  readonly url: string;
}

export interface WantedBlob {
  /** `sha256:...` */
  readonly digest: string;
  /** Where it is known: an answer of another length is none. */
  readonly size?: number;
  /** `here`: whoever reads it holds it against another digest, so that this one is checked on the way. */
  readonly checked: 'by-reader' | 'here';
}

/**
 * Where a blob is downloaded. Its name says what it is: a download that broke goes on by range alone, whatever the registry or
 * the storage behind it calls its version. An answer of another length, or of none that anybody knows, is thrown as `network`.
 */
export async function blobPlace(registry: Registry, wanted: WantedBlob): Promise<BlobPlace> {
  const url = await registry.url(`blobs/${wanted.digest}`);
  return {
    url,
    http: {
      get: async (asked, options = {}) => {
        const { 'if-range': _, ...headers } = options.headers ?? {};
        const answer = await registry.fetch(asked, { ...options, headers });
        return answer.status === 200 || answer.status === 206 ? checked(registry, answer, wanted) : answer;
      },
      // The way out is closed by whoever opened it.
      close: async () => undefined,
    },
  };
}

function checked(registry: Registry, answer: HttpAnswer, wanted: WantedBlob): HttpAnswer {
  const headers = { ...answer.headers, etag: `"${wanted.digest}"` };
  if (answer.status === 206) return { ...answer, headers };
  const length = answer.headers['content-length'];
  const size = wanted.size ?? Number(length ?? Number.NaN);
  const fits = Number.isSafeInteger(size) && (length === undefined || Number(length) === size);
  if (!fits) throw problem(`${registry.name} answers ${wanted.digest} with something of another length`);
  const body = within(registry, answer.body, { digest: wanted.digest, size });
  return { ...answer, headers, body: wanted.checked === 'by-reader' ? body : proved(registry, body, wanted) };
}

async function* within(
  registry: Registry,
  body: AsyncIterable<Uint8Array>,
  { digest, size }: Blob,
): AsyncGenerator<Uint8Array, void> {
  let received = 0;
  for await (const chunk of body) {
    received += chunk.length;
    if (received > size) throw lies(`${registry.name} sends more than the ${size} bytes of ${digest}`);
    yield chunk;
  }
}

/** That the registry sent what it was asked for; whether that is what the lock means is not decided here. */
async function* proved(
  registry: Registry,
  body: AsyncIterable<Uint8Array>,
  { digest }: WantedBlob,
): AsyncGenerator<Uint8Array, void> {
  const hash = createHash('sha256');
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
  if (`sha256:${hash.digest('hex')}` === digest) return;
  throw lies(`${registry.name} sent other bytes than ${digest}`);
}

/** No reason to go on with this registry, and none against another place. */
function lies(message: string): PolyenvError {
  return new PolyenvError('digest-mismatch', message, { hint: 'ask whoever runs the registry', elsewhere: true });
}
