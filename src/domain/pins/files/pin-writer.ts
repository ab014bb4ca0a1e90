import type { Document, Pin, PinFile, WantedVersion } from '../../runtime/runtime';

/** What the owner of a version file understands beside one release. */
export interface Sayable {
  /** `20`, `3.12`: a line, of which the owner takes the newest. */
  readonly prefix?: true;
  /** At most so many numbers of a version, and at least these: 2 for Pipenv's `python_version`. */
  readonly numbers?: number;
  /** How a moving line is called there; `undefined` for one that it does not know. */
  channel?(name: string): string | undefined;
  /** How the newest release is called there. */
  readonly latest?: string;
  /** What follows a version by its vendor: SDKMAN's `-tem`. */
  suffix?(vendor: string): string | undefined;
}

export type PinWriter = NonNullable<PinFile['write']>;

/** For files of words: the word on the pin's line is replaced. */
export function wordWriter(says: Sayable): PinWriter {
  return (document, pin, wanted) => {
    const start = lineStart(document.text, pin.line);
    const end = start + (document.lines[pin.line - 1] ?? '').length;
    return replacements(document, { start, end, pin, wanted, says });
  };
}

/** For JSON and TOML: a value in quotes is replaced, on the line of its key or below it. */
export function valueWriter(says: Sayable): PinWriter {
  return (document, pin, wanted) =>
    replacements(document, {
      start: lineStart(document.text, pin.line),
      end: document.text.length,
      pin,
      wanted,
      says,
      within: 'quotes',
    });
}

interface Replacing {
  readonly start: number;
  readonly end: number;
  readonly pin: Pin;
  readonly wanted: WantedVersion;
  readonly says: Sayable;
  readonly within?: 'quotes';
}

/** Places that are tried, in a file that repeats the same version over and over. */
const MOST_PLACES = 64;

function replacements(document: Document, { start, end, pin, wanted, says, within }: Replacing): readonly string[] {
  const { text } = document;
  const old = pin.requests[0] ?? '';
  const bare = old.replace(/^[A-Za-z][A-Za-z0-9-]*-(?=\d)/, '');
  const places = [...new Set([old, bare])].flatMap((word) =>
    placesOf(text.slice(start, end), word, within).map((at) => ({ at: start + at, word })),
  );
  return spellings(wanted, old, says).flatMap((spelling) =>
    places.slice(0, MOST_PLACES).map(({ at, word }) => {
      const spelt = word === old ? spelling : spelling.replace(/^[A-Za-z][A-Za-z0-9-]*-(?=\d)/, '');
      return text.slice(0, at) + spelt + text.slice(at + word.length);
    }),
  );
}

/** Where the word stands by itself, or between quotes. */
function placesOf(text: string, word: string, within: 'quotes' | undefined): readonly number[] {
  const places: number[] = [];
  for (let at = word === '' ? -1 : text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const before = text.slice(0, at).trimEnd().at(-1) ?? '';
    const after = text.slice(at + word.length).trimStart()[0] ?? '';
    if (within === undefined || (before === after && ['"', "'"].includes(before))) places.push(at);
    if (places.length >= MOST_PLACES) break;
  }
  return places;
}

/**
 * How the file can say what is wanted, in the style of what it said, most fitting first: as the request is written where
 * the format has that, else the one release that was resolved.
 */
export function spellings(wanted: WantedVersion, old: string, says: Sayable): readonly string[] {
  if (wanted.spelling !== undefined) return says.suffix === undefined ? [wanted.spelling] : [];
  return [...new Set(bareSpellings(wanted, old, says).flatMap((bare) => decorated(bare, { old, wanted, says })))];
}

function bareSpellings({ request, version: found }: WantedVersion, old: string, says: Sayable): readonly string[] {
  const version = found ?? (request.kind === 'exact' ? request.version : undefined);
  const exact = [version, version?.replace(/\+.*$/, '')].filter((text) => text !== undefined);
  const released = says.numbers === undefined ? exact : exact.map((text) => leading(text, says.numbers ?? 0));
  switch (request.kind) {
    case 'prefix': {
      const text = request.numbers.join('.');
      if (says.numbers !== undefined)
        return request.numbers.length >= says.numbers ? [leading(text, says.numbers)] : released;
      return says.prefix || request.numbers.length > 2 || isLine(old) ? [text, ...released] : released;
    }
    case 'channel': {
      const name = says.channel?.(request.name);
      return name === undefined ? released : [name, ...released];
    }
    case 'latest':
      return says.latest === undefined ? released : [says.latest, ...released];
    default:
      return released;
  }
}

function leading(version: string, count: number): string {
  return version.split(/[.+-]/).slice(0, count).join('.');
}

/** Whether the file said a line of releases before: then its readers understand one. */
function isLine(old: string): boolean {
  return /^[A-Za-z-]*\d+(?:\.\d+)?$/.test(old);
}

function decorated(
  bare: string,
  { old, wanted, says }: { readonly old: string; readonly wanted: WantedVersion; readonly says: Sayable },
): readonly string[] {
  if (!/^\d/.test(bare)) return [bare];
  const vendor = wanted.vendor;
  if (says.suffix !== undefined) {
    const suffix = vendor === undefined ? undefined : says.suffix(vendor);
    return suffix === undefined ? [] : [`${bare.replace(/\+.*$/, '')}${suffix}`];
  }
  const front = /^(?:[vV=]|[A-Za-z][A-Za-z0-9-]*[-@]|go|jdk|python)(?=\d)/.exec(old)?.[0] ?? '';
  const named = front.endsWith('-') && vendor !== undefined ? [`${vendor}-${bare}`] : [];
  return [front + bare, ...named, bare];
}

function lineStart(text: string, line: number): number {
  let at = 0;
  for (let count = 1; count < line; count++) {
    const next = /\r\n|\r|\n/g;
    next.lastIndex = at;
    const found = next.exec(text);
    if (found === null) return text.length;
    at = found.index + found[0].length;
  }
  return at;
}
