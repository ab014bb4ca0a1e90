import { adopt, planAdopt } from '../../app/services/adopt';
import { lookAtServices } from '../../app/services/look';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import { type Command, flag } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'services',
  summary: 'list the services of this project, or take over the data of a project that was moved',
  describe:
    'Data are kept by the path of their project. After a move, `adopt` brings them to the folder where the project is now; it takes nothing from a project that still is there.',
  arguments: [
    { name: 'action', describe: 'list, or adopt', choices: ['list', 'adopt'] },
    { name: 'old', describe: 'the path that the project had', complete: 'folder' },
  ],
  examples: [{ run: 'polyenv services adopt ~/old/shop', describe: 'in ~/new/shop' }],
  run: async (input) => {
    const { ctx, args, output } = input;
    const [action = 'list', old] = args;
    if (action === 'list') {
      const views = await lookAtServices(ctx);
      return {
        data: { services: views.map(({ folder: _, kept: __, ...view }) => view) },
        text:
          views.length === 0
            ? 'no services here; they stand below [services] in polyenv.toml'
            : columns(
                views.map(({ name, kind, version = '', state }) => [output.out.bold(name), kind, version, state]),
              ),
      };
    }
    if (action !== 'adopt') {
      throw new PolyenvError('usage', `polyenv services does not know ${quoted(action)}`, {
        hint: 'polyenv services lists them; polyenv services adopt OLD takes over data',
      });
    }
    if (old === undefined) {
      throw new PolyenvError('usage', 'which path did the project have?', { hint: 'to see it: polyenv ps --all' });
    }
    if (flag(input, 'dry-run')) {
      const { from, to, names } = await planAdopt(ctx, old);
      return {
        data: { dryRun: true, from, to, services: names },
        text: `would take over ${names.join(', ')} of ${from}`,
      };
    }
    const { from, to, names } = await adopt(ctx, old);
    return {
      data: { from, to, services: names },
      text: `${names.join(', ')} of ${from} ${names.length === 1 ? 'is' : 'are'} this folder's now; start with: polyenv up`,
    };
  },
};
