import { resolve } from 'node:path';
import { detect } from '../../app/project/detect';
import type { Command } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'detect',
  summary: 'every pin and every server that a folder has, which one decides, and why',
  describe: 'For scripts: its output keeps its form. It only reads.',
  arguments: [{ name: 'folder', describe: 'instead of this one', complete: 'folder' }],
  examples: [{ run: 'polyenv detect --json', describe: 'for a script' }],
  run: async ({ ctx, args }) => {
    const found = await detect(ctx, args[0] === undefined ? ctx.directory : resolve(ctx.directory, args[0]));
    const rows = found.found.map((pin) => [
      pin.chosen ? '*' : ' ',
      pin.tool,
      pin.requests.join(' '),
      `${pin.file}:${pin.line}`,
      pin.why,
    ]);
    const services = found.services.map(({ declared, name, kind, version, file, line, why }) => [
      declared ? '*' : ' ',
      `service ${name}`,
      version === undefined ? kind : `${kind}@${version}`,
      `${file}:${line}`,
      why,
    ]);
    const problems = found.errors.map((error) => `error ${error.file}:${error.line} ${error.message}`);
    return {
      data: { ...found },
      text: [columns([...rows, ...services]), ...problems].filter((part) => part !== '').join('\n'),
      exit: found.errors.length > 0 ? 3 : 0,
    };
  },
};
