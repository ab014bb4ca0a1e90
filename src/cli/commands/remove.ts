import { loadRuntime } from '../../app/base/registry';
import { remove } from '../../app/changes/remove';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'remove',
  summary: "remove runtimes from this folder's polyenv.toml and polyenv.lock",
  describe:
    'What was installed stays in the store for other projects; `polyenv prune` takes away what no project uses.',
  arguments: [{ name: 'tool', describe: 'the runtimes', required: true, variadic: true, complete: 'tool' }],
  options: [{ name: 'local', describe: 'from polyenv.local.toml' }],
  examples: [{ run: 'polyenv remove node', describe: 'node is no longer pinned here' }],
  run: async (input) => {
    const { ctx, args } = input;
    const runtimes = await Promise.all(args.map((name) => loadRuntime(name)));
    const file = flag(input, 'local') ? 'polyenv.local.toml' : 'polyenv.toml';
    if (flag(input, 'dry-run'))
      return { data: { dryRun: true, tools: args }, text: `would take ${args.join(', ')} out of ${file}` };
    const wrote = await remove(ctx, { folder: ctx.directory, file, runtimes });
    const names = runtimes.map((runtime) => runtime.id);
    return {
      data: { removed: names, wrote },
      text:
        wrote.length === 0
          ? `${names.join(', ')}: not pinned in ${file} of this folder`
          : wrote.map((path) => `wrote ${path}`).join('\n'),
    };
  },
};
