import { reset, whatReset } from '../../app/services/reset';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';
import { confirm } from '../confirm';
import { bytesText } from '../output/columns';

export const command: Command = {
  name: 'reset',
  summary: 'give a service empty data',
  describe: 'Asks first. Its snapshots stay, unless --snapshots takes them too; its address stays.',
  arguments: [
    { name: 'service', describe: 'name of the service; needed only where there are several', complete: 'service' },
  ],
  options: [{ name: 'snapshots', describe: 'delete its snapshots too' }],
  examples: [{ run: 'polyenv reset db', describe: 'begin anew' }],
  run: async (input) => {
    const { ctx, args } = input;
    const { known, hasData, bytes, snapshots } = await whatReset(ctx, args[0]);
    const service = known.declared.name;
    const too = flag(input, 'snapshots');
    if (!hasData && (!too || snapshots === 0)) {
      return {
        data: { service, bytes: 0, snapshots: 0, state: 'stopped' },
        text: `${service} has no data to take away`,
      };
    }
    const what = `${bytesText(bytes)} of data${too ? ` and ${bytesText(snapshots)} of snapshots` : ''} of ${service}`;
    if (flag(input, 'dry-run')) {
      return {
        data: { dryRun: true, service, bytes, snapshots: too ? snapshots : 0 },
        text: `would take away ${what}`,
      };
    }
    if (!(await confirm(input, `take away ${what}, for ever?`))) {
      throw new PolyenvError('usage', `${what} would be lost, and nobody could be asked`, {
        hint: `polyenv reset ${service} --yes; or keep them first: polyenv snapshot ${service}`,
      });
    }
    const after = await reset(ctx, known, { ...(too && { snapshots: too }) });
    return {
      data: { service, bytes, snapshots: too ? snapshots : 0, state: after },
      text: `took away ${what}${after === 'started' ? '; it runs again, empty' : ''}`,
    };
  },
};
