/** A text with the marks of a merge that nobody resolved, as each side had it. */
export interface Sides {
  readonly ours: string;
  readonly theirs: string;
  /** Of the first mark, from 1. */
  readonly line: number;
}

/** `undefined` where the text has no conflict. The common ancestor that some merges show belongs to neither side. */
export function sidesOf(text: string): Sides | undefined {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => OPEN.test(line));
  if (first === -1) return undefined;
  const ours: string[] = [];
  const theirs: string[] = [];
  let at: 'both' | 'ours' | 'base' | 'theirs' = 'both';
  for (const line of lines) {
    if (OPEN.test(line)) at = 'ours';
    else if (at === 'ours' && BASE.test(line)) at = 'base';
    else if ((at === 'ours' || at === 'base') && MIDDLE.test(line)) at = 'theirs';
    else if (at === 'theirs' && CLOSE.test(line)) at = 'both';
    else {
      if (at === 'both' || at === 'ours') ours.push(line);
      if (at === 'both' || at === 'theirs') theirs.push(line);
    }
  }
  return { ours: ours.join('\n'), theirs: theirs.join('\n'), line: first + 1 };
}

const OPEN = /^<{7}(?: |\r?$)/;
const BASE = /^\|{7}(?: |\r?$)/;
const MIDDLE = /^={7}\r?$/;
const CLOSE = /^>{7}(?: |\r?$)/;
