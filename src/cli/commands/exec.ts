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
  ownWords,
  run: async (input) => {
    const { ctx, args, rest: words = [] } = input;
    const [first, ...rest] = words;
    if (first === undefined) {
      throw new PolyenvError('usage', 'polyenv exec needs a command', { hint: 'polyenv exec -- node --version' });
    }
    const folder = value(input, 'manifest');
    const exit = await execute(ctx, {
      folder: folder === undefined ? ctx.directory : resolve(ctx.directory, folder),
      cwd: ctx.directory,
      wishes: await parseWishes(args),
      command: [first, ...rest],
      ...(flag(input, 'pure') && { mode: 'pure' as const }),
    });
    return { exit };
  },
};

/** Options and `tool@request` are ours; the first other word begins the command, with or without `--` before it. */
function ownWords(words: readonly string[]): number {
  let count = 0;
  while (count < words.length) {
    const word = words[count] ?? '';
    if (word === '--') return count;
    if (WITH_VALUE.includes(word)) count += 2;
    else if (word.startsWith('-') || /^[a-z]+@/.test(word)) count += 1;
    else return count;
  }
  return count;
}

const WITH_VALUE = ['-m', '--manifest', '-C'];
