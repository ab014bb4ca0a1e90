import { dirname, join } from 'node:path';
import { isFolder } from '../../adapters/system/discover';
import { MANIFEST_NAMES, type Manifest } from '../../domain/project/manifest';
import type { ManifestTask } from '../../domain/project/manifest-tasks';
import { planTask, type TaskPlan } from '../../domain/project/task-graph';
import { PolyenvError } from '../../domain/words/errors';
import { nearestName } from '../../domain/words/nearest';
import { quoted } from '../../domain/words/printable';
import type { Context } from '../base/context';
import { isInside } from '../project/inside';
import { readManifest } from '../project/manifests';
import { isManifestTrusted } from '../project/trusted';

export interface ListedTask extends ManifestTask {
  readonly manifest: Manifest;
  readonly trusted: boolean;
}

/** The tasks that can be called by name here, nearest first: one that a nearer manifest also has is not among them. */
export async function listTasks(ctx: Context): Promise<readonly ListedTask[]> {
  const found = new Map<string, ListedTask>();
  for await (const tasks of tasksUp(ctx)) {
    for (const task of tasks) if (!found.has(task.name)) found.set(task.name, task);
  }
  return [...found.values()];
}

/** A task with those that run before it, and the arguments that its alias brings. */
export interface FoundTask {
  readonly listed: ListedTask;
  readonly plan: TaskPlan<ManifestTask>;
  readonly args: readonly string[];
}

/** In the nearest manifest that has it; as `FOLDER:TASK` in that folder below; those beyond are not read. Throws `task-unknown`, naming the nearest name. */
export async function findTask(ctx: Context, name: string): Promise<FoundTask> {
  const names: string[] = [];
  for await (const tasks of tasksUp(ctx)) {
    const [manifest] = tasks.map((task) => task.manifest);
    const alias = manifest?.aliases.find((one) => one.name === name);
    const listed = tasks.find((task) => task.name === (alias?.task ?? name));
    const plan = listed && planTask(listed.manifest.tasks, listed.name);
    if (listed !== undefined && plan !== undefined) return { listed, plan, args: alias?.args ?? [] };
    names.push(...tasks.map((task) => task.name), ...(manifest?.aliases ?? []).map((one) => one.name));
  }
  const below = await findTaskBelow(ctx, name);
  if (below !== undefined) return below;
  const near = nearestName(name, names);
  throw new PolyenvError('task-unknown', `no manifest here or above has a task called ${quoted(name)}`, {
    hint:
      near !== undefined
        ? `polyenv run ${near}`
        : names.length > 0
          ? 'polyenv run --list'
          : 'write it below [tasks] in polyenv.toml',
  });
}

/** `services/api:test` is the task `test` of the manifest in `services/api`. A task's own name may hold colons too. */
async function findTaskBelow(ctx: Context, name: string): Promise<FoundTask | undefined> {
  for (let colon = name.indexOf(':'); colon > 0; colon = name.indexOf(':', colon + 1)) {
    const folder = join(ctx.directory, name.slice(0, colon));
    if (!isInside(ctx.directory, name.slice(0, colon)) || !isFolder(folder)) continue;
    for (const file of MANIFEST_NAMES) {
      const manifest = (await readManifest(folder, file))?.manifest;
      const plan = manifest && planTask(manifest.tasks, name.slice(colon + 1));
      if (manifest === undefined || plan === undefined) continue;
      const trusted = await isManifestTrusted(ctx, manifest);
      return { listed: { ...plan.task, manifest, trusted }, plan, args: [] };
    }
  }
  return undefined;
}

/** Of each manifest from the folder in question to where the walk of pins stops too. */
async function* tasksUp(ctx: Context): AsyncGenerator<readonly ListedTask[]> {
  for (let folder = ctx.directory; ; folder = dirname(folder)) {
    let root = false;
    for (const name of MANIFEST_NAMES) {
      const manifest = (await readManifest(folder, name))?.manifest;
      if (manifest === undefined) continue;
      root ||= manifest.root;
      const trusted = await isManifestTrusted(ctx, manifest);
      yield manifest.tasks.map((task) => ({ ...task, manifest, trusted }));
    }
    if (root || folder === dirname(folder) || folder === ctx.host.personHome) return;
  }
}
