import { prepareHome } from '../../adapters/home/home';
import { ensureLauncher } from '../../adapters/home/launcher';
import { addLines, isSetUp, removeLines, shellNamed, startupFile } from '../../adapters/routes/startup-file';
import { refreshShims } from '../../app/routes/compile';
import { installOwnNode } from '../../app/toolchains/own-node';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, value } from '../command';
import { confirm } from '../confirm';

export const command: Command = {
  name: 'setup',
  summary: "put polyenv's shims on PATH, once, for every project",
  describe:
    "Shows the line that goes into your shell's start-up file and asks before it writes it. Also puts a Node of polyenv's own into the store, so that removing any other Node breaks nothing. --undo takes exactly that away.",
  options: [
    { name: 'shell', value: 'SHELL', choices: ['bash', 'zsh', 'fish'], describe: 'instead of the one in SHELL' },
    { name: 'activate', describe: 'also the prompt hook that lets variables follow the folder' },
    { name: 'undo', describe: "take polyenv's lines out of the start-up file" },
    { name: 'no-own-node', describe: 'keep running on the Node that started polyenv' },
  ],
  examples: [
    { run: 'polyenv setup', describe: 'shims on PATH' },
    { run: 'polyenv setup --activate', describe: 'and the prompt hook' },
    { run: 'polyenv setup --undo', describe: 'as if it had never been' },
  ],
  run: async (input) => {
    const { ctx } = input;
    const shell = shellNamed(value(input, 'shell') ?? ctx.host.env.SHELL);
    const startup = startupFile(ctx.host, ctx.home, {
      shell,
      activate: flag(input, 'activate') ? 'activate' : 'shims',
    });
    if (flag(input, 'undo')) {
      if (flag(input, 'dry-run'))
        return {
          data: { dryRun: true, file: startup.file },
          text: `would take polyenv's lines out of ${startup.file}`,
        };
      const removed = await removeLines(startup);
      return {
        data: { file: startup.file, removed },
        text: removed ? `took polyenv's lines out of ${startup.file}` : `${startup.file} has no lines of polyenv`,
      };
    }
    if (flag(input, 'dry-run'))
      return {
        data: { dryRun: true, file: startup.file, lines: startup.lines },
        text: `would add to ${startup.file}:\n${startup.lines}`,
      };
    await prepareHome(ctx.home);
    await ensureLauncher(ctx.home, ctx.host);
    await refreshShims(ctx);
    let written = false;
    if (!(await isSetUp(startup))) {
      const question = `add to ${startup.file}:\n\n${startup.lines}\n`;
      if (!(await confirm(input, question))) {
        throw new PolyenvError('usage', `${startup.file} was not changed: nobody could be asked`, {
          where: { file: startup.file },
          hint: 'polyenv setup --yes',
        });
      }
      written = await addLines(startup);
    }
    const own = flag(input, 'no-own-node')
      ? undefined
      : await installOwnNode(ctx).catch((error: unknown) => {
          if (!(error instanceof PolyenvError)) throw error;
          ctx.emit({
            type: 'warning',
            text: `polyenv keeps running on ${ctx.host.node}: ${error.message}`,
            hint: 'polyenv setup, when the network is there',
          });
          return undefined;
        });
    const lines = [
      written ? `wrote ${startup.file}` : `${startup.file} has polyenv's lines already`,
      own === undefined ? '' : `polyenv runs on its own Node ${own.version}`,
      `open a new shell, or: export PATH="${ctx.home.shims}:$PATH"`,
    ];
    return {
      data: { file: startup.file, written, node: own?.version },
      text: lines.filter((line) => line !== '').join('\n'),
    };
  },
};
