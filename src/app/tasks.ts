import { dirname, join } from 'node:path';
import { ensureFolder } from '../adapters/fs';
import type { Program } from '../adapters/spawn';
import { openSupervisor, type Supervisor } from '../adapters/supervise';
import { applyEnvOps } from '../domain/env-op';
import { PolyenvError } from '../domain/errors';
import { MANIFEST_NAMES, type Manifest, type ManifestTask } from '../domain/manifest';
import { nearestName } from '../domain/nearest';
import { orderOf, planTask, runsAtOnce, type TaskPlan } from '../domain/task-graph';
import { refreshShims } from './compile';
import type { Context } from './context';
import { readyEnvironment } from './execute';
import { isInside } from './inside';
import { readManifest } from './manifests';
import { toolEnvironment } from './tool-environment';
import { trustedEffects } from './trusted';

export interface ListedTask extends ManifestTask {
  readonly manifest: Manifest;
  readonly trusted: boolean;
}

/** The tasks that can be called by name here, nearest first: one that a nearer manifest also has is not among them. */
export async function listTasks(ctx: Context): Promise<readonly ListedTask[]> {
  const found = new Map<string, ListedTask>();
  for (let folder = ctx.directory; ; folder = dirname(folder)) {
    for (const name of MANIFEST_NAMES) {
      const manifest = (await readManifest(folder, name))?.manifest;
      if (manifest === undefined || manifest.tasks.length === 0) continue;
      const trusted = (await trustedEffects(ctx, [manifest])).untrusted.length === 0;
      for (const task of manifest.tasks)
        if (!found.has(task.name)) found.set(task.name, { ...task, manifest, trusted });
    }
    if (folder === dirname(folder) || folder === ctx.host.personHome) return [...found.values()];
  }
}

/** Throws `task-unknown`, naming the nearest name. */
export async function findTask(
  ctx: Context,
  name: string,
): Promise<{ readonly listed: ListedTask; readonly plan: TaskPlan }> {
  const tasks = await listTasks(ctx);
  const listed = tasks.find((task) => task.name === name);
  const plan = listed && planTask(listed.manifest.tasks, name);
  if (listed !== undefined && plan !== undefined) return { listed, plan };
  const near = nearestName(
    name,
    tasks.map((task) => task.name),
  );
  throw new PolyenvError('task-unknown', `no manifest here or above has a task called ${JSON.stringify(name)}`, {
    hint:
      near !== undefined
        ? `polyenv run ${near}`
        : tasks.length > 0
          ? 'polyenv run --list'
          : 'write it below [tasks] in polyenv.toml',
  });
}

export interface TaskCall {
  readonly name: string;
  /** For the last line of the task itself. */
  readonly args: readonly string[];
  /** What stands before the lines of each task when several run at once. */
  readonly mark: (name: string, all: readonly string[]) => string;
  readonly stdout?: 'stderr';
}

/**
 * Runs a task of a trusted manifest after those that it depends on, each in the environment of its folder, with what is
 * missing installed first. The first that fails stops the others; resolves to its exit status.
 */
export async function runTask(ctx: Context, call: TaskCall): Promise<number> {
  const { listed, plan } = await findTask(ctx, call.name);
  const { manifest } = listed;
  if (!listed.trusted) {
    throw new PolyenvError('not-trusted', `the tasks of ${manifest.path} are not trusted`, {
      where: { file: manifest.path, line: listed.line },
      hint: 'polyenv trust --show, then polyenv trust',
    });
  }
  const tasks = orderOf(plan);
  const programs = await prepare(ctx, manifest, tasks);
  const atOnce = runsAtOnce(plan);
  const all = tasks.filter(({ run }) => run.length > 0).map(({ name }) => name);
  const supervisor = openSupervisor({
    host: ctx.host,
    ...(atOnce && { mark: (name: string) => call.mark(name, all) }),
    ...(call.stdout !== undefined && { stdout: call.stdout }),
  });
  try {
    const runner = new Runner(supervisor, (task, line) => programs(task, line, task === listed.name ? call.args : []));
    const exit = await runner.run(plan);
    const { stopped } = supervisor;
    // A service that ends well when it is asked to has done its task; one that never began has not.
    return stopped === undefined || (exit === 0 && !runner.leftOut) ? exit : 128 + (SIGNAL_NUMBERS[stopped] ?? 0);
  } finally {
    supervisor.close();
    await refreshShims(ctx);
  }
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Each task once, those at once that may be. */
class Runner {
  readonly #results = new Map<string, Promise<number>>();
  readonly #supervisor: Supervisor;
  readonly #program: (task: string, index: number) => Program;
  #failed: number | undefined;
  /** Whether something was not begun because of an end before. */
  leftOut = false;

  constructor(supervisor: Supervisor, program: (task: string, index: number) => Program) {
    this.#supervisor = supervisor;
    this.#program = program;
  }

  run(plan: TaskPlan): Promise<number> {
    const known = this.#results.get(plan.task.name);
    if (known !== undefined) return known;
    const result = this.#start(plan);
    this.#results.set(plan.task.name, result);
    return result;
  }

  async #start({ task, before }: TaskPlan): Promise<number> {
    if (task.parallel) await Promise.all(before.map((one) => this.run(one)));
    else
      for (const one of before) {
        if ((await this.run(one)) !== 0) break;
      }
    for (const index of task.run.keys()) {
      if (this.#failed !== undefined || this.#supervisor.stopped !== undefined) {
        this.leftOut = true;
        break;
      }
      const exit = await this.#supervisor.run(task.name, this.#program(task.name, index));
      if (exit !== 0 && this.#failed === undefined) {
        this.#failed = exit;
        this.#supervisor.stop('SIGTERM');
      }
    }
    return this.#failed ?? 0;
  }
}

/** The environments of all folders that the tasks run in, ready before the first one starts. */
async function prepare(
  ctx: Context,
  manifest: Manifest,
  tasks: readonly ManifestTask[],
): Promise<(task: string, line: number, args: readonly string[]) => Program> {
  const base = dirname(manifest.path);
  const environments = new Map<string, Readonly<Record<string, string | undefined>>>();
  for (const { name, dir, run, line } of tasks) {
    if (run.length === 0) continue;
    const folder = join(base, dir);
    if (!isInside(base, dir)) {
      throw new PolyenvError('path-refused', `the folder of task ${name} leads out of the project`, {
        where: { file: manifest.path, line },
      });
    }
    if (environments.has(folder)) continue;
    const environment = await readyEnvironment(ctx, folder, []);
    for (const { homes } of environment.runtimes) for (const home of homes) await ensureFolder(home);
    environments.set(folder, toolEnvironment(ctx, environment));
  }
  return (name, index, args) => {
    const task = tasks.find((one) => one.name === name) as ManifestTask;
    const folder = join(base, task.dir);
    const last = index === task.run.length - 1 && args.length > 0;
    const text = task.run[index] ?? '';
    return {
      file: '/bin/sh',
      args: ['-c', last && !/\$[@*]/.test(text) ? `${text.trimEnd()} "$@"` : text, name, ...(last ? args : [])],
      env: {
        ...applyEnvOps(
          environments.get(folder) ?? {},
          task.env.map(({ op }) => op),
        ),
        PWD: folder,
      },
      cwd: folder,
    };
  };
}
