import { createHash } from 'node:crypto';
import { printable, quoted } from '../words/printable';
import type { Manifest } from './manifest';
import type { ManifestDomain } from './manifest-domains';
import type { ManifestTask } from './manifest-tasks';
import type { ManifestVariable } from './manifest-variables';
import { variableRunsCode } from './project-variable';

/** What a person is asked to trust: one manifest, with the files that it pulls in. */
export interface TrustSubject {
  readonly manifest: Manifest;
  /** Each with the digest of its content, in any order. */
  readonly included?: readonly { readonly path: string; readonly digest: string }[];
}

/** One thing that would apply once trusted, for display: no character of it acts on a terminal. */
export interface TrustEffect {
  readonly table: 'env' | 'paths' | 'tasks' | 'sources' | 'domains' | 'included';
  readonly text: string;
  readonly line?: number;
  /** A variable by which tools run code, to be shown apart. */
  readonly risk?: true;
}

/** Whether the manifest holds anything that can run code or redirect downloads. Pins and options never need trust. */
export function needsTrust({ manifest, included = [] }: TrustSubject): boolean {
  const { env, paths, tasks, sources } = manifest;
  return [env, paths, tasks, sources, openDomains(manifest), included].some((list) => list.length > 0);
}

/**
 * sha256 in hex over what the decoded tables `[env]`, `[paths]`, `[tasks]`, `[aliases]` and `[sources]` mean, and over every included
 * file. Pins, comments, order of keys and spelling are outside it.
 */
export function trustDigest({ manifest, included = [] }: TrustSubject): string {
  const content = {
    env: variablesOf(manifest.env),
    // Their order is their precedence.
    paths: manifest.paths.map(({ op, folder }) => [op, folder]),
    tasks: sorted(manifest.tasks.map((task) => [task.name, taskOf(task)])),
    sources: sorted(manifest.sources.map(({ tool, order }) => [tool, order])),
    included: sorted(included.map(({ path, digest }) => [path, digest])),
    ...(manifest.aliases.length > 0 && {
      aliases: sorted(manifest.aliases.map(({ name, task, args }) => [name, task, args])),
    }),
    // Absent where there is none: names alone need no trust, and do not end it.
    ...(openDomains(manifest).length > 0 && {
      origins: sorted(openDomains(manifest).map(({ name, origins }) => [name, origins.toSorted()])),
    }),
  };
  return createHash('sha256')
    .update(`polyenv trust 1\n${JSON.stringify(content)}`)
    .digest('hex');
}

/** What would apply, in the manifest's order. */
export function describeTrust({ manifest, included = [] }: TrustSubject): readonly TrustEffect[] {
  return [
    ...manifest.env.map((variable): TrustEffect => {
      const risk = variableRunsCode(variable.op.name);
      return { table: 'env', text: describeVariable(variable), line: variable.line, ...(risk ? { risk: true } : {}) };
    }),
    ...manifest.paths.map(({ op, folder, line }): TrustEffect => {
      const where = op === 'prepend' ? 'before' : 'after';
      return { table: 'paths', text: `searches ${quoted(folder, 200)} ${where} other folders for commands`, line };
    }),
    ...manifest.tasks.map((task): TrustEffect => ({ table: 'tasks', text: describeTask(task), line: task.line })),
    ...manifest.aliases.map(({ name, task, args, line }): TrustEffect => {
      return { table: 'tasks', text: `task ${name} is ${quoted([task, ...args].join(' '), 500)}`, line };
    }),
    ...manifest.sources.map(({ tool, order, line }): TrustEffect => {
      return { table: 'sources', text: printable(`takes ${tool} from ${order.join(', then ')} only`), line };
    }),
    ...openDomains(manifest).map(({ name, origins, line }): TrustEffect => {
      return { table: 'domains', text: `lets web pages of ${origins.join(', ')} speak to ${name}.localhost`, line };
    }),
    ...included.map(({ path }): TrustEffect => ({ table: 'included', text: `reads ${quoted(path, 200)}` })),
  ];
}

function openDomains({ domains }: Manifest): readonly ManifestDomain[] {
  return domains.filter(({ origins }) => origins.length > 0);
}

function variablesOf(variables: readonly ManifestVariable[]): readonly unknown[] {
  return sorted(variables.map(({ op }) => [op.name, op.op === 'set' ? [op.value] : []]));
}

function taskOf(task: ManifestTask): readonly unknown[] {
  const { run, dir, env, depends, parallel, port, inputs, outputs, args = [] } = task;
  // Which services run before is data, as the services are; where the task listens decides what others reach.
  return [
    run,
    dir,
    variablesOf(env),
    depends,
    parallel,
    ...(port === undefined ? [] : [port]),
    ...(inputs.length + outputs.length === 0 ? [] : [inputs, outputs]),
    // Their defaults are part of what runs.
    ...(args.length === 0
      ? []
      : [['args', ...args.map(({ name, default: usual, choices, many }) => [name, usual ?? [], choices, many])]]),
  ];
}

function sorted<T extends readonly [string, unknown] | readonly unknown[]>(pairs: readonly T[]): readonly T[] {
  return pairs.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
}

function describeVariable({ op }: ManifestVariable): string {
  return op.op === 'set' ? `sets ${op.name} to ${quoted(op.value, 200)}` : `takes ${op.name} away`;
}

function describeTask(task: ManifestTask): string {
  const inside = task.dir === '.' ? '' : ` in ${quoted(task.dir, 200)}`;
  const env = task.env.map((variable) => `; ${describeVariable(variable)}`).join('');
  const runs = task.run.length === 0 ? `task ${task.name} runs` : `task ${task.name} runs${inside}`;
  const what = [...task.depends.map((name) => `task ${name}`), ...task.run.map((line) => quoted(line, 500))].join(
    ', then ',
  );
  const usual = (task.args ?? []).flatMap(({ name, default: word }) =>
    word === undefined ? [] : [`; ${name} is ${quoted(word, 200)} where it is not given`],
  );
  return `${runs} ${what}${env}${usual.join('')}`;
}
