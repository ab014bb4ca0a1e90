import { homeOf } from '../../adapters/home/paths';
import {
  addLines,
  findShell,
  isSetUp,
  pathLine,
  removeLines,
  SHELLS,
  type StartupFile,
  shellNamed,
  startupFile,
} from '../../adapters/routes/startup-file';
import { setUpHome, takeOwnNode } from '../../app/changes/setup';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';
import { type Command, flag, type Input, value } from '../command';
import { confirm } from '../confirm';
import type { Outcome } from '../output/outcome';

export const command: Command = {
  name: 'setup',
  summary: "put polyenv's shims on PATH, once, for every project",
  describe:
    "Shows the line that goes into your shell's start-up file and asks before it writes it. Also puts a Node of polyenv's own into the store, so that removing any other Node breaks nothing. --undo takes exactly that away.",
  options: [
    {
      name: 'shell',
      value: 'SHELL',
      choices: ['bash', 'zsh', 'fish'],
      describe: 'instead of the one in SHELL, or of your user entry',
    },
    { name: 'activate', describe: 'also the prompt hook that lets variables follow the folder' },
    { name: 'undo', describe: "take polyenv's lines out of the start-up file" },
    { name: 'no-own-node', describe: 'keep running on the Node that started polyenv' },
  ],
  examples: [
    { run: 'polyenv setup', describe: 'shims on PATH' },
    { run: 'polyenv setup --activate', describe: 'and the prompt hook' },
    { run: 'polyenv setup --undo', describe: 'takes out what setup wrote' },
  ],
  run: async (input) => {
    const { ctx } = input;
    const startup = startupOf(input);
    if (flag(input, 'undo')) return undo(input, startup === undefined ? everyStartup(input) : [startup]);
    const line = startup?.lines ?? `${pathLine(ctx.home)}\n`;
    if (flag(input, 'dry-run')) {
      const data = { dryRun: true, file: startup?.file, lines: line };
      if (startup === undefined)
        return { data, text: `would write no start-up file: the shell is not known; the line to add:\n${line}` };
      return { data, text: `would add to ${startup.file}:\n${line}` };
    }
    await setUpHome(ctx);
    const written = startup !== undefined && (await addStartup(input, startup));
    const own = flag(input, 'no-own-node') ? undefined : await takeOwnNode(ctx);
    const lines = [
      startup === undefined
        ? `your shell is not known, so no start-up file was written; add this line to it:\n\n${line}`
        : written
          ? `wrote ${startup.file}`
          : `${startup.file} has polyenv's lines already`,
      own === undefined ? '' : `polyenv runs on its own Node ${own.version}`,
      ctx.home.root === homeOf({ ...ctx.host, env: {} }).root
        ? ''
        : `the home is ${ctx.home.root}, and these shims keep to it; for other copies of polyenv: export POLYENV_HOME=${quoteSh(ctx.home.root)}`,
      startup === undefined
        ? 'or name the shell: polyenv setup --shell bash'
        : `open a new shell, or: export PATH="${ctx.home.shims}:$PATH"`,
    ];
    return {
      data: { file: startup?.file, written, line, node: own?.version },
      text: lines.filter((text) => text !== '').join('\n'),
    };
  },
};

/** The start-up file of the shell that is meant: by the option, by SHELL, by the user's entry; `undefined` where none is known. */
function startupOf(input: Input): StartupFile | undefined {
  const { host, home } = input.ctx;
  const named = value(input, 'shell');
  const shell = named !== undefined ? shellNamed(named) : findShell(host.env.SHELL || host.loginShell());
  if (shell === undefined) return undefined;
  return startupFile(host, home, { shell, activate: flag(input, 'activate') ? 'activate' : 'shims' });
}

function everyStartup({ ctx: { host, home } }: Input): readonly StartupFile[] {
  return SHELLS.map((shell) => startupFile(host, home, { shell, activate: 'shims' }));
}

async function undo(input: Input, startups: readonly StartupFile[]): Promise<Outcome> {
  const files = startups.map(({ file }) => file).join(', ');
  if (flag(input, 'dry-run'))
    return { data: { dryRun: true, file: files }, text: `would take polyenv's lines out of ${files}` };
  const removed: string[] = [];
  for (const startup of startups) if (await removeLines(startup)) removed.push(startup.file);
  return {
    data: { file: files, removed: removed.length > 0 },
    text: removed.length > 0 ? `took polyenv's lines out of ${removed.join(', ')}` : `${files} has no lines of polyenv`,
  };
}

/** Whether the file was written; asks first. */
async function addStartup(input: Input, startup: StartupFile): Promise<boolean> {
  if (await isSetUp(startup)) return false;
  if (!(await confirm(input, `add to ${startup.file}:\n\n${startup.lines}\n`))) {
    throw new PolyenvError('usage', `${startup.file} was not changed: nobody could be asked`, {
      where: { file: startup.file },
      hint: 'polyenv setup --yes',
    });
  }
  return addLines(startup);
}
