import type { Command } from '../command';

export const command: Command = {
  name: 'off',
  summary: 'switch polyenv off in this shell',
  describe:
    'An activated shell does it at once: variables go back, shims pass everything through. Any other shell evaluates what this prints; no program can change the shell that started it.',
  examples: [
    { run: 'polyenv off', describe: 'in an activated shell' },
    { run: 'eval "$(polyenv off)"', describe: 'in any other' },
  ],
  run: async ({ ctx }) => {
    if (ctx.host.stdout.isTTY)
      ctx.emit({ type: 'warning', text: 'this shell is not activated: eval "$(polyenv off)"' });
    return { data: { variable: 'POLYENV_BYPASS', value: '1' }, text: 'export POLYENV_BYPASS=1' };
  },
};
