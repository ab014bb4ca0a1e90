import { oneService } from '../../app/services/known';
import {
  chosenSnapshot,
  listSnapshots,
  planSnapshot,
  removeSnapshot,
  takeSnapshot,
} from '../../app/services/snapshots';
import { type Command, flag, value } from '../command';
import { bytesText, columns, durationText } from '../output/columns';

export const command: Command = {
  name: 'snapshot',
  summary: "keep a service's data as they are now",
  describe:
    'The server is stopped for as long as the copy takes, which is short where the file system shares blocks, and started again.',
  arguments: [
    { name: 'service', describe: 'name of the service; needed only where there are several', complete: 'service' },
    { name: 'name', describe: 'a name for the snapshot (default: the time)' },
  ],
  options: [
    { name: 'list', short: 'l', describe: 'list the snapshots' },
    { name: 'remove', value: 'NAME', describe: 'take one away' },
  ],
  examples: [
    { run: 'polyenv snapshot db before-migration', describe: 'then polyenv restore db before-migration' },
    { run: 'polyenv snapshot db --list', describe: 'the snapshots, with their sizes' },
  ],
  run: async (input) => {
    const { ctx, args, output } = input;
    const known = await oneService(ctx, args[0]);
    const service = known.declared.name;
    const removed = value(input, 'remove');
    const dry = flag(input, 'dry-run');
    if (flag(input, 'list')) {
      const snapshots = await listSnapshots(known.folder);
      return {
        data: { service, snapshots },
        text:
          snapshots.length === 0
            ? `${service} has no snapshot`
            : columns(
                snapshots.map(({ name, taken, version, bytes = 0 }) => [
                  output.out.bold(name),
                  taken.slice(0, 19).replace('T', ' '),
                  version,
                  bytesText(bytes),
                ]),
              ),
      };
    }
    if (removed !== undefined) {
      if (dry) {
        const { name, bytes = 0 } = await chosenSnapshot(known.folder, removed);
        return {
          data: { dryRun: true, service, removed: name, bytes },
          text: `would take away ${name} (${bytesText(bytes)})`,
        };
      }
      const { name, bytes = 0 } = await removeSnapshot(known.folder, removed);
      return { data: { service, removed: name, bytes }, text: `took away ${name} (${bytesText(bytes)})` };
    }
    if (dry) {
      const { name, running } = await planSnapshot(ctx, known, args[1]);
      return {
        data: { dryRun: true, service, name },
        text: running
          ? `would stop ${service}, copy its data to ${name} and start it`
          : `would copy the data of ${service} to ${name}`,
      };
    }
    const { name, bytes = 0, milliseconds, ...rest } = await takeSnapshot(ctx, known, args[1]);
    return {
      data: { service, snapshot: { name, bytes, ...rest }, milliseconds },
      text: `${output.out.bold(name)}  ${bytesText(bytes)}  in ${durationText(milliseconds)}`,
    };
  },
};
