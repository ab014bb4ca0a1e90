/** A parsed document on its way into a decoder, with what messages need to point into it. */
export interface DocumentValue {
  /** For messages. */
  readonly path: string;
  /** As the parser gave it: nothing of it is checked. */
  readonly value: unknown;
  /** The line (from 1) of a key by its path; 1 where unknown. */
  lineOf(...keys: KeyPath): number;
}

/** Names of tables and keys, and indexes into lists. */
export type KeyPath = readonly (string | number)[];

/** The value at the path, own properties only; `undefined` where there is none. */
export function valueAt(document: DocumentValue, keys: KeyPath): unknown {
  let value = document.value;
  for (const key of keys) {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    value = has ? (value as Record<string | number, unknown>)[key] : undefined;
  }
  return value;
}

/** Whether the value is a table: dates and lists are objects too, but not plain ones. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && PLAIN.includes(Object.getPrototypeOf(value));
}

const PLAIN: readonly unknown[] = [Object.prototype, null];
