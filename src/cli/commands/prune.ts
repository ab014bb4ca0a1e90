import { findUnused, prune } from '../../app/changes/prune';
import { type Command, flag } from '../command';
import { bytesText } from '../output/columns';

export const command: Command = {
  name: 'prune',
  summary: 'take away what no project uses any more',
  describe:
    'Toolchains that no existing project pins, the compiled routes of projects that are gone, and what interrupted installs left.',
  examples: [{ run: 'polyenv prune --dry-run', describe: 'see what would go' }],
  run: async (input) => {
    const { ctx } = input;
    const unused = await findUnused(ctx);
    const dry = flag(input, 'dry-run');
    if (!dry) await prune(ctx, unused);
    const lines = [
      ...unused.environments.map((directory) => `route of ${directory}`),
      ...unused.toolchains.map(
        (one) => `${one.tool} ${one.version}${one.bytes === undefined ? ' (link)' : ` (${bytesText(one.bytes)})`}`,
      ),
    ];
    const word = dry ? 'would take away' : 'took away';
    return {
      data: {
        dryRun: dry === true,
        environments: unused.environments,
        toolchains: unused.toolchains.map((one) => one.key),
        bytes: unused.bytes,
      },
      text:
        lines.length === 0
          ? 'nothing to take away'
          : [...lines.map((line) => `${word} ${line}`), `${bytesText(unused.bytes)} in all`].join('\n'),
    };
  },
};
