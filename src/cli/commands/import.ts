import { defaultsOf, findHoldings, type Holding, takeDefaults, takeOver } from '../../app/changes/import';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { type Command, flag, type Input } from '../command';
import { confirm } from '../confirm';
import { columns } from '../output/columns';
import type { Outcome } from '../output/outcome';

export const command: Command = {
  name: 'import',
  summary: 'take over what another version manager has installed on this machine',
  describe:
    'Toolchains are run once for their version and linked where they are: nothing is downloaded, copied or changed, and the manager goes on working. Its default versions become yours after a question, or with --yes. Without a name: which managers are here, and what they hold.',
  arguments: [
    {
      name: 'manager',
      describe:
        "compose, for the servers of this folder's Compose file; or nvm, pyenv, rustup, sdkman, asdf, mise, volta, fnm, goenv, jenv, or another one that is listed",
    },
  ],
  examples: [
    { run: 'polyenv import compose', describe: "the servers of a Compose file become the project's services" },
    { run: 'polyenv import', describe: 'who is here' },
    { run: 'polyenv import nvm --yes', describe: "what nvm has, and nvm's default" },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const [name] = args;
    if (name === 'compose') return takeCompose(input);
    const holdings = await findHoldings(ctx, name);
    if (name === undefined || flag(input, 'dry-run')) return list(input, holdings);
    if (holdings.every(({ toolchains }) => toolchains.length === 0)) {
      throw new PolyenvError('not-installed', `${name} has nothing on this machine that polyenv knows`, {
        hint: 'polyenv import',
      });
    }
    for (const { root, why } of holdings.flatMap(({ broken }) => broken))
      ctx.emit({ type: 'warning', text: `${root} is left out: ${why}` });
    const toolchains = await takeOver(ctx, holdings);
    const defaults = await askedDefaults(input, holdings);
    return {
      data: { ...describe(holdings), defaults },
      text: [
        columns(
          toolchains.map(({ tool, version, root }) => [input.output.out.bold(`${tool} ${version}`), 'linked', root]),
        ),
        ...(defaults.length > 0 ? [`your defaults: ${defaults.join(' ')}`] : []),
        'linked toolchains are not verified by polyenv, and go away with the manager that keeps them',
      ].join('\n'),
    };
  },
};

async function askedDefaults(input: Input, holdings: readonly Holding[]): Promise<readonly string[]> {
  const { ctx } = input;
  const wanted = defaultsOf(holdings);
  if (wanted.length === 0) return [];
  const current = Object.entries(ctx.settings.defaults).map(([tool, text]) => `${tool}@${text}`);
  if (wanted.every((text) => current.includes(text))) return wanted;
  const instead = current.length === 0 ? '' : ` (now ${current.join(' ')})`;
  if (await confirm(input, `make ${wanted.join(' ')} your default where no project decides?${instead}`))
    return takeDefaults(ctx, holdings);
  ctx.emit({
    type: 'note',
    text: `your defaults stay as they are: polyenv use --default ${wanted.join(' ')} takes over ${holdings[0]?.manager ?? 'its'}'s`,
  });
  return [];
}

function list(input: Input, holdings: readonly Holding[]): Outcome {
  const rows = holdings.flatMap(({ manager, runtime, toolchains, choice }) =>
    toolchains.map((toolchain) => [
      manager,
      `${runtime.id} ${toolchain.version}`,
      toolchain === choice?.toolchain ? 'default' : '',
      toolchain.root,
    ]),
  );
  const dry = flag(input, 'dry-run');
  const end = dry === undefined ? 'polyenv import MANAGER takes it over' : 'nothing was changed (--dry-run)';
  return {
    data: { ...describe(holdings), ...(dry !== undefined && { dryRun: true }), defaults: defaultsOf(holdings) },
    text:
      rows.length === 0
        ? 'no other version manager holds anything here'
        : `${columns(rows)}\n${input.output.out.dim(end)}`,
  };
}

function describe(holdings: readonly Holding[]): Readonly<Record<string, unknown>> {
  return {
    managers: holdings.map(({ manager, runtime, toolchains, broken, choice }) => ({
      manager: manager.toLowerCase(),
      tool: runtime.id,
      toolchains: toolchains.map(({ version, root }) => ({ version, root })),
      broken,
      ...(choice !== undefined && {
        default: { file: choice.file, text: choice.text, version: choice.toolchain?.version },
      }),
    })),
  };
}

/** The servers of a Compose file become services of the project; what is none of ours is listed, and stays with Compose. */
async function takeCompose(input: Input): Promise<Outcome> {
  const { ctx, output } = input;
  const dry = flag(input, 'dry-run') !== undefined;
  const { importCompose, planComposeImport } = await import('../../app/changes/import-compose');
  const { taken, there, left, file, ...done } = dry
    ? { ...(await planComposeImport(ctx)), wrote: [] }
    : await importCompose(ctx);
  const rows = [
    ...taken.map(({ name, kind, version, what }) => [
      output.out.bold(name),
      version === undefined ? kind : `${kind}@${version}`,
      what,
    ]),
    ...there.map((name) => [output.out.bold(name), '', 'is in polyenv.toml already']),
    ...left.map(({ name, line, why }) => [
      output.out.bold(name),
      output.out.yellow('not taken'),
      `line ${line}: ${why}`,
    ]),
  ];
  const last = dry
    ? 'nothing was written (--dry-run)'
    : taken.length === 0
      ? 'nothing to write'
      : 'the data stay in Docker: dump them there, start the servers here with polyenv up, then polyenv load NAME < FILE';
  return {
    data: { dryRun: dry, file, taken: taken.map(({ file: _, ...one }) => one), there, left, wrote: done.wrote },
    text:
      rows.length === 0
        ? `${printable(file)} names no service that can be read`
        : `${columns(rows)}\n${output.out.dim(last)}`,
  };
}
