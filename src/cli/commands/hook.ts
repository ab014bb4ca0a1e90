import { compileFolder } from '../../app/routes/compile';
import type { Command } from '../command';

/** Seconds for which a prompt waits for another polyenv. */
const PATIENCE = 2;

export const command: Command = {
  name: 'hook',
  summary: 'compile what an activated shell applies in this folder',
  describe: 'Called by activated shells: never uses the network, installs nothing, runs nothing of a project.',
  examples: [{ run: 'polyenv hook --json', describe: 'what would be said on entering this folder' }],
  run: async ({ ctx }) => {
    const settings = { ...ctx.settings, offline: true, lockTimeout: Math.min(PATIENCE, ctx.settings.lockTimeout) };
    const { directory, notes = [] } = await compileFolder({ ...ctx, settings }, ctx.directory);
    return { data: { directory, notes } };
  },
};
