import { PolyenvError } from '../../domain/words/errors';
import type { Command } from '../command';
import { stopNamed } from '../stopping';

export const command: Command = {
  name: 'stop',
  summary: 'stop one service or several; their data stay',
  arguments: [{ name: 'name', describe: 'which', required: true, variadic: true, complete: 'service' }],
  options: [
    { name: 'force', describe: 'kill it if it does not end in time; a database then recovers at its next start' },
  ],
  examples: [{ run: 'polyenv stop db', describe: 'asks it to end, and waits' }],
  run: async (input) => {
    if (input.args.length === 0) throw new PolyenvError('usage', 'which service?', { hint: 'polyenv down stops all' });
    return stopNamed(input, input.args);
  },
};
