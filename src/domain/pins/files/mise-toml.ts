import { isTable } from '../../formats/document-value';
import type { Document, PinFile } from '../../runtime/runtime';
import { tableAt } from './fields';
import { invalidPin } from './pin-text';
import { valueWriter } from './pin-writer';

/**
 * `[tools]` of `mise.toml` (https://mise.jdx.dev/configuration.html#tools-dev-tools) for the tool of these names: a
 * version, a table with one, or a list of these, the first being the default. Nothing else of the file is looked at:
 * templates stay text, and no hook, task or `postinstall` runs.
 */
export function miseToml(names: readonly string[]): PinFile {
  return {
    file: 'mise.toml',
    write: valueWriter({ prefix: true, latest: 'latest', channel: (name) => name }),
    read: (document) => {
      const tools = tableAt(document, document.toml(), ['tools']) ?? {};
      const key = names.flatMap((name) => [name, `core:${name}`]).find((name) => Object.hasOwn(tools, name));
      if (key === undefined) return { pins: [] };
      const value = tools[key];
      const items = Array.isArray(value) ? (value as readonly unknown[]) : [value];
      const requests = items.map((item, index) => {
        const keys = Array.isArray(value) ? ['tools', key, index] : ['tools', key];
        return requestOf(document, keys, item);
      });
      const line = document.lineOf('tools', key);
      if (requests.length === 0) throw invalidPin(document, line, `${key} names no version`);
      const known = requests.filter((request) => request !== undefined);
      if (known.length < requests.length) {
        // A table that only says what is to happen after an install (`postinstall`) asks for nothing.
        if (!Array.isArray(value)) return { pins: [] };
        throw invalidPin(document, line, `${key} holds a table without a version`);
      }
      const warnings = items.some((item) => isTable(item) && item.os !== undefined)
        ? [{ line, text: `${key}: the condition "os" is not looked at` }]
        : [];
      return { pins: [{ strength: 'pin', requests: known, line }], warnings };
    },
  };
}

/** What a table may say instead of a version; all but `prefix` are refused by name when the request is read. */
const FORMS = ['prefix', 'ref', 'tag', 'branch', 'rev', 'path'] as const;

function requestOf(document: Document, keys: readonly (string | number)[], item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  const line = document.lineOf(...keys);
  if (!isTable(item)) throw invalidPin(document, line, `${keys[1]} must be a version in quotes`);
  if (item.version !== undefined) {
    if (typeof item.version !== 'string') throw invalidPin(document, line, `${keys[1]} must be a version in quotes`);
    return item.version;
  }
  const form = FORMS.find((name) => typeof item[name] === 'string');
  return form === undefined ? undefined : `${form}:${item[form] as string}`;
}
