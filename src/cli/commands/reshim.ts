import { rewriteShims } from '../../app/changes/setup';
import type { Command } from '../command';

export const command: Command = {
  name: 'reshim',
  summary: 'write every shim again',
  describe: 'Plumbing: polyenv does it by itself wherever commands can appear or go.',
  run: async ({ ctx }) => {
    await rewriteShims(ctx);
    return { data: { shims: ctx.home.shims }, text: `wrote the shims in ${ctx.home.shims}` };
  },
};
