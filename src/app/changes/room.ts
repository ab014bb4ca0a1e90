import { dirname } from 'node:path';
import { freeAt, nearestThere, onOneDisk } from '../../adapters/files/room';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';
import type { Context } from '../base/context';
import { findUnused } from './prune';

/**
 * The error of a full disk, with what is free and what `prune` would free, if that is the disk with the toolchains; any other
 * error as it is. Nothing is written.
 */
export async function withRoom(ctx: Context, error: unknown): Promise<unknown> {
  if (!(error instanceof PolyenvError) || error.code !== 'disk-full') return error;
  const { full = ctx.home.root, message, details } = error;
  const free = freeAt(full);
  const left = free === undefined ? '' : `${megabytes(free)} are free`;
  if (!onOneDisk(full, ctx.home.root)) {
    return new PolyenvError('disk-full', `${message}${left && `; ${left} on that disk`}`, {
      ...details,
      hint: `make room there: df -h ${quoteSh(nearestThere(dirname(full)))}; polyenv's toolchains are on another disk`,
    });
  }
  const unused = await findUnused(ctx).then(
    ({ bytes }) => bytes,
    () => undefined,
  );
  const now = left && `; ${left} where polyenv keeps its toolchains`;
  return new PolyenvError('disk-full', `${message}${now}`, { ...details, hint: hintFor(unused, error) });
}

function hintFor(unused: number | undefined, { hint }: PolyenvError): string {
  if (unused === undefined) return hint ?? 'polyenv prune';
  if (unused > 0) return `polyenv prune: it frees ${megabytes(unused)}`;
  return 'polyenv size: no toolchain is unused, so that prune would free nothing; or set POLYENV_HOME to another disk';
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}
