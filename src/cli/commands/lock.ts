import { checkProjectLock, lockProject } from '../../app/changes/install-project';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, value } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'lock',
  summary: 'resolve what is pinned, for every platform, and write polyenv.lock',
  describe:
    'Entries that still answer are kept; --renew resolves all again. --source all also records the same version from every other source.',
  options: [
    { name: 'source', value: 'WHICH', choices: ['first', 'all'], describe: 'the first source that answers, or all' },
    { name: 'renew', describe: 'resolve everything again' },
    { name: 'check', describe: 'write nothing; exit 7 if the lock does not answer what is pinned' },
  ],
  examples: [
    { run: 'polyenv lock', describe: 'after editing polyenv.toml by hand' },
    { run: 'polyenv lock --source all', describe: 'so that colleagues behind a mirror use the same lock' },
    { run: 'polyenv lock --check', describe: 'in CI' },
  ],
  run: async (input) => {
    const check = flag(input, 'check') ?? flag(input, 'dry-run');
    const { ctx } = input;
    const result = check
      ? await checkProjectLock(ctx, ctx.directory)
      : await lockProject(ctx, ctx.directory, {
          sources: value(input, 'source') === 'all' ? 'all' : 'first',
          keep: flag(input, 'renew') ? 'renew' : 'keep',
        });
    if (flag(input, 'check') && result.changed) {
      throw new PolyenvError('lock-stale', 'polyenv.lock does not answer what is pinned', {
        where: { file: result.path },
        hint: 'polyenv lock',
      });
    }
    const rows = result.lock.entries.map((entry) => [
      input.output.out.bold(`${entry.tool} ${entry.version}`),
      entry.source,
      counted(entry.artifacts.length, 'platform'),
      entry.gaps.length === 0 ? '' : input.output.out.dim(`not for ${entry.gaps.join(', ')}`),
    ]);
    return {
      data: {
        path: result.path,
        changed: result.changed,
        entries: result.lock.entries.map(({ artifacts, ...entry }) => ({
          ...entry,
          platforms: artifacts.map((one) => one.platform),
        })),
      },
      text: `${columns(rows)}\n${result.changed ? `wrote ${result.path}` : `${result.path} is up to date`}`,
    };
  },
};
