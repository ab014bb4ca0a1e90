import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Digest, formatDigest } from '../../domain/runtime/digest';
import type { Blob } from '../../domain/team/carried';

/** An archive's name in a registry. A sha256 that was proved when the archive was kept is not reckoned again. */
export async function hashBlob(file: string, proved: Digest): Promise<Blob> {
  const { size } = await stat(file);
  if (proved.kind === 'sha256') return { digest: formatDigest(proved), size };
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

/** Its bytes from a place up to another. */
export function readBlob(file: string, from: number, to: number): AsyncIterable<Uint8Array> {
  return createReadStream(file, { start: from, end: Math.max(from, to - 1), highWaterMark: 2 ** 18 });
}
