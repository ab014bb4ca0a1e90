import type { Release } from './release';
import type { ToolRequest } from './request';
import type { VersionScheme } from './scheme';
import { compareNumbers, readNumbers } from './schemes/numbers';
import { type Offering, vendorsOf } from './vendors';

/** What choosing a release must know of its runtime. */
export interface Choosing extends Offering {
  readonly scheme: VersionScheme;
}

/** The newest release that answers the request, by version, then by date; of equals the first. */
export function selectRelease(
  runtime: Choosing,
  request: ToolRequest,
  releases: readonly Release[],
): Release | undefined {
  const { scheme } = runtime;
  const own = releases.filter((release) => isOfSameBuild(runtime, request, release));
  const answering =
    scheme.among?.(request.version, own) ?? own.filter((release) => scheme.matches(request.version, release));
  return newest(runtime, request.floor === 'nearest' ? nearestLine(runtime, request, answering) : answering);
}

/** Of what answers a floor, the lowest line: as many numbers as the floor has, but the last of three. */
function nearestLine(runtime: Choosing, { text }: ToolRequest, releases: readonly Release[]): readonly Release[] {
  const length = Math.min(2, Math.max(1, (readNumbers(text.replace(/^>=/, '')) ?? []).length - 1));
  const [lowest] = [...releases].sort((a, b) => order(runtime, a, b));
  if (lowest === undefined) return [];
  return releases.filter((release) => sharedLength(numbersOf(lowest), numbersOf(release)) >= length);
}

/** At most three releases that do exist, newest first: the ends of the lines next to what was asked for, for a message. */
export function nearestReleases(
  runtime: Choosing,
  request: ToolRequest,
  releases: readonly Release[],
): readonly Release[] {
  const own = releases.filter((release) => isOfSameBuild(runtime, request, release));
  const asked = readNumbers(/\d+(?:\.\d+)*/.exec(request.text)?.[0] ?? '') ?? [];
  const finals = own.filter((release) => !isEarly(runtime, release) || isExpected(release, asked));
  const known = finals.length > 0 ? finals : own;
  if (asked.length === 0) return sortNewestFirst(runtime, lineEnds(runtime, known, 1)).slice(0, SHOWN);
  const shown: Release[] = [];
  // The line that has most in common first; where it has too few, the lines around it.
  for (let shared = asked.length; shared >= 0 && shown.length < SHOWN; shared--) {
    const alike = known.filter((release) => sharedLength(asked, numbersOf(release)) === shared);
    const ends = sortNewestFirst(runtime, lineEnds(runtime, alike, shared + 1));
    shown.push(...around(ends, asked, SHOWN - shown.length));
  }
  return shown;
}

/** So many of them, newest first: those next to the numbers, about half from above. */
function around(ends: readonly Release[], asked: readonly number[], count: number): readonly Release[] {
  const above = ends.filter((release) => compareNumbers(numbersOf(release), asked) > 0);
  const below = ends.slice(above.length);
  const fromAbove = Math.max(Math.ceil(count / 2), count - below.length);
  return [...above.slice(-fromAbove), ...below].slice(0, count);
}

const SHOWN = 3;

/** Same vendor, the runtime's first where none is named, and same variant. */
function isOfSameBuild(runtime: Choosing, request: ToolRequest, release: Release): boolean {
  const [usual] = vendorsOf(runtime);
  return (release.vendor ?? usual) === (request.vendor ?? usual) && release.variant === request.variant;
}

function isEarly({ scheme }: Choosing, release: Release): boolean {
  return release.prerelease ?? scheme.prerelease(release.version);
}

/** A pre-release of just the line that was asked for: worth naming, as it may be what was meant. */
function isExpected(release: Release, asked: readonly number[]): boolean {
  return asked.length > 0 && sharedLength(asked, numbersOf(release)) === asked.length;
}

function newest(runtime: Choosing, releases: readonly Release[]): Release | undefined {
  return releases.reduce<Release | undefined>(
    (best, release) => (best === undefined || order(runtime, release, best) > 0 ? release : best),
    undefined,
  );
}

function order({ scheme }: Choosing, a: Release, b: Release): number {
  const byVersion = scheme.compare(a.version, b.version);
  if (byVersion !== 0 || a.date === b.date) return byVersion;
  return (a.date ?? '') < (b.date ?? '') ? -1 : 1;
}

function sortNewestFirst(runtime: Choosing, releases: readonly Release[]): readonly Release[] {
  return [...releases].sort((a, b) => order(runtime, b, a));
}

/** The newest release of each line, a line being the releases whose first numbers are the same. */
function lineEnds(runtime: Choosing, releases: readonly Release[], length: number): readonly Release[] {
  const lines = new Map<string, Release>();
  for (const release of releases) {
    const line = numbersOf(release).slice(0, length).join('.');
    const known = lines.get(line);
    if (known === undefined || order(runtime, release, known) > 0) lines.set(line, release);
  }
  return [...lines.values()];
}

function numbersOf(release: Release): readonly number[] {
  return readNumbers(/^\d+(?:\.\d+)*/.exec(release.version)?.[0] ?? '') ?? [];
}

function sharedLength(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((number, index) => number !== b[index]);
  return differs === -1 ? a.length : differs;
}
