/**
 * Whether a glob of a workspace's members (`packages/*`, `crates/**`) means the path. Both are relative, apart by `/`.
 * `*`, `?` and `[a-z]` stay within one part, `**` is any number of parts, as in Cargo, uv and npm.
 */
export function matchesPathGlob(glob: string, path: string): boolean {
  return matchesParts(partsOf(glob), partsOf(path));
}

/** Where a path leads, `.` and `x/..` removed; `undefined` if it leads out of where it begins. */
export function normalPath(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of partsOf(path)) {
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** Part by part with one place to go back to: linear in the product of both lengths, whatever the glob. */
function matchesParts(globs: readonly string[], parts: readonly string[]): boolean {
  return matchesList({
    wanted: globs,
    given: parts,
    isAny: (glob) => glob === '**',
    fits: (glob, part) => matchesPart(glob, part),
  });
}

function matchesPart(glob: string, part: string): boolean {
  return matchesList({
    wanted: glob.match(/\[[^\]]+\]|[\s\S]/g) ?? [],
    given: [...part],
    isAny: (one) => one === '*' || one === '**',
    fits: (one, character) => one === '?' || one === character || (one.length > 2 && inClass(one, character)),
  });
}

function inClass(text: string, character: string): boolean {
  const negated = /^\[[!^]/.test(text);
  const inner = [...text.slice(negated ? 2 : 1, -1)];
  const found = inner.some((one, index) =>
    inner[index + 1] === '-' && inner[index + 2] !== undefined
      ? one <= character && character <= (inner[index + 2] as string)
      : one === character,
  );
  return found !== negated;
}

function matchesList<T, U>(of: {
  readonly wanted: readonly T[];
  readonly given: readonly U[];
  readonly isAny: (wanted: T) => boolean;
  readonly fits: (wanted: T, given: U) => boolean;
}): boolean {
  const { wanted, given, isAny, fits } = of;
  let [at, next, star, from] = [0, 0, -1, 0];
  while (next < given.length) {
    const one = wanted[at];
    if (one !== undefined && isAny(one)) {
      [star, from] = [at, next];
      at += 1;
    } else if (one !== undefined && fits(one, given[next] as U)) {
      at += 1;
      next += 1;
    } else if (star !== -1) {
      from += 1;
      [at, next] = [star + 1, from];
    } else return false;
  }
  return wanted.slice(at).every(isAny);
}
