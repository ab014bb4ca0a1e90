import { followServiceLog, serviceLog } from '../../app/services/logs';
import { PolyenvError } from '../../domain/words/errors';
import { printableLines } from '../../domain/words/printable';
import { type Command, flag, value } from '../command';

export const command: Command = {
  name: 'logs',
  summary: 'what a service printed',
  arguments: [
    { name: 'name', describe: 'name of the service; needed only where there are several', complete: 'service' },
  ],
  options: [
    { name: 'follow', short: 'f', describe: 'keep showing what it prints, until Ctrl-C' },
    { name: 'lines', short: 'n', value: 'N', describe: 'how many lines to show (default: 100)' },
  ],
  examples: [
    { run: 'polyenv logs db', describe: 'the last 100 lines' },
    { run: 'polyenv logs db -f -n 10', describe: 'go on reading' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const text = value(input, 'lines') ?? '100';
    if (!/^[1-9]\d{0,6}$/.test(text)) {
      throw new PolyenvError('usage', `${JSON.stringify(text)} is no number of lines`, { hint: 'polyenv logs -n 50' });
    }
    const { name, lines } = await serviceLog(ctx, args[0], Number(text));
    if (flag(input, 'follow') && !flag(input, 'json')) {
      const { stdout } = ctx.host;
      const clean = (part: string): string => (stdout.isTTY === true ? printableLines(part) : part);
      stdout.write(lines.map((line) => `${clean(line)}\n`).join(''));
      await followServiceLog(ctx, args[0], (part) => stdout.write(clean(part)));
      return undefined;
    }
    return { data: { name, lines }, text: lines.length === 0 ? `${name} printed nothing yet` : lines.join('\n') };
  },
};
