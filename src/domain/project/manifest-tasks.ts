import { isTable, type KeyPath, valueAt } from '../formats/document-value';
import { present } from '../words/present';
import { quoted } from '../words/printable';
import { namesOf, TASK_KEYS } from './manifest-schema';
import {
  didYouMean,
  fail,
  flagAt,
  folderInside,
  LONGEST,
  type ManifestInput,
  portAt,
  refuseUnknown,
  tableAt,
  textAt,
  textsAt,
} from './manifest-values';
import { decodeVariables, type ManifestVariable } from './manifest-variables';
import { decodeArguments, isNeeded, type TaskArgument } from './task-arguments';
import { findCircle } from './task-graph';

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
  /** The words that it takes behind its name; absent where it takes whatever it is given. */
  readonly args?: readonly TaskArgument[];
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

export function decodeAliases(input: ManifestInput, tasks: readonly ManifestTask[]): readonly ManifestAlias[] {
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

export function decodeTasks(input: ManifestInput): readonly ManifestTask[] {
  const names = Object.keys(tableAt(input, ['tasks']));
  const tasks = names.map((name) => decodeTask(input, name));
  const byName = new Map(tasks.map((task) => [task.name, task]));
  for (const task of tasks) {
    for (const [index, depended] of task.depends.entries()) {
      const needed = byName.get(depended)?.args?.find(isNeeded);
      if (needed !== undefined) {
        fail(input, ['tasks', task.name, 'depends', index], {
          what: `task ${task.name} depends on ${depended}, which needs the argument ${needed.name}`,
          hint: `give ${needed.name} a default`,
        });
      }
      if (byName.has(depended)) continue;
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
  refuseUnknown(input, keys, namesOf(TASK_KEYS));
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
  const args = decodeArguments(input, [...keys, 'args']);
  if (args !== undefined && args.length > 0 && run.length === 0)
    fail(input, [...keys, 'args'], { what: `task ${name} has no line that could use its arguments` });
  return {
    ...plain,
    run,
    depends,
    ...present({ args }),
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
