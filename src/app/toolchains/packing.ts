import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { downloadName, SlowLine } from '../../adapters/upstream/part-download';
import type { Part, Recipe } from '../../domain/runtime/artifact';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import type { OwnedPart } from './lock-belief';

/** One archive of a part that has several. */
export interface Packed {
  readonly part: Part;
  readonly recipe: Recipe;
  /** Bytes a second below which this archive is the wrong one. */
  readonly leastRate?: number;
}

/** Bytes a second: below about 150 Mbit/s the smaller archive is here sooner, above it the one that is quicker to unpack. */
const SLOW = 18_750_000;

/**
 * Fetches one of a part's archives: what already lies here, else what suits the line by what its server gave last time. Where that
 * is not known, the usual one is begun, and given up within the first half second if the line turns out to be slow.
 */
export async function fetchPacking<T>(ctx: Context, piece: OwnedPart, fetch: (one: Packed) => Promise<T>): Promise<T> {
  const { part, recipe } = piece;
  const smaller = smallerOf(piece);
  /** Of old releases a server may have only the smaller one. */
  const usual = async (): Promise<T> => {
    try {
      return await fetch({ part, recipe });
    } catch (error) {
      if (smaller === undefined || !(error instanceof PolyenvError) || !isAbsent(error)) throw error;
      return fetch(smaller);
    }
  };
  if (smaller === undefined || ctx.settings.offline || (await isKept(ctx, part))) {
    const isHere = smaller !== undefined && !(await isKept(ctx, part)) && (await isKept(ctx, smaller.part));
    return fetch(isHere ? smaller : { part, recipe });
  }
  if (await isKept(ctx, smaller.part)) return fetch(smaller);
  const { upstream, lines, stores } = await ctx.network();
  // A team's store carries one archive of each.
  if (stores.configured() !== undefined) return fetch({ part, recipe });
  const rate = lines.last(new URL((await upstream.locate(part.at)).url).host);
  const small = async (): Promise<T> => {
    try {
      return await fetch(smaller);
    } catch (error) {
      // A mirror may have only the usual one.
      if (!(error instanceof PolyenvError) || !isAbsent(error)) throw error;
      return fetch({ part, recipe });
    }
  };
  if (rate !== undefined) return rate < SLOW ? small() : usual();
  try {
    return await fetch({ part, recipe, leastRate: SLOW });
  } catch (error) {
    if (error instanceof PolyenvError && isAbsent(error)) return fetch(smaller);
    if (!(error instanceof SlowLine)) throw error;
    return small();
  }
}

function isAbsent({ code, status }: PolyenvError): boolean {
  return code === 'store-missing' || status === 404 || status === 410;
}

function smallerOf({ part, smaller }: OwnedPart): Packed | undefined {
  if (part.smaller === undefined || smaller === undefined) return undefined;
  return { part: { ...part.smaller, proof: part.proof }, recipe: smaller };
}

async function isKept(ctx: Context, { digest }: Part): Promise<boolean> {
  return existsSync(join(ctx.home.downloads, downloadName(digest)));
}
