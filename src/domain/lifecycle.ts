import type { Lifecycle } from './runtime';
import type { Version } from './version';

/**
 * Ends of support from rows apart by line ends or `;`, newest first: `LINE [lts] [SUPPORT..END]`, dates as `2029-04-30`,
 * `..END` where no support is told apart from the end, and no dates where none is set. `line` says on which line a version is.
 */
export function lifecycleFrom(line: (version: Version) => string, rows: string): Lifecycle {
  return {
    line,
    lines: rows
      .split(/[\n;]/)
      .map((row) => row.trim().split(/\s+/))
      .filter(([name]) => name !== '')
      .map(([name = '', ...words]) => {
        const [support = '', end = ''] = words.find((word) => word.includes('..'))?.split('..') ?? [];
        return {
          line: name,
          ...(words.includes('lts') && { lts: true }),
          ...(support !== '' && { support }),
          ...(end !== '' && { end }),
        };
      }),
  };
}

/** The first `count` numbers of a version: of `21.0.2+13` and 1, `21`. */
export function leadingNumbers(version: Version, count: number): string {
  return /^\d+(?:\.\d+)*/.exec(version)?.[0].split('.').slice(0, count).join('.') ?? '';
}

/** The release line of a version with its dates, where it is known. */
export function lineAt(lifecycle: Lifecycle | undefined, version: Version): LifecycleLine | undefined {
  const name = lifecycle?.line(version);
  return lifecycle?.lines.find((one) => one.line === name);
}

/** `today` as `2026-11-23`. On its last day a line is still supported. */
export function hasEnded(line: LifecycleLine | undefined, today: string): boolean {
  return line?.end !== undefined && line.end < today;
}

type LifecycleLine = Lifecycle['lines'][number];

/** Where a version's line stands. Dates as `2026-04-30`. */
export interface LineEnd {
  readonly line: string;
  readonly end: string;
  readonly state: 'ended' | 'ending';
  /** The newest line that has support for longer, a long-term one where there are such. */
  readonly next?: string;
}

/** Days before the end of support from which on it is told. */
export const ENDING_DAYS = 90;

/** The end of support of the version's line, if it has come or comes within `ENDING_DAYS`; `undefined` where no date says so. */
export function endOfLine({ line, lines }: Lifecycle, version: Version, today: string): LineEnd | undefined {
  const name = line(version);
  const end = lines.find((one) => one.line === name)?.end;
  const soon = new Date(Date.parse(today) + ENDING_DAYS * 86_400_000).toISOString().slice(0, 10);
  if (end === undefined || end > soon) return undefined;
  const alive = lines.filter((one) => one.end === undefined || one.end > soon);
  const next = (alive.find((one) => one.lts === true) ?? alive[0])?.line;
  return { line: name, end, state: end > today ? 'ending' : 'ended', ...(next !== undefined && { next }) };
}
