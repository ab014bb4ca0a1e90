import { rewriteShims } from '../../app/changes/setup';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'reshim',
  summary: 'write every shim again',
  describe: 'polyenv does this by itself when commands appear or go, so you seldom need it.',
  run: async (input) => {
    const { ctx } = input;
    const { shims } = ctx.home;
    if (flag(input, 'dry-run')) return { data: { dryRun: true, shims }, text: `would write the shims in ${shims}` };
    await rewriteShims(ctx);
    return { data: { shims }, text: `wrote the shims in ${shims}` };
  },
};
