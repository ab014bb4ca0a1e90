import type { Command } from '../command';

export const command: Command = {
  name: 'on',
  summary: 'switch polyenv on again in this shell',
  examples: [
    { run: 'polyenv on', describe: 'in an activated shell' },
    { run: 'eval "$(polyenv on)"', describe: 'in any other' },
  ],
  run: async ({ ctx }) => {
    if (ctx.host.stdout.isTTY) ctx.emit({ type: 'warning', text: 'this shell is not activated: eval "$(polyenv on)"' });
    return { data: { variable: 'POLYENV_BYPASS' }, text: 'unset POLYENV_BYPASS' };
  },
};
