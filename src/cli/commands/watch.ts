import { watchTask } from '../../app/routes/watch-task';
import type { Command } from '../command';
import { announceTask, taskCall, taskHelp } from '../task-call';

export const command: Command = {
  name: 'watch',
  summary: 'run a task now, and again after each change of a file',
  describe:
    'What still runs is ended first, so a server is restarted. Where the task names its inputs, only these count; else every file of the project but dependencies, outputs and what git ignores. Ctrl-C ends it.',
  arguments: [{ name: 'task', describe: 'its name', required: true, complete: 'task' }],
  examples: [
    { run: 'polyenv watch test', describe: 'the task called test, after each save' },
    { run: 'polyenv watch test -- --bail', describe: 'with an argument of its own' },
  ],
  handsOn: true,
  run: async (input) => {
    const { ctx, args, rest = [] } = input;
    const [name = ''] = args;
    const help = await taskHelp(ctx, name, rest);
    if (help !== undefined) return help;
    await announceTask(ctx, name);
    const exit = await watchTask(ctx, { ...taskCall(input, name), args: rest });
    return { exit, data: { task: name, exit } };
  },
};
