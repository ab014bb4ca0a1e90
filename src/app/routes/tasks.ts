import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { Program } from '../../adapters/children/capture';
import { ensureFolder } from '../../adapters/files/fs';
import { isFolder } from '../../adapters/system/discover';
import { openSupervisor, type Supervisor } from '../../adapters/system/supervise';
import type { Manifest } from '../../domain/project/manifest';
import type { ManifestTask } from '../../domain/project/manifest-tasks';
import { type BoundArguments, bindArguments, prelude, usageOf } from '../../domain/project/task-arguments';
import { orderOf, runsAtOnce, type TaskPlan } from '../../domain/project/task-graph';
import { applyEnvOps, type EnvOp } from '../../domain/words/env-op';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { printable, quoted } from '../../domain/words/printable';
import { quoteSh } from '../../domain/words/shell-quote';
import type { Context } from '../base/context';
import { taskPorts } from '../gateway/names';
import { isInside } from '../project/inside';
import { refreshShims } from './compile';
import { readyEnvironment } from './execute';
import { findTask, type ListedTask } from './find-task';
import { isDone, rememberDone, stateOfTask, type TaskRun } from './task-cache';
import { toolEnvironment } from './tool-environment';

export interface TaskCall {
  readonly name: string;
  /** For the last line of the task itself. */
  readonly args: readonly string[];
  /** What stands before the lines of each task when several run at once. */
  readonly mark: (name: string, all: readonly string[], stream: 'stdout' | 'stderr') => string;
  readonly stdout?: 'stderr';
  /** Runs tasks whose inputs are unchanged too. */
  readonly force?: true;
  /** Ends what runs, so that it can be begun anew. */
  readonly again?: AbortSignal;
  /** Starts the services that the tasks of the manifest need, before their environments are made. */
  readonly startServices: (manifest: Manifest, names: readonly string[]) => Promise<void>;
}

/**
 * Runs a task of a trusted manifest after those that it depends on, each in the environment of its folder, with what is
 * missing installed first. The first that fails stops the others; resolves to its exit status.
 */
export async function runTask(ctx: Context, call: TaskCall): Promise<number> {
  const { listed, plan, args: own } = await findTask(ctx, call.name);
  const args = [...own, ...call.args];
  const { manifest } = listed;
  // guard: tasks-trust
  if (!listed.trusted) {
    throw new PolyenvError('not-trusted', `the tasks of ${manifest.path} are not trusted`, {
      where: { file: manifest.path, line: listed.line },
      hint: 'polyenv trust --show, then polyenv trust --yes',
    });
  }
  const given = givenTo(listed, args);
  refuseLostArguments(listed, given.further);
  const tasks = orderOf(plan);
  const needed = [...new Set(tasks.flatMap(({ services }) => services))];
  if (needed.length > 0) await call.startServices(manifest, needed);
  const programs = await prepare(ctx, manifest, tasks);
  const atOnce = runsAtOnce(plan);
  const all = tasks.filter(({ run }) => run.length > 0).map(({ name }) => name);
  const supervisor = openSupervisor({
    host: ctx.host,
    ...(atOnce && { mark: (name: string, stream: 'stdout' | 'stderr') => call.mark(name, all, stream) }),
    ...present({ stdout: call.stdout }),
  });
  try {
    const argsOf = (task: ManifestTask) => (task.name === listed.name ? given : givenTo({ ...task, manifest }, []));
    const runOf = (task: ManifestTask): TaskRun => ({
      task,
      path: manifest.path,
      folder: folderOf(manifest, task),
      args: [...argsOf(task).values.map(({ value }) => value), ...argsOf(task).further],
      toolchains: programs.toolchains(task),
    });
    const runner = new Runner(supervisor, {
      program: (task, index) => programs.program(task, index, argsOf(task)),
      once: (task, lines) => unlessDone(ctx, { run: runOf(task), force: call.force, lines }),
    });
    call.again?.addEventListener('abort', () => supervisor.stop('SIGTERM'), { once: true });
    if (call.again?.aborted) supervisor.stop('SIGTERM');
    const exit = await runner.run(plan);
    const { stopped } = supervisor;
    // A long-running program that ends with 0 when it is stopped has succeeded; a task that was not begun because of
    // that has not.
    return stopped === undefined || (exit === 0 && !runner.leftOut) ? exit : 128 + constants.signals[stopped];
  } finally {
    supervisor.close();
    await refreshShims(ctx);
  }
}

