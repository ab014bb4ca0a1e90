import { isTable, type KeyPath, valueAt } from '../formats/document-value';
import type { RequestOption } from '../runtime/runtime';
import type { RequestOptions } from '../versions/request';
import { vendorsOf } from '../versions/vendors';
import { quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import {
  didYouMean,
  fail,
  type KnownRuntime,
  knownRuntime,
  LONGEST,
  type ManifestInput,
  refuseUnknown,
  tableAt,
  textAt,
  textsAt,
} from './manifest-values';

export interface ManifestPin {
  /** The runtime's id, whatever alias the file used. */
  readonly tool: ToolId;
  /** The key as written. */
  readonly key: string;
  /** The request as written, in the runtime's own grammar: not parsed here. */
  readonly version: string;
  readonly vendor?: string;
  readonly options: RequestOptions;
  readonly line: number;
}

export interface ManifestSource {
  readonly tool: ToolId;
  /** Source ids in order of preference; those of the runtime that are not named are not used. */
  readonly order: readonly string[];
  readonly line: number;
}

export function decodeRuntimes(input: ManifestInput): readonly ManifestPin[] {
  const pins: ManifestPin[] = [];
  for (const [key, value] of Object.entries(tableAt(input, ['runtimes']))) {
    const keys = ['runtimes', key];
    const runtime = knownRuntime(input, keys);
    const earlier = pins.find((pin) => pin.tool === runtime.id);
    if (earlier !== undefined) {
      fail(input, keys, {
        what: `${runtime.id} is pinned twice: as ${earlier.key} on line ${earlier.line} and as ${key}`,
      });
    }
    const line = input.lineOf(...keys);
    if (typeof value === 'string') {
      pins.push({ tool: runtime.id, key, version: versionAt(input, keys, value), options: {}, line });
      continue;
    }
    if (!isTable(value)) {
      fail(input, keys, {
        what: `${key} must be a version in quotes, or a table with one`,
        hint:
          typeof value === 'number'
            ? `write ${key} = "${value}"`
            : `write ${key} = "..." with the version that you want`,
      });
    }
    pins.push({ tool: runtime.id, key, ...decodePin(input, keys, runtime), line });
  }
  return pins;
}

function decodePin(
  input: ManifestInput,
  keys: KeyPath,
  runtime: KnownRuntime,
): Pick<ManifestPin, 'version' | 'vendor' | 'options'> {
  const table = tableAt(input, keys);
  const declared = runtime.options ?? [];
  const offered = vendorsOf(runtime);
  const vendors = offered.length === 0 ? [] : [...new Set([...offered, ...(runtime.scheme?.vendors ?? [])])];
  const names = declared.map((option) => option.name);
  refuseUnknown(input, keys, ['version', ...(vendors.length === 0 ? [] : ['vendor']), ...names]);
  const version = versionAt(input, [...keys, 'version'], table.version);
  const options: Record<string, readonly string[]> = {};
  for (const option of declared) {
    const value = table[option.name];
    if (value === undefined) continue;
    options[option.name] = decodeOption(input, [...keys, option.name], option);
  }
  if (table.vendor === undefined) return { version, options };
  const vendor = textAt(input, [...keys, 'vendor'], { limit: LONGEST.name }).toLowerCase();
  if (!vendors.includes(vendor)) {
    fail(input, [...keys, 'vendor'], {
      what: `${runtime.id} has no vendor ${quoted(vendor)}`,
      hint: didYouMean(vendor, offered),
    });
  }
  return { version, vendor, options };
}

function decodeOption(input: ManifestInput, keys: KeyPath, option: RequestOption): readonly string[] {
  const value = valueAt(input, keys);
  const many = option.single !== true;
  const words = typeof value === 'string' ? [value] : value;
  const shape = many ? 'a list of words in quotes' : 'one word in quotes';
  if (!Array.isArray(words) || (!many && words.length !== 1)) {
    return fail(input, keys, { what: `${option.name} must be ${shape}` });
  }
  for (const [index, word] of words.entries()) {
    if (typeof word === 'string' && word.length <= LONGEST.version && option.pattern.test(word)) continue;
    const shown = typeof word === 'string' ? quoted(word) : 'a value that is no text';
    fail(input, typeof value === 'string' ? keys : [...keys, index], {
      what: `${option.name} cannot hold ${shown}: ${option.describe}`,
    });
  }
  return [...new Set(words as readonly string[])].sort();
}

function versionAt(input: ManifestInput, keys: KeyPath, value: unknown): string {
  if (value === undefined)
    fail(input, keys, { what: 'a version is missing', hint: 'write version = "..." in the table' });
  return textAt(input, keys, { limit: LONGEST.version }).trim();
}

export function decodeSources(input: ManifestInput): readonly ManifestSource[] {
  return Object.keys(tableAt(input, ['sources'])).map((key) => {
    const keys = ['sources', key];
    const runtime = knownRuntime(input, keys);
    const known = (runtime.sources ?? []).map((source) => source.id);
    const value = valueAt(input, keys);
    const order = Array.isArray(value)
      ? textsAt(input, keys, LONGEST.name)
      : [textAt(input, keys, { limit: LONGEST.name })];
    if (order.length === 0)
      fail(input, keys, { what: `${key} names no source`, hint: `choose from ${known.join(', ')}` });
    for (const [index, id] of order.entries()) {
      if (known.includes(id)) continue;
      fail(input, Array.isArray(value) ? [...keys, index] : keys, {
        what: `${runtime.id} has no source ${quoted(id)}`,
        hint: didYouMean(id, known),
      });
    }
    return { tool: runtime.id, order: [...new Set(order)], line: input.lineOf(...keys) };
  });
}
