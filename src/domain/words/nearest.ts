import type { ErrorDetails } from './errors';

/**
 * The known name that a mistyped one most likely meant, or `undefined` if none is near: at most a third of its letters
 * (at least one) wrong, missing, added or swapped. Letter case does not count. Ties go to the earlier name.
 */
export function nearestName(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length === 0 || typed.length > LONGEST) return undefined;
  const wanted = typed.toLowerCase();
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, name.length) / 3));
    if (Math.abs(name.length - wanted.length) > allowed) continue;
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

/** The hint of an error about a name that nobody has: the name that was meant, or what there is to choose from. */
export function orNearest(
  typed: string,
  known: readonly string[],
  otherwise: string,
): Pick<ErrorDetails, 'hint' | 'slip'> {
  const meant = nearestName(typed, known);
  return meant === undefined ? { hint: otherwise } : meaning(typed, meant);
}

/** The hint of a name that most likely means another. */
export function meaning(typed: string, meant: string): Required<Pick<ErrorDetails, 'hint' | 'slip'>> {
  return { hint: `did you mean ${meant}?`, slip: { typed, meant } };
}

const LONGEST = 64;

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
