import { chooseUnneeded, uninstall } from '../../app/changes/uninstall';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'uninstall',
  summary: 'take toolchains out of the store, or forget linked ones',
  describe: 'Refuses what a project on this machine pins, unless --force. A linked toolchain itself is not touched.',
  arguments: [
    {
      name: 'tool@version',
      describe: 'every toolchain that answers it',
      required: true,
      variadic: true,
      complete: 'installed',
    },
  ],
  options: [{ name: 'force', describe: 'also what projects pin; they install it again when they need it' }],
  examples: [{ run: 'polyenv uninstall node@18', describe: 'all of Node 18' }],
  run: async (input) => {
    const { ctx, args } = input;
    const chosen = await chooseUnneeded(ctx, args, { force: flag(input, 'force') === true });
    if (flag(input, 'dry-run'))
      return {
        data: { dryRun: true, toolchains: chosen.map((one) => one.key) },
        text: chosen.map((one) => `would uninstall ${one.tool} ${one.version}`).join('\n'),
      };
    await uninstall(ctx, chosen);
    return {
      data: { uninstalled: chosen.map((one) => one.key) },
      text: chosen
        .map((one) => `uninstalled ${one.tool} ${one.version}${one.linked === undefined ? '' : ' (link only)'}`)
        .join('\n'),
    };
  },
};
