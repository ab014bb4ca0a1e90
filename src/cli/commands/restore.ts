import { oneService } from '../../app/services/known';
import { chosenSnapshot, restoreSnapshot } from '../../app/services/snapshots';
import { type Command, flag } from '../command';
import { durationText } from '../output/columns';

export const command: Command = {
  name: 'restore',
  summary: "replace a service's data with a snapshot",
  describe: 'The data that it replaces are kept as a new snapshot, and its name is shown.',
  arguments: [
    { name: 'service', describe: 'name of the service; needed only where there are several', complete: 'service' },
    { name: 'snapshot', describe: 'name of the snapshot (default: the newest)' },
  ],
  examples: [{ run: 'polyenv restore db before-migration', describe: 'as it was then' }],
  run: async (input) => {
    const { ctx, args } = input;
    const known = await oneService(ctx, args[0]);
    const service = known.declared.name;
    if (flag(input, 'dry-run')) {
      const { name } = await chosenSnapshot(known.folder, args[1]);
      return {
        data: { dryRun: true, service, snapshot: name },
        text: `would keep the data of ${service} and put ${name} in their place`,
      };
    }
    const { restored, kept, milliseconds } = await restoreSnapshot(ctx, known, args[1]);
    return {
      data: { service, restored, kept, milliseconds },
      text: [
        `${service} is as in ${restored} (${durationText(milliseconds)})`,
        ...(kept === undefined ? [] : [`what it replaced is kept: polyenv restore ${service} ${kept}`]),
      ].join('\n'),
    };
  },
};
