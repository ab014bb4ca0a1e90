/**
 * The change of a text in the unified format (https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html),
 * three lines around each; `undefined` is a file that is not there. Empty where nothing changes.
 */
export function unifiedDiff(name: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return '';
  const edits = compare(linesOf(before ?? ''), linesOf(after ?? ''));
  const head = [`--- ${before === undefined ? '/dev/null' : name}`, `+++ ${after === undefined ? '/dev/null' : name}`];
  return `${[...head, ...hunks(edits).flatMap(renderHunk)].join('\n')}\n`;
}

interface Edit {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
  /** From 1: the line before which it stands in each of the texts. */
  readonly at: readonly [before: number, after: number];
}

const AROUND = 3;

/** Above this many comparisons a changed stretch is shown as replaced as a whole. */
const MOST = 4_000_000;

/** With their line ends, so that a missing one at the end is a difference. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compare(a: readonly string[], b: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const marked = [
    ...a.slice(0, start).map((line) => [' ', line] as const),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map((line) => [' ', line] as const),
  ];
  let [before, after] = [1, 1];
  return marked.map(([mark, line]) => {
    const at = [before, after] as const;
    if (mark !== '+') before++;
    if (mark !== '-') after++;
    return { mark, line, at };
  });
}

type Marked = readonly [mark: Edit['mark'], line: string];

/** By the longest common subsequence. */
function middle(a: readonly string[], b: readonly string[]): readonly Marked[] {
  const gone = a.map((line): Marked => ['-', line]);
  const come = b.map((line): Marked => ['+', line]);
  if (a.length * b.length > MOST) return [...gone, ...come];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: Marked[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      found.push([' ', a[i] ?? '']);
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) found.push(gone[i++] as Marked);
    else found.push(come[j++] as Marked);
  }
  return [...found, ...gone.slice(i), ...come.slice(j)];
}

function hunks(edits: readonly Edit[]): readonly (readonly Edit[])[] {
  const found: Edit[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  edits.forEach(({ mark }, index) => {
    if (mark === ' ') return;
    const from = Math.max(0, index - AROUND);
    const open = found.at(-1);
    if (open !== undefined && from <= last + AROUND + 1) open.push(...edits.slice(last + 1, index + 1));
    else {
      open?.push(...edits.slice(last + 1, last + 1 + AROUND));
      found.push(edits.slice(from, index + 1));
    }
    last = index;
  });
  found.at(-1)?.push(...edits.slice(last + 1, last + 1 + AROUND));
  return found;
}

function renderHunk(edits: readonly Edit[]): readonly string[] {
  const [before, after] = edits[0]?.at ?? [1, 1];
  const length = (other: Edit['mark']): number => edits.filter(({ mark }) => mark !== other).length;
  const range = (start: number, count: number): string => `${count === 0 ? start - 1 : start},${count}`;
  return [
    `@@ -${range(before, length('+'))} +${range(after, length('-'))} @@`,
    ...edits.flatMap(({ mark, line }) =>
      line.endsWith('\n') ? [mark + line.slice(0, -1)] : [mark + line, '\\ No newline at end of file'],
    ),
  ];
}
