import type { Command } from '../command';
import { stopNamed } from '../stopping';

export const command: Command = {
  name: 'down',
  summary: 'stop the services of this project; their data stay',
  describe: 'Also stops services of the project that no manifest names any more.',
  options: [
    { name: 'all', short: 'a', describe: 'the services of all your projects' },
    { name: 'force', describe: 'kill what does not end in time; a database then recovers at its next start' },
  ],
  examples: [
    { run: 'polyenv down', describe: 'at the end of the day' },
    { run: 'polyenv down --all', describe: 'of every project' },
  ],
  run: (input) => stopNamed(input, []),
};
