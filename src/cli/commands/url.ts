import { addressOf } from '../../app/services/reach';
import type { Command } from '../command';

export const command: Command = {
  name: 'url',
  summary: 'the address of a service, its password included',
  arguments: [
    { name: 'name', describe: 'name of the service; needed only where there are several', complete: 'service' },
  ],
  examples: [{ run: 'psql "$(polyenv url db)"', describe: 'hand it to a program' }],
  run: async ({ ctx, args }) => {
    const { name, url, page } = await addressOf(ctx, args[0]);
    return { data: { name, url, page }, text: url, verbatim: true };
  },
};
