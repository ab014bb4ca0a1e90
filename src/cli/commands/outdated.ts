import { loadRuntime } from '../../app/base/registry';
import { type Comparison, compareVersions } from '../../app/checks/outdated';
import { CATALOGUE } from '../../domain/words/errors';
import { describeOrigin } from '../../domain/words/sourced';
import { type Command, flag } from '../command';
import { columns } from '../output/columns';
import { errorData } from '../output/error';
import type { Style } from '../output/style';

export const command: Command = {
  name: 'outdated',
  summary: 'which pinned runtimes have newer releases',
  describe:
    'wanted is the newest release that answers what is pinned, latest the newest stable one. Writes nothing: polyenv upgrade takes what is wanted, polyenv upgrade --latest the latest.',
  arguments: [{ name: 'tool', describe: 'only these runtimes', variadic: true, complete: 'tool' }],
  options: [{ name: 'exit-code', describe: `exit ${CATALOGUE.findings.exit} if something newer is there` }],
  examples: [
    { run: 'polyenv outdated', describe: 'everything that this project pins' },
    { run: 'polyenv outdated node --exit-code', describe: 'as a check in CI' },
  ],
  run: async (input) => {
    const { ctx, args, output } = input;
    const tools = await Promise.all(args.map((name) => loadRuntime(name)));
    const rows = await compareVersions(ctx, ctx.directory, tools);
    const today = ctx.host.now().toISOString().slice(0, 10);
    const outdated = rows.some((row) => row.outdated);
    const heads = ['tool', 'current', 'wanted', 'latest', 'end of life', 'release notes'];
    return {
      data: {
        outdated,
        tools: rows.map(({ failure, ...row }) => ({ ...row, ...(failure && { error: errorData(failure) }) })),
      },
      text: columns([heads.map(output.out.dim), ...rows.map((row) => rowOf(row, output.out, today))]),
      ...(flag(input, 'exit-code') && outdated && { exit: CATALOGUE.findings.exit }),
    };
  },
};

function rowOf(row: Comparison, style: Style, today: string): readonly string[] {
  const { tool, current, wanted, latest, endOfLife = '-', notes = '', failure } = row;
  const end = endOfLife !== '-' && endOfLife < today ? style.yellow(endOfLife) : endOfLife;
  const start = [style.bold(tool), current ?? 'not installed'];
  if (failure !== undefined) return [...start, '?', '?', end, style.yellow(`unknown: ${failure.message}`)];
  const newer = (version: string | undefined) => (version === current ? version : style.green(version ?? 'none'));
  const asked = wanted === undefined ? `none answers ${row.request} of ${describeOrigin(row.from)}` : newer(wanted);
  return [...start, asked ?? '', newer(latest) ?? '', end, notes];
}
