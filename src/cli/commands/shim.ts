import { routeOnce } from '../../app/routes/route-once';
import { PolyenvError } from '../../domain/words/errors';
import type { Command } from '../command';

export const command: Command = {
  name: 'shim',
  summary: "the shims' slow path: resolve, install what is missing, compile, and become the tool",
  describe: 'Called by the scripts in the shims folder.',
  arguments: ['tool', 'command', 'folder'].map((name) => ({ name, describe: 'as the script found it' })),
  handsOn: true,
  run: async ({ ctx, args, rest = [] }) => {
    const [tool, name, folder] = args;
    if (tool === undefined || name === undefined || folder === undefined)
      throw new PolyenvError('usage', 'polyenv shim is called by shims', { hint: 'polyenv exec -- COMMAND' });
    return { exit: await routeOnce(ctx, { tool, name, folder, args: rest }) };
  },
};
