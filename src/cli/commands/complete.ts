import { SHELLS } from '../../adapters/routes/startup-file';
import type { Command } from '../command';
import { answer } from '../complete';
import { collectVocabulary } from '../vocabulary';

export const command: Command = {
  name: 'complete',
  summary: 'the words that can complete a command line',
  describe:
    'Called by the completions: never uses the network and writes nothing. The first line says what the shell completes itself: words (nothing), folders, files or commands.',
  arguments: [{ name: 'shell', describe: 'whose line it is', required: true, choices: SHELLS }],
  examples: [
    { run: 'polyenv complete fish -- use node@', describe: 'versions of Node.js that are known here' },
    { run: "polyenv complete bash -- 'polyenv use no'", describe: 'for bash, the line itself' },
  ],
  run: async ({ ctx, args, catalog, rest = [] }) => {
    const { native, candidates, text } = await answer(ctx.host, await collectVocabulary(catalog), {
      shell: args[0] ?? '',
      words: rest,
    });
    return { data: { native, candidates }, text };
  },
};
