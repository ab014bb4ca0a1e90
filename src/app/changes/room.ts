import { statfs } from 'node:fs/promises';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { findUnused } from './prune';

/**
 * The error of a full disk, with what is free and what `prune` would free; any other error as it is. Nothing is
 * written.
 */
export async function withRoom(ctx: Context, error: unknown): Promise<unknown> {
  if (!(error instanceof PolyenvError) || error.code !== 'disk-full') return error;
  const [free, unused] = await Promise.all([
    statfs(ctx.home.root).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    ),
    findUnused(ctx).then(
      ({ bytes }) => bytes,
      () => undefined,
    ),
  ]);
  const { message, where, cause } = error;
  const now = free === undefined ? '' : `; ${megabytes(free)} are free where polyenv keeps its toolchains`;
  return new PolyenvError('disk-full', `${message}${now}`, {
    ...present({ where, cause }),
    hint: hintFor(unused, error),
  });
}

function hintFor(unused: number | undefined, { hint }: PolyenvError): string {
  if (unused === undefined) return hint ?? 'polyenv prune';
  if (unused > 0) return `polyenv prune: it frees ${megabytes(unused)}`;
  return 'polyenv size: no toolchain is unused, so that prune would free nothing; or set POLYENV_HOME to another disk';
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}
