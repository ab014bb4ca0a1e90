import { rewriteShims } from '../../app/changes/setup';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'reshim',
  summary: 'write every shim again',
  describe: 'Plumbing: polyenv does it by itself wherever commands can appear or go.',
  run: async (input) => {
    const { ctx } = input;
    const { shims } = ctx.home;
    if (flag(input, 'dry-run')) return { data: { dryRun: true, shims }, text: `would write the shims in ${shims}` };
    await rewriteShims(ctx);
    return { data: { shims }, text: `wrote the shims in ${shims}` };
  },
};
