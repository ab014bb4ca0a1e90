import { relative } from 'node:path';
import { findTask, listTasks } from '../../app/routes/find-task';
import { runTask } from '../../app/routes/tasks';
import { usageOf } from '../../domain/project/task-arguments';
import { orderOf } from '../../domain/project/task-graph';
import { present } from '../../domain/words/present';
import { printable } from '../../domain/words/printable';
import { type Command, flag } from '../command';
import { columns } from '../output/columns';
import { announceTask, taskCall, taskHelp } from '../task-call';

export const command: Command = {
  name: 'run',
  summary: 'run a task of the manifest, after those that it depends on',
  describe:
    'Tasks stand below [tasks] of a trusted polyenv.toml, here or in a folder above, and run in the environment of their folder. Those that may run at once have their lines marked, and are stopped together. What follows the name goes to the task; one that declares its arguments lists them by --help behind its name.',
  arguments: [{ name: 'task', describe: 'name of the task; without it, the tasks are listed', complete: 'task' }],
  options: [
    { name: 'list', short: 'l', describe: 'list the tasks' },
    { name: 'force', describe: 'run it even if nothing that it reads has changed' },
  ],
  examples: [
    { run: 'polyenv run test', describe: 'the task called test' },
    { run: 'polyenv run --list', describe: 'all of them' },
    { run: 'polyenv run test -- --watch', describe: 'with an argument of its own' },
    { run: 'polyenv run deploy --help', describe: 'the arguments that the task deploy declares' },
    { run: 'polyenv run services/api:test', describe: 'the task test of the manifest in services/api' },
  ],
  handsOn: true,
  run: async (input) => {
    const { ctx, args, rest = [], output } = input;
    const [name] = args;
    if (name === undefined || flag(input, 'list')) {
      const tasks = await listTasks(ctx);
      return {
        data: {
          tasks: tasks.map(({ manifest, trusted, name, run, dir, depends, parallel, description, args, line }) => ({
            name,
            description,
            ...present({ args }),
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
                tasks.map(({ name, description, run, args = [], depends, manifest, trusted }) => [
                  `${output.out.bold(name)}${usageOf('', args)}`,
                  printable(description || run[0]?.trim().split('\n')[0] || `runs ${depends.join(', ')}`),
                  trusted ? '' : output.out.yellow('not trusted'),
                  relative(ctx.directory, manifest.path).startsWith('..') ? manifest.path : '',
                ]),
              ),
      };
    }
    const help = await taskHelp(ctx, name, rest);
    if (help !== undefined) return help;
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
    await announceTask(ctx, name);
    const exit = await runTask(ctx, { ...taskCall(input, name), args: rest });
    return { exit, data: { task: name, exit } };
  },
};
