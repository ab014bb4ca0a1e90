import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, renameSync, writeSync } from 'node:fs';
import { formatDigest } from '../../domain/runtime/digest';
import type { TakenArchive } from '../../domain/toolchain/bundle';
import { PolyenvError } from '../../domain/words/errors';
import { hashTree, unpackFile } from '../archives/unpack';
import { syncDescriptor } from '../files/durable';
import { removeTree } from '../files/fs';
import { joinInside } from '../home/paths';
import { openNameDigests } from './digest-check';
import { downloadName } from './part-download';

/** An archive on its way into `downloads/`: it gets its name there only if it is what that says. */
export interface Intake {
  readonly archive: TakenArchive;
  write(chunk: Uint8Array): void;
  /** Gives it its name, if it is what that says. */
  keep(): Promise<void>;
  drop(): Promise<void>;
}

export function openIntake(archive: TakenArchive, downloads: string): Intake {
  const { digest } = archive;
  const whole = joinInside(downloads, downloadName(digest));
  const temporary = `${whole}.bundle`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const descriptor = openSync(temporary, flags, 0o644);
  const hash = createHash(digest.kind === 'sha512' ? 'sha512' : 'sha256');
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    archive,
    write: (chunk) => {
      hash.update(chunk);
      for (let done = 0; done < chunk.length; ) done += writeSync(descriptor, chunk, done);
    },
    keep: async () => {
      try {
        syncDescriptor(descriptor);
        close();
        const actual = digest.kind === 'h1' ? await treeHash(temporary, archive.format) : hash.digest('hex');
        if (actual !== digest.value) {
          throw new PolyenvError(
            'digest-mismatch',
            `the bundle's archive of ${archive.tool} ${archive.version} for ${archive.platform} is not what was promised: expected ${formatDigest(digest)}, got ${digest.kind}:${actual}`,
            { hint: 'ask who made the bundle, or make it anew: polyenv bundle create' },
          );
        }
        renameSync(temporary, whole);
      } catch (error) {
        await removeTree(temporary);
        throw error;
      }
    },
    drop: async () => {
      close();
      await removeTree(temporary);
    },
  };
}

async function treeHash(path: string, format: TakenArchive['format']): Promise<string> {
  const sink = openNameDigests();
  await unpackFile(path, { format, sink });
  return hashTree(await sink.settle());
}
