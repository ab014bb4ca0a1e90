import { type DocumentValue, isTable, type KeyPath, valueAt } from '../formats/document-value';
import type { RequestOption } from '../runtime/runtime';
import type { Service } from '../runtime/service';
import { PolyenvError } from '../words/errors';
import { nearestName } from '../words/nearest';
import { present } from '../words/present';
import { printable, quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';

/** What the decoder must know of a runtime; a `Runtime` is one. */
export interface KnownRuntime {
  readonly id: ToolId;
  readonly aliases?: readonly string[];
  readonly options?: readonly RequestOption[];
  readonly scheme?: { readonly vendors?: readonly string[] };
  readonly sources?: readonly {
    readonly id: string;
    readonly vendors?: readonly string[];
    readonly mirrors?: readonly { readonly variable: string }[];
  }[];
  readonly service?: Pick<Service, 'databases' | 'extensions'>;
  readonly title?: string;
  readonly commands?: readonly string[];
}

export interface ManifestInput extends DocumentValue {
  readonly runtimes: readonly KnownRuntime[];
}

/** The runtime of that id or alias, in any letter case. */
export function findRuntime<R extends KnownRuntime>(runtimes: readonly R[], name: string): R | undefined {
  const wanted = name.toLowerCase();
  return runtimes.find((runtime) => runtime.id === wanted || runtime.aliases?.includes(wanted));
}

/** What to say where a command of a runtime is asked for as a runtime: `cargo`. `undefined` for any other name. */
export function comesWith(runtimes: readonly KnownRuntime[], name: string): string | undefined {
  const bringer = runtimes.find(({ commands }) => commands?.includes(name));
  if (bringer === undefined) return undefined;
  const { id, title } = bringer;
  return `${name} comes with ${title ?? id}: polyenv use ${id}`;
}

/** Characters of one value; far above what is meant, far below what could hurt a reader or a shell. */
export const LONGEST = { version: 256, value: 32 * 1024, name: 64, folder: 1024, command: 32 * 1024 } as const;

export function knownRuntime(input: ManifestInput, keys: KeyPath): KnownRuntime {
  const name = String(keys.at(-1));
  const runtime = findRuntime(input.runtimes, name);
  if (runtime !== undefined) return runtime;
  const names = input.runtimes.flatMap(({ id, aliases }) => [id, ...(aliases ?? [])]);
  return fail(input, keys, {
    what: `no runtime is called ${quoted(name)}`,
    hint:
      comesWith(input.runtimes, name) ??
      didYouMean(
        name,
        names,
        input.runtimes.map(({ id }) => id),
      ),
  });
}
/** Below the manifest's folder by its letters; links are looked at where the folder is used. */
export function folderInside(input: ManifestInput, keys: KeyPath, text: string): string {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.pop() === undefined) parts.push('..');
    if (part !== '..') parts.push(part);
    if (parts[0] === '..') break;
  }
  const outside = text.startsWith('/') || text.startsWith('~') || parts[0] === '..' || /^[A-Za-z]:/.test(text);
  if (outside || text.includes('\\')) {
    fail(input, keys, {
      what: `${quoted(text)} is not a folder of this project`,
      hint: 'name a folder below the manifest, relative to it, with /',
    });
  }
  // A colon would be two entries of PATH.
  if (text.includes(':')) fail(input, keys, { what: `${quoted(text)} has a colon, which PATH cannot hold` });
  return parts.join('/') || '.';
}

export function textsAt(input: ManifestInput, keys: KeyPath, limit: number): readonly string[] {
  const value = valueAt(input, keys);
  if (!Array.isArray(value)) return fail(input, keys, { what: `${nameOf(keys)} must be a list of texts in quotes` });
  return value.map((_, index) => textAt(input, [...keys, index], { limit }));
}

export function textAt(
  input: ManifestInput,
  keys: KeyPath,
  rule: { readonly limit: number; readonly lines?: 'many' },
): string {
  const value = valueAt(input, keys);
  if (typeof value !== 'string') return fail(input, keys, { what: `${nameOf(keys)} must be a text in quotes` });
  if (value.trim() === '') fail(input, keys, { what: `${nameOf(keys)} is empty` });
  if (value.length > rule.limit) fail(input, keys, { what: `${nameOf(keys)} is longer than ${rule.limit} characters` });
  const allowed = rule.lines === 'many' ? value.replace(/\r?\n|\t/g, '') : value;
  if (/\p{Cc}/u.test(allowed))
    fail(input, keys, { what: `${nameOf(keys)} holds a control character: ${quoted(value)}` });
  return value;
}

export function flagAt(input: ManifestInput, keys: KeyPath): boolean {
  const value = valueAt(input, keys) ?? false;
  if (typeof value !== 'boolean') fail(input, keys, { what: `${nameOf(keys)} must be true or false, without quotes` });
  return value;
}

/** The table at that path; an empty one where there is none. */
export function tableAt(input: ManifestInput, keys: KeyPath): Readonly<Record<string, unknown>> {
  const value = valueAt(input, keys) ?? {};
  if (!isTable(value))
    fail(input, keys, { what: keys.length === 0 ? 'a manifest is a table' : `${nameOf(keys)} must be a table` });
  return value;
}

export function refuseUnknown(input: ManifestInput, keys: KeyPath, known: readonly string[]): void {
  for (const name of Object.keys(tableAt(input, keys))) {
    if (known.includes(name)) continue;
    const within = keys.length === 0 ? 'a manifest' : nameOf(keys);
    const what = `${within} has no ${isTable(valueAt(input, [...keys, name])) ? 'table' : 'key'} ${quoted(name)}`;
    // A runtime at the top level is the likeliest slip, and no misspelling.
    const slipped = keys.length === 0 && findRuntime(input.runtimes, name) !== undefined;
    fail(input, [...keys, name], { what, hint: slipped ? `write it below [runtimes]` : didYouMean(name, known) });
  }
}

export function didYouMean(typed: string, known: readonly string[], shown = known): string {
  const near = nearestName(typed, known);
  return near === undefined ? `choose from ${shown.join(', ')}` : `did you mean ${near}?`;
}

export function nameOf(keys: KeyPath): string {
  const names = keys.filter((key) => typeof key === 'string').map((key) => (/^[\w-]+$/.test(key) ? key : quoted(key)));
  return keys.length === 1 && names[0] !== undefined && TABLES.has(names[0]) ? `[${names[0]}]` : names.join('.');
}

const TABLES = new Set(['runtimes', 'services', 'domains', 'env', 'paths', 'tasks', 'sources']);

export function fail(
  input: ManifestInput,
  keys: KeyPath,
  problem: { readonly what: string; readonly hint?: string | undefined },
): never {
  throw new PolyenvError('manifest-invalid', printable(problem.what), {
    where: { file: input.path, line: input.lineOf(...keys) },
    ...present({ hint: problem.hint }),
  });
}

/** A port that a person may listen on without more rights. */
export function portAt(input: ManifestInput, keys: KeyPath): number {
  const value = valueAt(input, keys);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 65_535) {
    return fail(input, keys, {
      what: `${nameOf(keys)} must be a number between 1024 and 65535, without quotes`,
      hint: typeof value === 'string' && /^\d+$/.test(value) ? `write port = ${value}` : undefined,
    });
  }
  if (value < 1024) {
    fail(input, keys, {
      what: `${nameOf(keys)} is ${value}, and ports below 1024 are the system's`,
      hint: 'choose one above 1023, or leave the line out: polyenv chooses one',
    });
  }
  return value;
}
