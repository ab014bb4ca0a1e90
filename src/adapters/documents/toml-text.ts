import { isTable } from '../../domain/formats/document-value';

/** What polyenv itself writes into a manifest. */
export type TomlValue =
  | string
  | boolean
  | readonly string[]
  | { readonly [key: string]: string | boolean | readonly string[] };

/** One key and its value as a line of TOML: what a person is told to write. */
export function renderLine(key: string, value: TomlValue): string {
  return `${renderKey(key)} = ${renderValue(value)}`;
}

export type Options = Exclude<TomlValue, string | boolean | readonly string[]>;

export function isOptions(value: TomlValue): value is Options {
  return isTable(value);
}

export function renderKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : renderText(key);
}

export function renderValue(value: TomlValue): string {
  if (typeof value === 'string') return renderText(value);
  if (typeof value === 'boolean') return String(value);
  if (!isOptions(value)) return `[${value.map(renderText).join(', ')}]`;
  const pairs = Object.entries(value).map(([key, member]) => renderLine(key, member));
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

/** A basic string: JSON's escapes are TOML's, but for DEL, which TOML wants escaped. */
function renderText(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
