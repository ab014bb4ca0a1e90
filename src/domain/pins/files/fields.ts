import { isTable } from '../../formats/document-value';
import type { Document } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { invalidPin } from './pin-text';

type Keys = readonly (string | number)[];
type Table = Readonly<Record<string, unknown>>;

/** The table at the path; `undefined` where there is none. Throws `pin-file-invalid` where something else is. */
export function tableAt(document: Document, top: unknown, keys: Keys): Table | undefined {
  const value = at(top, keys);
  if (value === undefined) return undefined;
  if (!isTable(value)) throw invalidPin(document, document.lineOf(...keys), `${nameOf(keys)} must be a table`);
  return value;
}

/** The text at the path; `undefined` where there is none. Throws `pin-file-invalid` where something else is. */
export function textAt(document: Document, top: unknown, keys: Keys): string | undefined {
  const value = at(top, keys);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    throw invalidPin(document, document.lineOf(...keys), `${nameOf(keys)} must be a text in quotes`);
  }
  return value;
}

/** The list of texts at the path, trimmed, sorted, without repeats. Throws `pin-file-invalid` where something else is. */
export function wordsAt(document: Document, top: unknown, keys: Keys): readonly string[] | undefined {
  const value = at(top, keys);
  return value === undefined ? undefined : wordsIn(document, keys, value);
}

/** The same of a value that stands at the path. */
export function wordsIn(document: Document, keys: Keys, value: unknown): readonly string[] {
  const words = Array.isArray(value) ? (value as readonly unknown[]) : [undefined];
  const texts = words.filter((word) => typeof word === 'string');
  if (texts.length < words.length) {
    throw invalidPin(document, document.lineOf(...keys), `${nameOf(keys)} must be a list of texts in quotes`);
  }
  const bad = texts.find((text) => !/^[A-Za-z0-9][\w.+-]{0,127}$/.test(text.trim()));
  if (bad !== undefined) {
    throw invalidPin(document, document.lineOf(...keys), `${nameOf(keys)} cannot hold ${quoted(bad)}`);
  }
  return [...new Set(texts.map((text) => text.trim()))].sort();
}

/** The value at the path, own properties of tables and lists only. */
export function at(top: unknown, keys: Keys): unknown {
  let value = top;
  for (const key of keys) {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    value = has ? (value as Record<string | number, unknown>)[key] : undefined;
  }
  return value;
}

function nameOf(keys: Keys): string {
  return keys.map(String).join('.');
}
