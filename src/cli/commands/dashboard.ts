import { openDashboard, revokeDashboard } from '../../app/gateway/dashboard';
import { counted } from '../../domain/words/counted';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'dashboard',
  summary: 'open a page with every project, its runtimes, services, names and disk use',
  describe:
    'The page is served on this machine only, to this person only, by the gateway. The link is good once, for a minute; what it opens lasts for 12 hours.',
  options: [
    { name: 'print', describe: 'print the link instead of opening it' },
    { name: 'revoke', describe: 'end every open session' },
  ],
  examples: [
    { run: 'polyenv dashboard', describe: 'in the browser' },
    { run: 'polyenv dashboard --revoke', describe: 'nobody is let in any more' },
  ],
  run: async (input) => {
    const { ctx } = input;
    if (flag(input, 'dry-run')) return { data: { dryRun: true }, text: 'would open the dashboard' };
    if (flag(input, 'revoke')) {
      const ended = await revokeDashboard(ctx);
      return { data: { ended }, text: counted(ended, 'session is ended', 'sessions are ended') };
    }
    const print = flag(input, 'print') ?? (input.output.modes.json ? true : undefined);
    const { link, opened, trusted } = await openDashboard(ctx, { print });
    if (!trusted) {
      ctx.emit({
        type: 'note',
        text: 'browsers of this person do not believe the gateway yet, and will warn: polyenv tls trust',
      });
    }
    return {
      data: { link, opened },
      text: opened ? 'the dashboard opens in your browser' : link,
      ...(!opened && { verbatim: true as const }),
    };
  },
};
