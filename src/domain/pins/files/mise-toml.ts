import { isTable } from '../../formats/document-value';
import type { Document, PinFile } from '../../runtime/runtime';
import type { RequestOptions } from '../../versions/request';
import { tableAt, wordsIn } from './fields';
import { invalidPin } from './pin-text';
import { valueWriter } from './pin-writer';

/**
 * `[tools]` of one of mise's files (https://mise.jdx.dev/configuration.html#tools-dev-tools) for the tool of these names:
 * a version, a table with one, or a list of these, the first being the default; beside a version the runtime's options
 * (`components`). Nothing else of the file is looked at: templates stay text, and no hook, task or `postinstall` runs.
 */
export function miseToml(names: readonly string[], options: readonly string[] = [], file = 'mise.toml'): PinFile {
  return {
    file,
    write: valueWriter({ prefix: true, latest: 'latest', channel: (name) => name }),
    read: (document) => {
      const tools = tableAt(document, document.toml(), ['tools']) ?? {};
      const keys = names.flatMap((name) => [name, `core:${name}`]).filter((name) => Object.hasOwn(tools, name));
      const [key, second] = keys;
      if (key === undefined) return { pins: [] };
      if (second !== undefined) {
        throw invalidPin(
          document,
          document.lineOf('tools', second),
          `${second} and ${key} are the same tool: leave one`,
        );
      }
      const value = tools[key];
      const items = Array.isArray(value) ? (value as readonly unknown[]) : [value];
      const placeOf = (index: number) => (Array.isArray(value) ? ['tools', key, index] : ['tools', key]);
      const requests = items.map((item, index) => requestOf(document, placeOf(index), item));
      const line = document.lineOf('tools', key);
      if (requests.length === 0) throw invalidPin(document, line, `${key} names no version`);
      const known = requests.filter((request) => request !== undefined);
      if (known.length < requests.length) {
        // A table that only says what is to happen after an install (`postinstall`) asks for nothing.
        if (!Array.isArray(value)) return { pins: [], warnings: [{ line, text: `${key} names no version` }] };
        throw invalidPin(document, line, `${key} holds a table without a version`);
      }
      const warnings = items.some((item) => isTable(item) && item.os !== undefined)
        ? [{ line, text: `${key}: the condition "os" is not looked at` }]
        : [];
      const [first] = items;
      const asked = isTable(first) ? optionsOf(document, placeOf(0), options) : {};
      const pin = { strength: 'pin' as const, requests: known, line };
      return { pins: [Object.keys(asked).length === 0 ? pin : { ...pin, options: asked }], warnings };
    },
  };
}

/** What a table may say for a version; all but the first two are refused by name when the request is read. */
const FORMS = ['version', 'prefix', 'ref', 'tag', 'branch', 'rev', 'path'] as const;

type Keys = readonly (string | number)[];

function requestOf(document: Document, keys: Keys, item: unknown): string | undefined {
  const line = document.lineOf(...keys);
  if (typeof item === 'string') return item;
  if (!isTable(item)) throw invalidPin(document, line, `${keys[1]} must be a version in quotes`);
  const [form, second] = FORMS.filter((name) => item[name] !== undefined);
  if (form === undefined) return undefined;
  if (second !== undefined)
    throw invalidPin(document, line, `${keys[1]} has ${form} and ${second}: one of them selects`);
  const text = item[form];
  if (typeof text !== 'string') throw invalidPin(document, line, `${keys[1]} must be a version in quotes`);
  return form === 'version' ? text : `${form}:${text}`;
}

/** mise writes a list as one text, apart by commas, or as a list. */
function optionsOf(document: Document, keys: Keys, names: readonly string[]): RequestOptions {
  const table = keys.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], document.toml());
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = isTable(table) ? table[name] : undefined;
      const list = typeof value === 'string' ? value.split(',').map((word) => word.trim()) : value;
      return list === undefined ? [] : [[name, wordsIn(document, [...keys, name], list)]];
    }),
  );
}
