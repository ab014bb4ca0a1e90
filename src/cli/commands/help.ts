import { CATALOG, type Group } from '../catalog';
import type { Command } from '../command';
import { columns } from '../output/columns';
import { helpText } from '../output/help';
import { entryOf, loadCommand } from '../program';

const GROUPS: readonly Group[] = ['Project', 'Run', 'Look', 'Toolchains', 'Lock', 'Machine', 'Others'];

export const command: Command = {
  name: 'help',
  summary: 'this overview, or one command with its options and examples',
  arguments: [{ name: 'command', describe: 'the command', complete: 'verb' }],
  run: async ({ args, output }) => {
    if (args[0] !== undefined) return { text: helpText(await loadCommand(entryOf(args[0]))) };
    const parts = await Promise.all(
      GROUPS.map(async (group) => {
        const entries = CATALOG.filter((entry) => entry.group === group && !entry.hidden);
        const rows = await Promise.all(
          entries.map(async (entry) => [
            `  ${[entry.name, ...(entry.aliases ?? [])].join(', ')}`,
            (await entry.load()).command.summary,
          ]),
        );
        return rows.length === 0 ? '' : `${output.out.bold(group)}\n${columns(rows)}`;
      }),
    );
    const head =
      'polyenv: every project its own Rust, Node.js, Python, Go and Java\nusage: polyenv COMMAND [options], for example: polyenv use node@20';
    return { text: [head, ...parts.filter((part) => part !== ''), 'polyenv help COMMAND says more.'].join('\n\n') };
  },
};