/** Runs the lines of a task, unless nothing that it reads has changed since they last ended well. */
async function unlessDone(
  ctx: Context,
  of: { readonly run: TaskRun; readonly force: true | undefined; readonly lines: () => Promise<'ended' | 'failed'> },
): Promise<void> {
  const state = await stateOfTask(of.run);
  if (state === undefined) return void (await of.lines());
  if (of.force === undefined && (await isDone(ctx, of.run, state))) {
    ctx.emit({ type: 'note', text: `${of.run.task.name}: nothing that it reads has changed` });
    return;
  }
  if ((await of.lines()) === 'ended') await rememberDone(ctx, of.run, state);
}

interface Ways {
  program(task: ManifestTask, index: number): Program;
  /** Runs the lines, or finds that they need not run. */
  once(task: ManifestTask, lines: () => Promise<'ended' | 'failed'>): Promise<void>;
}

/** Each task once, those at once that may be. */
class Runner {
  readonly #results = new Map<string, Promise<void>>();
  readonly #supervisor: Supervisor;
  readonly #ways: Ways;
  /** The status of the first that failed, or why the first could not be started. */
  #failed: { readonly exit: number } | { readonly error: unknown } | undefined;
  /** Whether something was not begun because of an end before. */
  leftOut = false;

  constructor(supervisor: Supervisor, ways: Ways) {
    this.#supervisor = supervisor;
    this.#ways = ways;
  }

  /** Resolves once nothing runs any more. */
  async run(plan: TaskPlan<ManifestTask>): Promise<number> {
    await this.#once(plan);
    if (this.#failed === undefined) return 0;
    if ('error' in this.#failed) throw this.#failed.error;
    return this.#failed.exit;
  }

  #once(plan: TaskPlan<ManifestTask>): Promise<void> {
    const result = this.#results.get(plan.task.name) ?? this.#start(plan);
    this.#results.set(plan.task.name, result);
    return result;
  }

  async #start({ task, before }: TaskPlan<ManifestTask>): Promise<void> {
    // With thousands of tasks that depend on each other the stack would overflow.
    await undefined;
    if (task.parallel) await Promise.all(before.map((one) => this.#once(one)));
    else for (const one of before) if (!this.#ending) await this.#once(one);
    if (task.run.length === 0) return;
    try {
      await this.#ways.once(task, () => this.#lines(task));
    } catch (error) {
      this.#fail({ error });
    }
  }

  async #lines(task: ManifestTask): Promise<'ended' | 'failed'> {
    for (const index of task.run.keys()) {
      const exit = this.#ending ? undefined : await this.#line(task, index);
      if (exit === undefined) {
        this.leftOut = true;
        return 'failed';
      }
      if (exit !== 0) this.#fail({ exit });
    }
    return this.#ending ? 'failed' : 'ended';
  }

  get #ending(): boolean {
    return this.#failed !== undefined || this.#supervisor.stopped !== undefined;
  }

  async #line(task: ManifestTask, index: number): Promise<number | undefined> {
    try {
      return await this.#supervisor.run(task.name, this.#ways.program(task, index));
    } catch (error) {
      this.#fail({ error });
      return undefined;
    }
  }

