import { connect } from '../../app/services/reach';
import type { Command } from '../command';

export const command: Command = {
  name: 'connect',
  summary: 'open the client of a service: psql, valkey-cli, or what its kind has',
  describe: 'With the right host, port, user and password, and nothing of your own client settings.',
  arguments: [
    { name: 'name', describe: 'name of the service; needed only where there are several', complete: 'service' },
  ],
  examples: [{ run: 'polyenv connect db', describe: 'SQL by hand' }],
  run: async ({ ctx, args }) => ({ exit: await connect(ctx, args[0]) }),
};
