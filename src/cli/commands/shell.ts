import { parseRequests } from '../../app/project/requests';
import { execute } from '../../app/routes/execute';
import type { Command } from '../command';

export const command: Command = {
  name: 'shell',
  summary: 'a shell with the environment of this folder; exit leaves it',
  arguments: [{ name: 'tool@request', describe: 'versions for this shell', variadic: true, complete: 'request' }],
  describe: 'What follows -- goes to the shell.',
  handsOn: true,
  examples: [{ run: 'polyenv shell node@22', describe: 'try something with Node 22' }],
  run: async ({ ctx, args, rest = [] }) => {
    const shell = ctx.host.env.SHELL?.startsWith('/') ? ctx.host.env.SHELL : '/bin/sh';
    // An activated shell leaves what was asked for here as it is.
    const env = { ...ctx.host.env, POLYENV_SHELL: ctx.directory };
    return {
      exit: await execute(
        { ...ctx, host: { ...ctx.host, env } },
        {
          folder: ctx.directory,
          cwd: ctx.directory,
          requests: await parseRequests(args),
          command: [shell, ...rest],
          shell: 'stays',
        },
      ),
    };
  },
};