  #fail(how: { readonly exit: number } | { readonly error: unknown }): void {
    if (this.#failed !== undefined) return;
    this.#failed = how;
    // Where a signal ended it, all programs have had that signal: a second one could interrupt how they end.
    if (this.#supervisor.stopped === undefined) this.#supervisor.stop('SIGTERM');
  }
}

/** The environments of all folders that the tasks run in, ready before the first one starts. */
async function prepare(
  ctx: Context,
  manifest: Manifest,
  tasks: readonly ManifestTask[],
): Promise<{
  program(task: ManifestTask, index: number, args: BoundArguments): Program;
  toolchains(task: ManifestTask): readonly string[];
}> {
  const toolchains = new Map<string, readonly string[]>();
  const environments = new Map<string, Readonly<Record<string, string | undefined>>>();
  for (const task of tasks) {
    if (task.run.length === 0) continue;
    const folder = folderOf(manifest, task);
    if (environments.has(folder)) continue;
    const environment = await readyEnvironment(ctx, folder, { requests: [] });
    for (const { homes } of environment.runtimes) for (const home of homes) await ensureFolder(home);
    environments.set(folder, toolEnvironment(ctx, environment));
    toolchains.set(
      folder,
      environment.runtimes.map(({ toolchain }) => toolchain),
    );
  }
  const ports = await taskPorts(ctx, manifest);
  const program = (task: ManifestTask, index: number, { values, further }: BoundArguments): Program => {
    // Once more: a task before this one may have made the folder, or a link in its place.
    const folder = folderOf(manifest, task);
    if (!isFolder(folder)) {
      throw new PolyenvError('manifest-invalid', `task ${task.name} runs in ${quoted(task.dir)}, which is no folder`, {
        where: { file: manifest.path, line: task.line },
        hint: `fix dir, or make the folder first: mkdir -p ${quoteSh(folder)}`,
      });
    }
    // Every line gets the arguments that the task declares. Without a declaration the last line gets the words.
    const isLast = index === task.run.length - 1;
    const handed = isLast || task.args !== undefined ? further : [];
    const text = task.run[index] ?? '';
    const line = handed.length === 0 || !isLast || takesArguments(text) ? text : `${text.trimEnd()} "$@"`;
    const port = ports.get(task.name);
    const own: readonly EnvOp[] = [
      ...(port === undefined ? [] : [{ op: 'set', name: 'PORT', value: String(port) } as const]),
      ...task.env.map(({ op }) => op),
    ];
    return {
      file: '/bin/sh',
      args: ['-c', `${prelude({ values })}${line}`, task.name, ...values.map(({ value }) => value), ...handed],
      env: { ...applyEnvOps(environments.get(folder) ?? {}, own), PWD: folder },
      cwd: folder,
    };
  };
  return { program, toolchains: (task) => toolchains.get(folderOf(manifest, task)) ?? [] };
}

function folderOf(manifest: Manifest, { name, dir, line }: ManifestTask): string {
  const base = dirname(manifest.path);
  if (isInside(base, dir)) return join(base, dir);
  throw new PolyenvError('path-refused', `the folder of task ${name} leads out of the project`, {
    where: { file: manifest.path, line },
    hint: 'name a folder below the manifest that is no link to elsewhere',
  });
}

/** What the words are for the task: for one that declares none, all of them as they are. Throws `usage`. */
function givenTo(
  { name, args, line, manifest }: Pick<ListedTask, 'name' | 'args' | 'line' | 'manifest'>,
  words: readonly string[],
): BoundArguments {
  if (args === undefined) return { values: [], further: words };
  const bound = bindArguments(args, words);
  if (!('problem' in bound)) return bound;
  throw new PolyenvError('usage', printable(`task ${name} ${bound.problem}`), {
    where: { file: manifest.path, line },
    hint: `polyenv run ${usageOf(name, args)}`,
  });
}

function takesArguments(line: string): boolean {
  return /\$\{?[@*#1-9]/.test(line);
}

/** Behind what a line may end with, an argument would be another command, a comment's word or nothing. */
function refuseLostArguments({ name, run, line, manifest }: ListedTask, args: readonly string[]): void {
  const last = run.at(-1);
  if (args.length === 0 || (last !== undefined && (takesArguments(last) || !/[;&|(){}]\s*$|(^|\s)#.*\s*$/.test(last))))
    return;
  throw new PolyenvError('usage', `task ${name} has no place for arguments`, {
    where: { file: manifest.path, line },
    hint: last === undefined ? `polyenv run ${name}` : 'write "$@" where they belong',
  });
}
