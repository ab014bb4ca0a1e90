import { PolyenvError } from '../words/errors';

/** Parses and checks at the border: throws `upstream-malformed` through `malformed` of the kit, or returns the value. */
export type Decoder<T> = (value: unknown) => T;

export const asString: Decoder<string> = (value) => (typeof value === 'string' ? value : mismatch('a string', value));

/** A finite number. */
export const asNumber: Decoder<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : mismatch('a number', value);

/** A whole number from 0 that JavaScript holds exactly: sizes, counts. */
export const asCount: Decoder<number> = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : mismatch('a whole number', value);

export const asBoolean: Decoder<boolean> = (value) =>
  typeof value === 'boolean' ? value : mismatch('true or false', value);

/** Anything: for a field that is passed on undecoded. */
export const asUnknown: Decoder<unknown> = (value) => value;

/** A string that the pattern matches; `what` describes it in the error (`a sha256 in hex`). */
export function asMatching(pattern: RegExp, what: string): Decoder<string> {
  return (value) => (typeof value === 'string' && pattern.test(value) ? value : mismatch(what, value));
}

/** One of the given words. */
export function asOneOf<const T extends string>(...words: readonly T[]): Decoder<T> {
  return (value) => words.find((word) => word === value) ?? mismatch(words.join(' or '), value);
}

export function asArray<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return (value) => entriesOf(value).map((entry, index) => inside(`[${index}]`, () => item(entry)));
}

/** As `asArray`, but items that do not decode are left out: for long lists in which one bad row must not hide the rest. */
export function asArraySkipping<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return (value) =>
    entriesOf(value).flatMap((entry) => {
      const decoded = attempt(() => item(entry));
      return decoded === undefined ? [] : [decoded.value];
    });
}

/** As `asArraySkipping`, with the number of all items: a list that comes in pages ends with one that is not full. */
export function asPage<T>(item: Decoder<T>): Decoder<{ readonly length: number; readonly items: readonly T[] }> {
  const asItems = asArraySkipping(item);
  return (value) => ({ length: entriesOf(value).length, items: asItems(value) });
}

/** An object used as a map: every own value decoded, its keys as they are. */
export function asRecord<T>(item: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value) =>
    Object.fromEntries(
      Object.entries(fieldsOf(value)).map(([key, entry]) => [key, inside(fieldPath(key), () => item(entry))]),
    );
}

/** As `asRecord`, but values that do not decode are left out. */
export function asRecordSkipping<T>(item: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value) =>
    Object.fromEntries(
      Object.entries(fieldsOf(value)).flatMap(([key, entry]) => {
        const decoded = attempt(() => item(entry));
        return decoded === undefined ? [] : [[key, decoded.value]];
      }),
    );
}

/** An object with at least these fields; others are ignored and not in the result. Wrap a field in `optional` where it may be absent. */
export function asObject<S extends Readonly<Record<string, Decoder<unknown>>>>(
  shape: S,
): Decoder<{ readonly [K in keyof S]: ReturnType<S[K]> }> {
  return (value) => {
    const fields = fieldsOf(value);
    const decoded = Object.entries(shape).map(([key, decode]) => [
      key,
      inside(fieldPath(key), () => decode(Object.hasOwn(fields, key) ? fields[key] : undefined)),
    ]);
    return Object.fromEntries(decoded) as { readonly [K in keyof S]: ReturnType<S[K]> };
  };
}

/** `undefined` where the value is absent or JSON's null. */
export function optional<T>(decode: Decoder<T>): Decoder<T | undefined> {
  return (value) => (value === undefined || value === null ? undefined : decode(value));
}

/** The first of the decoders that accepts the value: `either(asString, asBoolean)`. */
export function either<A, B>(first: Decoder<A>, second: Decoder<B>): Decoder<A | B> {
  return (value) => {
    const decoded = attempt(() => first(value));
    return decoded === undefined ? second(value) : decoded.value;
  };
}

/** The decoded value, changed; `undefined` from `change` means that it is not `what`. */
export function asChanged<A, B>(decode: Decoder<A>, change: (value: A) => B | undefined, what: string): Decoder<B> {
  return (value) => change(decode(value)) ?? mismatch(what, value);
}

/** An upstream's answer that cannot be read. The reader of the URL adds which one it was. */
export function malformed(message: string): PolyenvError {
  return new Malformed('', message);
}

/** An `upstream-malformed` that knows where in the value it happened. */
class Malformed extends PolyenvError {
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super('upstream-malformed', path === '' ? reason : `${path.replace(/^\./, '')}: ${reason}`, { elsewhere: true });
    this.path = path;
    this.reason = reason;
  }
}

function mismatch(expected: string, value: unknown): never {
  throw malformed(`expected ${expected}, found ${describeValue(value)}`);
}

function inside<T>(step: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Malformed) throw new Malformed(`${step}${error.path}`, error.reason);
    throw error;
  }
}

function attempt<T>(decode: () => T): { readonly value: T } | undefined {
  try {
    return { value: decode() };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : mismatch('a list', value);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : mismatch('an object', value);
}

function fieldPath(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 60))}]`;
}

/** Short, and JSON-quoted so that no control character reaches a terminal. */
function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 60) : value);
}
