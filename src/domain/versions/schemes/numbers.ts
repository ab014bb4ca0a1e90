/** `1.20.3` as `[1, 20, 3]`: digits apart by dots, nothing else, each exactly held. */
export function readNumbers(text: string): readonly number[] | undefined {
  if (!/^\d+(?:\.\d+)*$/.test(text)) return undefined;
  const numbers = text.split('.').map(Number);
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
}

/** `20`, `20.x`, `1.2.*`: the numbers before the wildcards, or `undefined` for anything else, as `012`. `*` alone has none. */
export function readPrefix(text: string): readonly number[] | undefined {
  if (/(?:^|\.)0\d/.test(text)) return undefined;
  const bare = text.replace(/(?:^|\.)[xX*](?:\.[xX*])*$/, '');
  return bare === '' ? (text === '' ? undefined : []) : readNumbers(bare);
}

/** Number by number, what is missing counting as 0: `1.9 < 1.10`, `1.2 = 1.2.0`. */
export function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the version's numbers begin with the prefix, what is missing counting as 0: `1` has the prefix `1.0`. */
export function hasPrefix(version: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((number, index) => (version[index] ?? 0) === number);
}
