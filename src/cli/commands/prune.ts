import { findUnused, prune } from '../../app/changes/prune';
import { type PrunableData, prunableData, removeData } from '../../app/services/care';
import { type Command, flag, type Input } from '../command';
import { confirm } from '../confirm';
import { bytesText } from '../output/columns';

export const command: Command = {
  name: 'prune',
  summary: 'take away what no project uses any more',
  describe:
    'Toolchains that no existing project pins, the compiled routes of projects that are gone, and what interrupted installs left. Data of services are only listed: --data takes those of projects that are gone, and those that an upgrade replaced, after asking.',
  options: [{ name: 'data', describe: 'also data of services that no project has any more; asks first' }],
  examples: [
    { run: 'polyenv prune --dry-run', describe: 'see what would go' },
    { run: 'polyenv prune --data', describe: 'databases of projects that are gone, too' },
  ],
  run: async (input) => {
    const { ctx } = input;
    const unused = await findUnused(ctx);
    const data = await prunableData(ctx);
    const dry = flag(input, 'dry-run');
    if (!dry) await prune(ctx, unused);
    const taken = await chosenData(input, data);
    if (!dry) await removeData(ctx, taken);
    const bytes = unused.bytes + taken.reduce((sum, one) => sum + one.bytes, 0);
    const lines = [
      ...unused.environments.map((directory) => `route of ${directory}`),
      ...unused.toolchains.map(
        (one) => `${one.tool} ${one.version}${one.bytes === undefined ? ' (link)' : ` (${bytesText(one.bytes)})`}`,
      ),
      ...taken.map(describeData),
    ];
    const left = data.filter((one) => !taken.includes(one));
    const word = dry ? 'would take away' : 'took away';
    return {
      data: {
        dryRun: dry === true,
        environments: unused.environments,
        toolchains: unused.toolchains.map((one) => one.key),
        data: taken,
        keptData: left,
        bytes,
      },
      text: [
        ...(lines.length === 0
          ? ['nothing to take away']
          : [...lines.map((line) => `${word} ${line}`), `${bytesText(bytes)} in all`]),
        ...left.map((one) => `kept ${describeData(one)}`),
        ...(left.length === 0 ? [] : [`polyenv prune --data takes those${adopting(left)}`]),
      ].join('\n'),
    };
  },
};

/** Data go only where that was said by its name, and then asked. */
async function chosenData(input: Input, data: readonly PrunableData[]): Promise<readonly PrunableData[]> {
  if (flag(input, 'data') === undefined || data.length === 0) return [];
  if (flag(input, 'dry-run')) return data;
  const list = data.map((one) => `  ${describeData(one)}`).join('\n');
  return (await confirm(input, `take away, for ever:\n${list}\n`)) ? data : [];
}

/** Data of a project that was moved are somebody's yet. */
function adopting(left: readonly PrunableData[]): string {
  return left.some(({ why }) => why === 'gone')
    ? '; polyenv services adopt OLD takes over those of a moved project'
    : '';
}

function describeData({ service, project, why, bytes }: PrunableData): string {
  const what =
    why === 'gone'
      ? `data of ${service} of ${project}, which is gone`
      : `what an upgrade of ${service} of ${project} replaced`;
  return `${what} (${bytesText(bytes)})`;
}
