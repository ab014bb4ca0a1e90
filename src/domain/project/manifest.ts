import { type DocumentValue, isTable, type KeyPath, valueAt } from '../formats/document-value';
import type { RequestOption } from '../runtime/runtime';
import type { RequestOptions } from '../versions/request';
import type { EnvOp } from '../words/env-op';
import { PolyenvError } from '../words/errors';
import { nearestName } from '../words/nearest';
import { printable, quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import { refuseProjectVariable } from './project-variable';
import { findCircle } from './task-graph';

/** The file names, the one of higher precedence first. */
export const MANIFEST_NAMES = ['polyenv.local.toml', 'polyenv.toml'] as const;

/** Bytes. A larger manifest is refused before it is parsed. */
export const MANIFEST_LIMIT = 1024 * 1024;

/** `polyenv.toml` or `polyenv.local.toml`, decoded: what one file says, in its order, each value with its line (from 1). */
export interface Manifest {
  /** As it was given to the decoder. */
  readonly path: string;
  /** Whether the walk to the parent folders stops here. */
  readonly root: boolean;
  /** `undefined` where the file does not say: then `default`. */
  readonly isolation: 'default' | 'strict' | undefined;
  /** One a runtime at most. */
  readonly runtimes: readonly ManifestPin[];
  /** `[env]`. Not to be applied without trust. */
  readonly env: readonly ManifestVariable[];
  /** `[paths]`. Not to be applied without trust. */
  readonly paths: readonly ManifestFolder[];
  /** `[tasks]`. Not to be run without trust. */
  readonly tasks: readonly ManifestTask[];
  /** `[sources]`. Not to be used without trust. */
  readonly sources: readonly ManifestSource[];
}

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

export interface ManifestVariable {
  readonly op: EnvOp & { readonly op: 'set' | 'unset' };
  readonly line: number;
}

export interface ManifestFolder {
  readonly op: 'prepend' | 'append';
  /** Relative to the manifest's folder and inside it, normalised, with `/`; `.` is that folder. */
  readonly folder: string;
  readonly line: number;
}

export interface ManifestTask {
  readonly name: string;
  /** Lines of shell; empty for a task that only has dependencies. */
  readonly run: readonly string[];
  /** Relative to the manifest's folder and inside it; `.` by default. */
  readonly dir: string;
  readonly env: readonly ManifestVariable[];
  /** Names of tasks of the same manifest that run before, in this order unless `parallel`. */
  readonly depends: readonly string[];
  /** Whether the dependencies may run at once. */
  readonly parallel: boolean;
  readonly description: string;
  readonly line: number;
}

export interface ManifestSource {
  readonly tool: ToolId;
  /** Source ids in order of preference; those of the runtime that are not named are not used. */
  readonly order: readonly string[];
  readonly line: number;
}

/** What the decoder must know of a runtime; a `Runtime` is one. */
export interface KnownRuntime {
  readonly id: ToolId;
  readonly aliases?: readonly string[];
  readonly vendors?: readonly string[];
  readonly options?: readonly RequestOption[];
  readonly sources?: readonly { readonly id: string; readonly mirrors?: readonly { readonly variable: string }[] }[];
}

export interface ManifestInput extends DocumentValue {
  readonly runtimes: readonly KnownRuntime[];
}

/** Throws `manifest-invalid` with the line of what is wrong: an unknown name, a value of the wrong type, a variable that a project may not set. */
export function decodeManifest(input: ManifestInput): Manifest {
  const top = tableAt(input, []);
  refuseUnknown(input, [], TOP_LEVEL);
  const schema = top.schema;
  if (schema !== undefined && schema !== 1) {
    const newer = typeof schema === 'number' && Number.isInteger(schema) && schema > 1;
    fail(
      input,
      ['schema'],
      newer
        ? {
            what: `the manifest has schema ${schema}, and this polyenv reads schema 1`,
            hint: 'upgrade polyenv: polyenv self upgrade',
          }
        : { what: 'schema must be 1', hint: 'write schema = 1, or leave it out' },
    );
  }
  const isolation = top.isolation;
  if (isolation !== undefined && isolation !== 'default' && isolation !== 'strict') {
    fail(input, ['isolation'], { what: 'isolation must be "default" or "strict"' });
  }
  return {
    path: input.path,
    root: flagAt(input, ['root']),
    isolation,
    runtimes: decodeRuntimes(input),
    env: decodeVariables(input, ['env']),
    paths: decodePaths(input),
    tasks: decodeTasks(input),
    sources: decodeSources(input),
  };
}

/** What a folder without pins would decode to: for a project that has no manifest, or a part of one. */
export function emptyManifest(path: string): Manifest {
  return { path, root: false, isolation: undefined, runtimes: [], env: [], paths: [], tasks: [], sources: [] };
}

/** The runtime of that id or alias, in any letter case. */
export function findRuntime<R extends KnownRuntime>(runtimes: readonly R[], name: string): R | undefined {
  const wanted = name.toLowerCase();
  return runtimes.find((runtime) => runtime.id === wanted || runtime.aliases?.includes(wanted));
}

const TOP_LEVEL = ['schema', 'root', 'isolation', 'runtimes', 'env', 'paths', 'tasks', 'sources'] as const;

/** Characters of one value; far above what is meant, far below what could hurt a reader or a shell. */
const LONGEST = { version: 256, value: 32 * 1024, name: 64, folder: 1024, command: 32 * 1024 } as const;

const TASK_KEYS = ['run', 'dir', 'env', 'depends', 'parallel', 'description'] as const;

function decodeRuntimes(input: ManifestInput): readonly ManifestPin[] {
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
  const vendors = runtime.vendors ?? [];
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
      hint: didYouMean(vendor, vendors),
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

function decodeVariables(input: ManifestInput, keys: KeyPath): readonly ManifestVariable[] {
  const mirrors = new Map(
    input.runtimes.flatMap((runtime) =>
      (runtime.sources ?? []).flatMap((source) =>
        (source.mirrors ?? []).map(({ variable }) => [variable, runtime.id] as const),
      ),
    ),
  );
  return Object.entries(tableAt(input, keys)).map(([name, value]) => {
    const here = [...keys, name];
    const mirrored = mirrors.get(name);
    const reason =
      mirrored === undefined ? refuseProjectVariable(name) : `it would redirect polyenv's downloads of ${mirrored}`;
    if (reason !== undefined) {
      fail(input, here, {
        what: `a project cannot set ${quoted(name)}: ${reason}`,
        hint: 'take the line out, and set it in your own shell if you need it',
      });
    }
    const line = input.lineOf(...here);
    if (isTable(value)) {
      refuseUnknown(input, here, ['unset']);
      if (value.unset !== true) fail(input, here, { what: `${name} must be a text in quotes, or { unset = true }` });
      return { op: { op: 'unset', name }, line };
    }
    if (typeof value !== 'string') {
      fail(input, here, {
        what: `${name} must be a text in quotes`,
        hint: typeof value === 'number' || typeof value === 'boolean' ? `write ${name} = "${value}"` : undefined,
      });
    }
    if (value.includes('\0')) fail(input, here, { what: `${name} holds a NUL character, which no variable can` });
    if (value.length > LONGEST.value) fail(input, here, { what: `${name} is longer than ${LONGEST.value} characters` });
    return { op: { op: 'set', name, value }, line };
  });
}

function decodePaths(input: ManifestInput): readonly ManifestFolder[] {
  const table = tableAt(input, ['paths']);
  refuseUnknown(input, ['paths'], ['prepend', 'append']);
  return (['prepend', 'append'] as const).flatMap((op) => {
    if (table[op] === undefined) return [];
    return textsAt(input, ['paths', op], LONGEST.folder).map((text, index) => {
      const keys = ['paths', op, index];
      return { op, folder: folderInside(input, keys, text), line: input.lineOf(...keys) };
    });
  });
}

function decodeTasks(input: ManifestInput): readonly ManifestTask[] {
  const names = Object.keys(tableAt(input, ['tasks']));
  const tasks = names.map((name) => decodeTask(input, name));
  for (const task of tasks) {
    for (const [index, depended] of task.depends.entries()) {
      if (names.includes(depended)) continue;
      fail(input, ['tasks', task.name, 'depends', index], {
        what: `task ${task.name} depends on ${quoted(depended)}, which is no task here`,
        hint: didYouMean(depended, names),
      });
    }
  }
  const circle = findCircle(tasks);
  if (circle !== undefined) {
    fail(input, ['tasks', circle[0]], { what: `tasks depend on each other in a circle: ${circle.join(' -> ')}` });
  }
  return tasks;
}

function decodeTask(input: ManifestInput, name: string): ManifestTask {
  const keys = ['tasks', name];
  if (!/^[A-Za-z0-9_][A-Za-z0-9_:.-]*$/.test(name) || name.length > LONGEST.name) {
    fail(input, keys, { what: `${quoted(name)} is no name for a task: letters, digits and _ : . - make one` });
  }
  const line = input.lineOf(...keys);
  const plain = { name, dir: '.', env: [], depends: [], parallel: false, description: '', line };
  const value = valueAt(input, keys);
  if (!isTable(value)) {
    const run = Array.isArray(value)
      ? textsAt(input, keys, LONGEST.command)
      : [textAt(input, keys, { limit: LONGEST.command, lines: 'many' })];
    return { ...plain, run };
  }
  refuseUnknown(input, keys, TASK_KEYS);
  const run = Array.isArray(value.run)
    ? textsAt(input, [...keys, 'run'], LONGEST.command)
    : value.run === undefined
      ? []
      : [textAt(input, [...keys, 'run'], { limit: LONGEST.command, lines: 'many' })];
  const depends = value.depends === undefined ? [] : textsAt(input, [...keys, 'depends'], LONGEST.name);
  if (run.length === 0 && depends.length === 0) {
    fail(input, keys, {
      what: `task ${name} neither runs anything nor depends on a task`,
      hint: `write ${name} = "COMMAND"`,
    });
  }
  return {
    ...plain,
    run,
    depends,
    dir:
      value.dir === undefined
        ? '.'
        : folderInside(input, [...keys, 'dir'], textAt(input, [...keys, 'dir'], { limit: LONGEST.folder })),
    env: decodeVariables(input, [...keys, 'env']),
    parallel: flagAt(input, [...keys, 'parallel']),
    description:
      value.description === undefined ? '' : textAt(input, [...keys, 'description'], { limit: LONGEST.folder }),
  };
}

function decodeSources(input: ManifestInput): readonly ManifestSource[] {
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

function knownRuntime(input: ManifestInput, keys: KeyPath): KnownRuntime {
  const name = String(keys.at(-1));
  const runtime = findRuntime(input.runtimes, name);
  if (runtime !== undefined) return runtime;
  const names = input.runtimes.flatMap(({ id, aliases }) => [id, ...(aliases ?? [])]);
  return fail(input, keys, {
    what: `no runtime is called ${quoted(name)}`,
    hint: didYouMean(
      name,
      names,
      input.runtimes.map(({ id }) => id),
    ),
  });
}

/** Below the manifest's folder by its letters; links are looked at where the folder is used. */
function folderInside(input: ManifestInput, keys: KeyPath, text: string): string {
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

function textsAt(input: ManifestInput, keys: KeyPath, limit: number): readonly string[] {
  const value = valueAt(input, keys);
  if (!Array.isArray(value)) return fail(input, keys, { what: `${nameOf(keys)} must be a list of texts in quotes` });
  return value.map((_, index) => textAt(input, [...keys, index], { limit }));
}

function textAt(
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

function flagAt(input: ManifestInput, keys: KeyPath): boolean {
  const value = valueAt(input, keys) ?? false;
  if (typeof value !== 'boolean') fail(input, keys, { what: `${nameOf(keys)} must be true or false, without quotes` });
  return value;
}

/** The table at that path; an empty one where there is none. */
function tableAt(input: ManifestInput, keys: KeyPath): Readonly<Record<string, unknown>> {
  const value = valueAt(input, keys) ?? {};
  if (!isTable(value))
    fail(input, keys, { what: keys.length === 0 ? 'a manifest is a table' : `${nameOf(keys)} must be a table` });
  return value;
}

function refuseUnknown(input: ManifestInput, keys: KeyPath, known: readonly string[]): void {
  for (const name of Object.keys(tableAt(input, keys))) {
    if (known.includes(name)) continue;
    const within = keys.length === 0 ? 'a manifest' : nameOf(keys);
    const what = `${within} has no ${isTable(valueAt(input, [...keys, name])) ? 'table' : 'key'} ${quoted(name)}`;
    // A runtime at the top level is the likeliest slip, and no misspelling.
    const slipped = keys.length === 0 && findRuntime(input.runtimes, name) !== undefined;
    fail(input, [...keys, name], { what, hint: slipped ? `write it below [runtimes]` : didYouMean(name, known) });
  }
}

function didYouMean(typed: string, known: readonly string[], shown = known): string {
  const near = nearestName(typed, known);
  return near === undefined ? `choose from ${shown.join(', ')}` : `did you mean ${near}?`;
}

function nameOf(keys: KeyPath): string {
  const names = keys.filter((key) => typeof key === 'string').map((key) => (/^[\w-]+$/.test(key) ? key : quoted(key)));
  return keys.length === 1 && names[0] !== undefined && TABLES.has(names[0]) ? `[${names[0]}]` : names.join('.');
}

const TABLES = new Set(['runtimes', 'env', 'paths', 'tasks', 'sources']);

function fail(
  input: ManifestInput,
  keys: KeyPath,
  problem: { readonly what: string; readonly hint?: string | undefined },
): never {
  throw new PolyenvError('manifest-invalid', printable(problem.what), {
    where: { file: input.path, line: input.lineOf(...keys) },
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  });
}
