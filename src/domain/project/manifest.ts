import { isTable, type KeyPath, valueAt } from '../formats/document-value';
import type { RequestOption } from '../runtime/runtime';
import type { RequestOptions } from '../versions/request';
import type { EnvOp } from '../words/env-op';
import { quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import { decodeDomains, type ManifestDomain } from './manifest-domains';
import { decodeServices, type ManifestService } from './manifest-services';
import {
  didYouMean,
  fail,
  flagAt,
  folderInside,
  type KnownRuntime,
  knownRuntime,
  LONGEST,
  type ManifestInput,
  portAt,
  refuseUnknown,
  tableAt,
  textAt,
  textsAt,
} from './manifest-values';
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
  /** `[services]`: data, which needs no trust. */
  readonly services: readonly ManifestService[];
  /** `[domains]`: data, but for the origins that they let in. */
  readonly domains: readonly ManifestDomain[];
  /** `[env]`. Not to be applied without trust. */
  /** What `[env]` reads variables from: they give way to its own. */
  readonly envFiles: readonly ManifestFile[];
  readonly env: readonly ManifestVariable[];
  /** `[paths]`. Not to be applied without trust. */
  readonly paths: readonly ManifestFolder[];
  /** `[tasks]`. Not to be run without trust. */
  readonly tasks: readonly ManifestTask[];
  readonly aliases: readonly ManifestAlias[];
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

/** A file of variables, in the form that dotenv reads. */
export interface ManifestFile {
  /** Relative to the manifest's folder and inside it. */
  readonly file: string;
  readonly line: number;
}

/** Another name for a task of the same manifest, with arguments of its own. */
export interface ManifestAlias {
  readonly name: string;
  readonly task: string;
  readonly args: readonly string[];
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
  /** Names of services, of this manifest or of one above, that run before. */
  readonly services: readonly string[];
  /** Patterns of the files that it reads, below its folder: while they are as they were at its last good end, it need not run. */
  readonly inputs: readonly string[];
  /** Patterns of the files that it makes: each must match something, or it runs. */
  readonly outputs: readonly string[];
  /** The port that it is told to listen on, in `PORT`. */
  readonly port?: number;
  readonly description: string;
  readonly line: number;
}

export interface ManifestSource {
  readonly tool: ToolId;
  /** Source ids in order of preference; those of the runtime that are not named are not used. */
  readonly order: readonly string[];
  readonly line: number;
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
  const [services, tasks] = [decodeServices(input), decodeTasks(input)];
  return {
    path: input.path,
    root: flagAt(input, ['root']),
    isolation,
    runtimes: decodeRuntimes(input),
    services,
    domains: decodeDomains(input, { services, tasks }),
    envFiles: decodeEnvFiles(input),
    env: decodeVariables(input, ['env'], ENV_FILE),
    paths: decodePaths(input),
    tasks,
    aliases: decodeAliases(input, tasks),
    sources: decodeSources(input),
  };
}

const TOP_LEVEL = [
  'schema',
  'root',
  'isolation',
  'runtimes',
  'services',
  'domains',
  'env',
  'paths',
  'tasks',
  'aliases',
  'sources',
] as const;

/** The key of `[env]` that names files: no variable is called so. */
const ENV_FILE = 'file';

const TASK_KEYS = [
  'run',
  'dir',
  'env',
  'depends',
  'parallel',
  'services',
  'port',
  'inputs',
  'outputs',
  'description',
] as const;

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

function decodeEnvFiles(input: ManifestInput): readonly ManifestFile[] {
  const value = tableAt(input, ['env'])[ENV_FILE];
  if (value === undefined) return [];
  const places: readonly KeyPath[] = Array.isArray(value)
    ? value.map((_, index) => ['env', ENV_FILE, index])
    : [['env', ENV_FILE]];
  return places.map((keys) => ({
    file: folderInside(input, keys, textAt(input, keys, { limit: LONGEST.folder })),
    line: input.lineOf(...keys),
  }));
}

function decodeAliases(input: ManifestInput, tasks: readonly ManifestTask[]): readonly ManifestAlias[] {
  const names = tasks.map(({ name }) => name);
  return Object.keys(tableAt(input, ['aliases'])).map((name) => {
    const keys = ['aliases', name];
    if (!TASK_NAME.test(name) || name.length > LONGEST.name)
      fail(input, keys, { what: `${quoted(name)} is no name for a task` });
    if (names.includes(name))
      fail(input, keys, { what: `${name} is a task already`, hint: 'give the alias another name' });
    const words = Array.isArray(valueAt(input, keys))
      ? textsAt(input, keys, LONGEST.command)
      : textAt(input, keys, { limit: LONGEST.command }).trim().split(/\s+/);
    const [task = '', ...args] = words.filter((word, index) => index !== 1 || word !== '--');
    if (!names.includes(task)) {
      fail(input, keys, {
        what: `${name} stands for ${quoted(task)}, which is no task here`,
        hint: didYouMean(task, names),
      });
    }
    return { name, task, args, line: input.lineOf(...keys) };
  });
}

function decodeVariables(input: ManifestInput, keys: KeyPath, except?: string): readonly ManifestVariable[] {
  const mirrors = new Map(
    input.runtimes.flatMap((runtime) =>
      (runtime.sources ?? []).flatMap((source) =>
        (source.mirrors ?? []).map(({ variable }) => [variable, runtime.id] as const),
      ),
    ),
  );
  const entries = Object.entries(tableAt(input, keys)).filter(([name]) => name !== except);
  return entries.map(([name, value]) => {
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

const TASK_NAME = /^[A-Za-z0-9_][A-Za-z0-9_:.-]*$/;

function decodeTask(input: ManifestInput, name: string): ManifestTask {
  const keys = ['tasks', name];
  if (!TASK_NAME.test(name) || name.length > LONGEST.name) {
    fail(input, keys, { what: `${quoted(name)} is no name for a task: letters, digits and _ : . - make one` });
  }
  const line = input.lineOf(...keys);
  const plain = {
    name,
    dir: '.',
    env: [],
    depends: [],
    parallel: false,
    services: [],
    inputs: [],
    outputs: [],
    description: '',
    line,
  };
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
    services: value.services === undefined ? [] : textsAt(input, [...keys, 'services'], LONGEST.name),
    inputs: patternsAt(input, [...keys, 'inputs']),
    outputs: patternsAt(input, [...keys, 'outputs']),
    ...(value.port !== undefined && { port: portAt(input, [...keys, 'port']) }),
    description:
      value.description === undefined ? '' : textAt(input, [...keys, 'description'], { limit: LONGEST.folder }),
  };
}

/** Patterns of files below the task's folder: `*` within a name, `**` for folders too. */
function patternsAt(input: ManifestInput, keys: KeyPath): readonly string[] {
  const value = valueAt(input, keys);
  if (value === undefined) return [];
  const places = Array.isArray(value) ? value.map((_, index) => [...keys, index]) : [keys];
  return places.map((place) => {
    const text = textAt(input, place, { limit: LONGEST.folder });
    if (text.startsWith('/') || text.startsWith('!') || text.split('/').includes('..')) {
      fail(input, place, {
        what: `${quoted(text)} is no pattern of files below the task's folder`,
        hint: 'write it relative, such as src/**/*.ts',
      });
    }
    return text;
  });
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
