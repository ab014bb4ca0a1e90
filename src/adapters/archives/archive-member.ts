import { pipeline } from 'node:stream/promises';
import { PolyenvError } from '../../domain/words/errors';
import type { Http } from '../net/http';
import type { MemberSink } from './member';
import { openTarReader } from './tar-reader';

export interface MemberAsk {
  readonly http: Http;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the archive is called in messages. */
  readonly name: string;
  /** The member's full path in the archive, with `/`. */
  readonly path: string;
}

/**
 * One small text member of a remote `tar.gz`, reading no further than its end; `undefined` if there is none within the
 * bounds. The archive's digest cannot be known then, so what this returns may choose something but never prove it.
 */
export async function readArchiveMember({ http, url, headers, name, path }: MemberAsk): Promise<string | undefined> {
  const { createGunzip } = await import('node:zlib');
  const answer = await http.get(url, { headers: { ...headers } });
  if (answer.status !== 200) {
    for await (const _ of answer.body) break;
    if (answer.status === 404 || answer.status === 410) return undefined;
    throw new PolyenvError('http-status', `${name} was refused with status ${answer.status}`, {
      status: answer.status,
    });
  }
  let found: string | undefined;
  let read = 0;
  const reader = openTarReader(
    keepText(path, (text) => {
      found ??= text;
    }),
  );
  const unpack = async (unpacked: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of unpacked) {
      reader.write(chunk);
      read += chunk.byteLength;
      if (found !== undefined || read > MAX_READ_BYTES) return;
    }
  };
  try {
    await pipeline(answer.body, createGunzip(), unpack);
  } catch (error) {
    // Stopping early ends the earlier stages by force, which is no failure of theirs.
    if (found !== undefined || read > MAX_READ_BYTES) return found;
    if (error instanceof PolyenvError && !error.code.startsWith('archive-')) throw error;
    throw new PolyenvError('archive-invalid', `${name} is no readable tar.gz archive`, { cause: error });
  }
  return found;
}

/** Keeps the content of the file of that name, if it is small, and nothing else. */
function keepText(path: string, keep: (text: string) => void): MemberSink {
  let chunks: Buffer[] | undefined;
  return {
    begin: ({ name, kind, size }) => {
      const isWanted = kind === 'file' && size <= MAX_MEMBER_BYTES && name.replace(/^\.\//, '') === path;
      chunks = isWanted ? [] : undefined;
    },
    // Copied, because a reader may use its buffer again.
    data: (chunk) => void chunks?.push(Buffer.from(chunk)),
    end: () => {
      if (chunks !== undefined) keep(Buffer.concat(chunks).toString('utf8'));
    },
  };
}

const MAX_MEMBER_BYTES = 4 * 1024 * 1024;

/** Unpacked bytes before we give up: the tree of a runtime, not of a bomb. */
const MAX_READ_BYTES = 512 * 1024 * 1024;
