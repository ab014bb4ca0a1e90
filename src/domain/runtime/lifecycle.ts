import {
  asArraySkipping,
  asChanged,
  asMatching,
  asObject,
  asRecordSkipping,
  asUnknown,
  type Decoder,
  optional,
} from '../formats/decoders';
import { type Offering, vendorsOf } from '../versions/vendors';
import type { Version } from '../versions/version';
import { present } from '../words/present';
import type { Advice, Lifecycle, LifecycleLine, PublishedLines } from './advice';

/**
 * Ends of support from rows apart by line ends or `;`, newest first: `LINE [lts] [SUPPORT..END]`, dates as `2029-04-30`,
 * `..END` where no support is told apart from the end, and no dates where none is set. `line` says on which line a version is.
 */
export function lifecycleFrom(line: (version: Version) => string, rows: string, published?: PublishedLines): Lifecycle {
  return {
    line,
    ...present({ published }),
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

/** The lifecycle with what was published since: a line that is not published stays as it was shipped. */
export function withLines(lifecycle: Lifecycle, published: readonly LifecycleLine[]): Lifecycle {
  const names = new Set(published.map(({ line }) => line));
  const lines = [...published, ...lifecycle.lines.filter(({ line }) => !names.has(line))];
  return { ...lifecycle, lines: lines.sort((a, b) => compareLines(b.line, a.line)) };
}

function compareLines(a: string, b: string): number {
  const [one, other] = [a, b].map((line) => line.split('.').map(Number)) as [number[], number[]];
  const at = one.findIndex((number, index) => number !== other[index]);
  return at === -1 ? one.length - other.length : (one[at] ?? 0) - (other[at] ?? -1);
}

const LINE = /^\d{1,4}(?:\.\d{1,4})?$/;

/** Node's own schedule: https://github.com/nodejs/Release/blob/main/schedule.json */
export const asNodeSchedule: Decoder<readonly LifecycleLine[]> = asChanged(
  asRecordSkipping(asObject({ end: asDate(), maintenance: optional(asDate()), lts: optional(asDate()) })),
  (lines) =>
    linesIn(
      Object.entries(lines).map(([name, { end, maintenance, lts }]) => ({
        line: name.replace(/^v/, ''),
        ...(lts !== undefined && { lts: true }),
        ...present({ support: maintenance }),
        end,
      })),
    ),
  'a schedule of releases',
);

/** Python's own cycle: https://peps.python.org/api/. Of a month without a day, the last one is meant. */
export const asPythonCycle: Decoder<readonly LifecycleLine[]> = asChanged(
  asRecordSkipping(asObject({ end_of_life: asMatching(/^\d{4}-\d{2}(?:-\d{2})?$/, 'a date') })),
  (lines) => linesIn(Object.entries(lines).map(([line, { end_of_life: end }]) => ({ line, end: lastDay(end) }))),
  'a release cycle',
);

/** The lines of a product at https://endoflife.date/docs/api, where `false` stands for no end that is known. */
export const asEndOfLifeCycles: Decoder<readonly LifecycleLine[]> = asChanged(
  asArraySkipping(asObject({ cycle: asMatching(LINE, 'a line'), eol: asUnknown, support: asUnknown, lts: asUnknown })),
  (cycles) =>
    linesIn(
      cycles.map(({ cycle, eol, support, lts }) => ({
        line: cycle,
        ...(lts !== false && lts !== undefined && { lts: true }),
        ...(isDate(support) && { support }),
        ...(isDate(eol) && { end: eol }),
      })),
    ),
  'a list of release cycles',
);

const MOST_LINES = 500;

/** `undefined` where nothing is left that a runtime could have. */
function linesIn(lines: readonly LifecycleLine[]): readonly LifecycleLine[] | undefined {
  const known = lines.filter(({ line }) => LINE.test(line)).slice(0, MOST_LINES);
  return known.length === 0 ? undefined : known;
}

function asDate(): Decoder<string> {
  return asChanged(asUnknown, (value) => (isDate(value) ? value : undefined), 'a date');
}

function isDate(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
}

function lastDay(month: string): string {
  const [year = '', number = '', day] = month.split('-');
  const last = new Date(Date.UTC(Number(year), Number(number), 0)).getUTCDate();
  return `${year}-${number}-${day ?? String(last).padStart(2, '0')}`;
}

/** What https://endoflife.date publishes of a product. */
export function endOfLifeOf(product: string): PublishedLines {
  return { url: `https://endoflife.date/api/${product}.json`, decode: asEndOfLifeCycles };
}

/** The first `count` numbers of a version: of `21.0.2+13` and 1, `21`. */
export function leadingNumbers(version: Version, count: number): string {
  return /^\d+(?:\.\d+)*/.exec(version)?.[0].split('.').slice(0, count).join('.') ?? '';
}

/** When the lines of a vendor's builds end; of the usual one where none is named. `undefined` where nobody says it. */
export function lifecycleOf(
  { advice, sources }: { readonly advice?: Advice } & Offering,
  vendor: string | undefined,
): Lifecycle | undefined {
  const usual = vendor === undefined || vendor === vendorsOf(present({ sources }))[0];
  if (usual) return advice?.lifecycle;
  return advice?.vendors !== undefined && Object.hasOwn(advice.vendors, vendor) ? advice.vendors[vendor] : undefined;
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

/** Where a version's line stands. Dates as `2026-04-30`. */
export interface LineEnd {
  readonly line: string;
  readonly end: string;
  readonly state: 'ended' | 'ending';
  /** The newest line that has support for longer, a long-term one where there are such. */
  readonly next?: string;
}

/** From so many days before the end of support it is reported. */
const ENDING_DAYS = 90;

/** The end of support of the version's line, if it has come or comes within `ENDING_DAYS`; `undefined` where no date says so. */
export function endOfLine({ line, lines }: Lifecycle, version: Version, today: string): LineEnd | undefined {
  const name = line(version);
  const end = lines.find((one) => one.line === name)?.end;
  const soon = new Date(Date.parse(today) + ENDING_DAYS * 86_400_000).toISOString().slice(0, 10);
  if (end === undefined || end > soon) return undefined;
  const alive = lines.filter((one) => one.end === undefined || one.end > soon);
  const next = (alive.find((one) => one.lts === true) ?? alive[0])?.line;
  return { line: name, end, state: end > today ? 'ending' : 'ended', ...present({ next }) };
}
