import { openInBrowser } from '../../adapters/system/browser';
import { addressOf } from '../../app/services/reach';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'open',
  summary: "open a service's page in the browser: the mailbox of a mail catcher",
  arguments: [{ name: 'name', describe: 'which; without one, the only service there is', complete: 'service' }],
  examples: [{ run: 'polyenv open mail', describe: 'see what was sent' }],
  run: async (input) => {
    const { ctx, args } = input;
    const { name, page } = await addressOf(ctx, args[0]);
    if (page === undefined) {
      throw new PolyenvError('service-failed', `${name} has no page for a browser`, {
        hint: `polyenv connect ${name}, or its address: polyenv url ${name}`,
      });
    }
    const opened = flag(input, 'dry-run') ? false : await openInBrowser(ctx.host, page);
    return { data: { name, page, opened }, text: page, verbatim: true };
  },
};
