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
      const listed = Array.isArray(value) ? (value as readonly unknown[]) : [value];
      const line = document.lineOf('tools', key);
      if (listed.length === 0) throw invalidPin(document, line, `${key} names no version`);
      const places = listed.map((item, index) => ({
        item,
        keys: Array.isArray(value) ? ['tools', key, index] : ['tools', key],
      }));
      const here = places.filter(({ item, keys }) => isForMachine(document, keys, item));
      if (here.length === 0) return { pins: [], warnings: [{ line, text: `${key} is for other machines than this` }] };
      const requests = here.map(({ item, keys }) => requestOf(document, keys, item));
      const known = requests.filter((request) => request !== undefined);
      if (known.length < requests.length) {
        // A table that only says what is to happen after an install (`postinstall`) asks for nothing.
        if (!Array.isArray(value)) return { pins: [], warnings: [{ line, text: `${key} names no version` }] };
        throw invalidPin(document, line, `${key} holds a table without a version`);
      }
      const [first] = here;
      const asked = isTable(first?.item) ? optionsOf(document, first.keys, options) : {};
      const pin = { strength: 'pin' as const, requests: known, line };
      return { pins: [Object.keys(asked).length === 0 ? pin : { ...pin, options: asked }] };
    },
  };
}

/** What a table may say for a version; all but the first two are refused by name when the request is read. */
const FORMS = ['version', 'prefix', 'ref', 'tag', 'branch', 'rev', 'path'] as const;

type Keys = readonly (string | number)[];

/** mise's words for systems and processors: https://mise.jdx.dev/dev-tools/#os-specific-tools */
const SYSTEMS: Readonly<Record<string, string>> = {
  linux: 'linux',
  macos: 'darwin',
  darwin: 'darwin',
  windows: 'win32',
};
const PROCESSORS: Readonly<Record<string, string>> = { x64: 'x64', amd64: 'x64', arm64: 'arm64', aarch64: 'arm64' };

/** `os = ["linux", "macos/arm64"]`: for these machines alone. Who reads for every machine takes all. */
function isForMachine(document: Document, keys: Keys, item: unknown): boolean {
  if (!isTable(item) || item.os === undefined) return true;
  const said: readonly unknown[] = Array.isArray(item.os) ? item.os : [item.os];
  const words = said.map((word) => (typeof word === 'string' ? word.trim().toLowerCase().split('/') : undefined));
  if (words.includes(undefined)) {
    throw invalidPin(document, document.lineOf(...keys, 'os'), `${keys[1]}: os must be a list of names in quotes`);
  }
  const { machine } = document;
  if (machine === undefined) return true;
  return words.some(
    ([os = '', arch] = []) => SYSTEMS[os] === machine.os && (arch === undefined || PROCESSORS[arch] === machine.arch),
  );
}

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
