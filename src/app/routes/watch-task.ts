import { dirname, join } from 'node:path';
import { digestOfFiles, filesMatching } from '../../adapters/files/globs';
import { isIgnoredByGit } from '../../adapters/system/git-ignored';
import { type Watch, watchFolder } from '../../adapters/system/watch';
import type { ManifestTask } from '../../domain/project/manifest-tasks';
import { orderOf } from '../../domain/project/task-graph';
import type { Context } from '../base/context';
import { findTask } from './find-task';
import { runTask, type TaskCall } from './tasks';

/**
 * Runs a task now and after each change below the manifest's folder; what still runs is ended first. Where its tasks name their
 * inputs, only these count; else every file that git does not ignore and that is no output. Resolves, once a person ends it, to the
 * task's status.
 */
export async function watchTask(ctx: Context, call: Omit<TaskCall, 'again'>): Promise<number> {
  const { listed, plan } = await findTask(ctx, call.name);
  const folder = dirname(listed.manifest.path);
  const watch = await watchFolder(folder);
  const changes = new Changes(ctx, { folder, tasks: orderOf(plan).filter(({ run }) => run.length > 0), watch });
  try {
    await changes.begin();
    for (;;) {
      const again = new AbortController();
      const running = runTask(ctx, { ...call, again: again.signal });
      const change = changes.next();
      const first = await Promise.race([running.then((exit) => ({ exit })), change.then(() => undefined)]);
      // Ended by a signal: the person wants no more.
      if (first !== undefined && first.exit > 128) return first.exit;
      const path = await change;
      ctx.emit({ type: 'note', text: `${path} changed: ${call.name} again` });
      again.abort();
      await running;
    }
  } finally {
    await watch.close();
  }
}

/** Which changes count. */
class Changes {
  readonly #ctx: Context;
  readonly #of: { readonly folder: string; readonly tasks: readonly ManifestTask[]; readonly watch: Watch };
  #inputs: string | undefined;

  constructor(
    ctx: Context,
    of: { readonly folder: string; readonly tasks: readonly ManifestTask[]; readonly watch: Watch },
  ) {
    this.#ctx = ctx;
    this.#of = of;
  }

  async begin(): Promise<void> {
    this.#inputs = await this.#state();
  }

  /** The path of the next change that counts, relative to the folder. */
  async next(): Promise<string> {
    for (;;) {
      const path = await this.#of.watch.next();
      const before = this.#inputs;
      this.#inputs = await this.#state();
      if (before === undefined ? !(await this.#isMade(path)) : this.#inputs !== before) return path;
    }
  }

  /** What all inputs hold; `undefined` where a task names none. */
  async #state(): Promise<string | undefined> {
    const { folder, tasks } = this.#of;
    if (tasks.some(({ inputs }) => inputs.length === 0)) return undefined;
    const digests = await Promise.all(
      tasks.map(async ({ dir, inputs }) => {
        const at = join(folder, dir);
        return digestOfFiles(at, await filesMatching(at, inputs));
      }),
    );
    return digests.join(' ');
  }

  async #isMade(path: string): Promise<boolean> {
    const { folder, tasks } = this.#of;
    for (const { dir, outputs } of tasks) {
      const names = outputs.length === 0 ? [] : await filesMatching(join(folder, dir), outputs);
      if (names.some((name) => join(dir, name) === path)) return true;
    }
    return isIgnoredByGit(this.#ctx.host, join(folder, path));
  }
}
