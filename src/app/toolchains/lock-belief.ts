import type { Part, Recipe } from '../../domain/runtime/artifact';
import type { Source } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Order } from './order';

export interface OwnedPart {
  readonly part: Part;
  readonly recipe: Recipe;
  /** Of the part's smaller packing, where the order names one. */
  readonly smaller?: Recipe;
}

/** How each part becomes files, as its source says anew. Throws `lock-foreign` for what that would not name. */
export function ownedParts(order: Order): readonly OwnedPart[] {
  const source = sourceOf(order);
  return order.parts.map((part) => {
    const recipe = source.owns({ ...order, at: part.at });
    // guard: place-owned
    if (recipe === undefined) {
      throw foreign(source, order, part.at);
    }
    const smaller = part.smaller === undefined ? undefined : source.owns({ ...order, at: part.smaller.at });
    // guard: smaller-owned
    if (part.smaller !== undefined && smaller === undefined) throw foreign(source, order, part.smaller.at);
    return { part, recipe, ...present({ smaller }) };
  });
}

function foreign(source: Source, { runtime, version, platform }: Order, at: string): PolyenvError {
  return new PolyenvError(
    'lock-foreign',
    `${source.id} would not itself name ${at} for ${runtime.id} ${version} on ${platform}`,
    { hint: 'polyenv lock, if you trust the source; otherwise ask who changed polyenv.lock' },
  );
}

export function sourceOf(order: Order): Source {
  const source = order.runtime.sources.find((candidate) => candidate.id === order.source);
  if (source === undefined) {
    throw new PolyenvError('lock-foreign', `${order.runtime.id} has no source ${JSON.stringify(order.source)}`, {
      hint: `its sources: ${order.runtime.sources.map((candidate) => candidate.id).join(', ')}`,
    });
  }
  return source;
}
