import { relative } from 'node:path';
import type { Context } from '../../app/base/context';
import { findTask, listTasks, runTask } from '../../app/routes/tasks';
import type { Manifest } from '../../domain/project/manifest';
import { orderOf, planTask } from '../../domain/project/task-graph';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { printable } from '../../domain/words/printable';
import { type Command, flag } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'run',
  summary: 'run a task of the manifest, after those that it depends on',
  describe:
    'Tasks stand below [tasks] of a trusted polyenv.toml, here or in a folder above, and run in the environment of their folder. Those that may run at once have their lines marked, and are stopped together. What follows the name goes to the task.',
  arguments: [{ name: 'task', describe: 'its name; without one, the tasks that there are', complete: 'task' }],
  options: [{ name: 'list', short: 'l', describe: 'the tasks that there are' }],
  examples: [
    { run: 'polyenv run test', describe: 'the task called test' },
    { run: 'polyenv run --list', describe: 'all of them' },
    { run: 'polyenv run test -- --watch', describe: 'with an argument of its own' },
  ],
  handsOn: true,
  run: async (input) => {
    const { ctx, args, rest = [], output } = input;
    const [name] = args;
    if (name === undefined || flag(input, 'list')) {
      const tasks = await listTasks(ctx);
      return {
        data: {
          tasks: tasks.map(({ manifest, trusted, name, run, dir, depends, parallel, description, line }) => ({
            name,
            description,
            run,
            dir,
            depends,
            parallel,
            trusted,
            file: manifest.path,
            line,
          })),
        },
        text:
          tasks.length === 0
            ? 'no task here: write one below [tasks] in polyenv.toml'
            : columns(
                tasks.map(({ name, description, run, depends, manifest, trusted }) => [
                  output.out.bold(name),
                  printable(description || run[0]?.trim().split('\n')[0] || `runs ${depends.join(', ')}`),
                  trusted ? '' : output.out.yellow('not trusted'),
                  relative(ctx.directory, manifest.path).startsWith('..') ? manifest.path : '',
                ]),
              ),
      };
    }
    if (flag(input, 'dry-run')) {
      const { listed, plan } = await findTask(ctx, name);
      const services = [...new Set(orderOf(plan).flatMap((task) => task.services))];
      const steps = orderOf(plan).flatMap((task) => task.run.map((line) => ({ task: task.name, dir: task.dir, line })));
      return {
        data: { dryRun: true, file: listed.manifest.path, services, steps },
        text: columns([
          ...services.map((service) => ['up', service]),
          ...steps.map(({ task, dir, line }) => [task, printable(dir), printable(line)]),
        ]),
      };
    }
    await announce(ctx, name);
    const exit = await runTask(ctx, {
      name,
      args: rest,
      mark: (task, all, stream) => {
        const { blue, green, yellow, bold, dim } = stream === 'stdout' && !output.modes.json ? output.out : output.err;
        const paints = [blue, green, yellow, bold];
        const paint = paints[Math.max(0, all.indexOf(task)) % paints.length] ?? dim;
        return `${paint(task.padEnd(Math.max(...all.map((one) => one.length))))} | `;
      },
      ...(output.modes.json && { stdout: 'stderr' as const }),
      startServices: async (manifest, names) => {
        const { upForTask } = await import('../../app/services/up');
        await upForTask(ctx, manifest, names);
      },
    });
    return { exit, data: { task: name, exit } };
  },
};

/** The task runs without its names too; what is wrong with them is said. */
async function announce(ctx: Context, task: string): Promise<void> {
  const { listed } = await findTask(ctx, task);
  if (!listed.trusted || listed.manifest.domains.length === 0) return;
  try {
    const { announceManifest } = await import('../../app/services/announce');
    for (const { name, address, routes } of await announceManifest(ctx, listed.manifest)) {
      const ways = routes.filter(({ kind, target }) => kind === 'task' && leadsTo(listed.manifest, task, target));
      if (ways.length > 0) ctx.emit({ type: 'note', text: `${name}: ${address}` });
    }
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    ctx.emit({ type: 'warning', text: error.message, ...present({ hint: error.hint }) });
  }
}

/** Whether the task is that one, or starts it. */
function leadsTo({ tasks }: Manifest, task: string, target: string): boolean {
  const plan = planTask(tasks, task);
  return plan !== undefined && orderOf(plan).some(({ name }) => name === target);
}
