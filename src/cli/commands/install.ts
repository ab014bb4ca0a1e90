import { installFrozen, installProject } from '../../app/changes/install-project';
import { versionNotes } from '../../app/checks/floors';
import { findProject } from '../../app/project/project';
import { decidedToolchainsOf } from '../../app/routes/compile';
import { describeOrigin } from '../../domain/words/sourced';
import { type Command, flag } from '../command';
import { columns, durationText } from '../output/columns';
import { asPolyenvError, errorData, errorText } from '../output/error';
import { providedData, providedRows } from '../provided';

export const command: Command = {
  name: 'install',
  summary: 'make everything ready that this project pins',
  describe:
    'Works from polyenv.toml and polyenv.lock, and as well from the version files that a project already has. --frozen installs exactly the lock or fails with what differs. With node@20 it only puts that into the store, and pins nothing.',
  arguments: [
    {
      name: 'tool@request',
      describe: 'only fetch these; polyenv use is what pins',
      variadic: true,
      complete: 'request',
    },
  ],
  options: [
    { name: 'frozen', describe: 'exactly polyenv.lock, or exit 7' },
    { name: 'keep', describe: 'leave a .venv of another version as it is, and say how to pin that version' },
    { name: 'all', describe: 'every project below this folder too, each toolchain once' },
  ],
  examples: [
    { run: 'polyenv install', describe: 'in a fresh clone' },
    { run: 'polyenv install --frozen', describe: 'in CI' },
    { run: 'polyenv install --all', describe: 'at the top of a monorepo' },
  ],
  run: async (input) => {
    if (input.args.length > 0) return (await import('./install-only')).installOnly(input);
    if (flag(input, 'all')) return (await import('./install-all')).installEverything(input);
    const { ctx } = input;
    const started = ctx.host.now().getTime();
    if (flag(input, 'dry-run')) {
      const allDecided = await decidedToolchainsOf(ctx, await findProject(ctx, ctx.directory));
      const rows = allDecided.map(({ decision, resolution, toolchain }) => [
        toolchain === undefined ? 'install' : 'present',
        `${decision.tool}@${decision.request.text}`,
        resolution === undefined
          ? 'to be resolved'
          : resolution.kind === 'entry'
            ? resolution.entry.version
            : resolution.toolchain.version,
        describeOrigin(decision.from),
      ]);
      return { data: { dryRun: true, plan: rows }, text: rows.length === 0 ? 'nothing is pinned here' : columns(rows) };
    }
    const install = flag(input, 'frozen') ? installFrozen : installProject;
    const done = await install(ctx, ctx.directory, flag(input, 'keep') ? 'keep' : 'prepare');
    const milliseconds = ctx.host.now().getTime() - started;
    for (const { error } of done.failed) {
      input.output.settle();
      if (!input.output.modes.json)
        ctx.host.stderr.write(errorText(error, input.output.err, input.output.modes.verbose ? 'verbose' : undefined));
    }
    for (const error of done.project.errors) {
      if (!input.output.modes.json) ctx.host.stderr.write(errorText(error, input.output.err, undefined));
    }
    for (const text of await versionNotes(ctx, done.project)) ctx.emit({ type: 'warning', text });
    const problems = [...done.failed.map(({ error }) => error), ...done.project.errors];
    const first = problems[0];
    const rows = providedRows(done.provided, input.output.out);
    return {
      data: {
        tools: providedData(done.provided),
        wrote: done.wrote,
        milliseconds,
        ...(first !== undefined && { error: errorData(first), errors: problems.map(errorData) }),
      },
      text: [
        ...(rows.length === 0 ? [] : [columns(rows)]),
        ...done.wrote.map((path) => `wrote ${path}`),
        ...(first === undefined ? [`ready in ${durationText(milliseconds)}`] : []),
      ].join('\n'),
      exit: first === undefined ? 0 : asPolyenvError(first).exit,
    };
  },
};
