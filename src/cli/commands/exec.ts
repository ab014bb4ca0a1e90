import { resolve } from 'node:path';
import { execute } from '../../app/execute';
import { parseWishes } from '../../app/wishes';
import { PolyenvError } from '../../domain/errors';
import { type Command, flag, value } from '../command';

export const command: Command = {
  name: 'exec',
  summary: "run a command in this folder's environment, or once with other versions",
  describe:
    'Tools named before -- are for this once and recorded nowhere. The shims do the same for the commands of the pins, and cost less.',
  arguments: [{ name: 'tool@request', describe: 'versions for this once', variadic: true, complete: 'request' }],
  options: [
    {
      name: 'manifest',
      short: 'm',
      value: 'DIR',
      describe: 'the environment of the project in DIR; the command still starts here',
    },
    { name: 'pure', describe: 'pass on only HOME, USER, LANG, TERM and the like, and a plain PATH' },
  ],
  examples: [
    { run: 'polyenv exec -- npm test', describe: 'with what is pinned here' },
    { run: 'polyenv exec node@22 python@3.12 -- make', describe: 'once with others' },
  ],
  passThrough: true,
  run: async (input) => {
    const { ctx, args } = input;
    const { tools, command: words } = splitWords(args);
    const [first, ...rest] = words;
    if (first === undefined)
      throw new PolyenvError('usage', 'polyenv exec needs a command', { hint: 'polyenv exec -- node --version' });
    const folder = value(input, 'manifest');
    const exit = await execute(ctx, {
      folder: folder === undefined ? ctx.directory : resolve(ctx.directory, folder),
      cwd: ctx.directory,
      wishes: await parseWishes(tools),
      command: [first, ...rest],
      ...(flag(input, 'pure') && { mode: 'pure' as const }),
    });
    return { exit };
  },
};

/** What stands before `--` are tools; without it, the words up to the first that is no `tool@request`. */
function splitWords(args: readonly string[]): {
  readonly tools: readonly string[];
  readonly command: readonly string[];
} {
  const dashes = args.indexOf('--');
  const count = args.findIndex((word) => !/^[a-z]+@/.test(word));
  const end =
    dashes !== -1 && (count === -1 || args.slice(0, dashes).every((word) => /^[a-z]+(@|$)/.test(word)))
      ? dashes
      : count;
  if (end === -1) return { tools: args, command: [] };
  const rest = args.slice(end);
  return { tools: args.slice(0, end), command: rest[0] === '--' ? rest.slice(1) : rest };
}
