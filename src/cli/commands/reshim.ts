import { prepareHome } from '../../adapters/home/home';
import { ensureLauncher } from '../../adapters/home/launcher';
import { refreshShims } from '../../app/routes/compile';
import { keepDefaults } from '../../app/routes/defaults';
import type { Command } from '../command';

export const command: Command = {
  name: 'reshim',
  summary: 'write every shim again',
  describe: 'Plumbing: polyenv does it by itself wherever commands can appear or go.',
  run: async ({ ctx }) => {
    await prepareHome(ctx.home);
    await ensureLauncher(ctx.home, ctx.host);
    await refreshShims(ctx);
    await keepDefaults(ctx);
    return { data: { shims: ctx.home.shims }, text: `wrote the shims in ${ctx.home.shims}` };
  },
};
