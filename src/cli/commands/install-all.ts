import { relative } from 'node:path';
import { findProjectsBelow, installAll, type NestedResult } from '../../app/changes/install-all';
import { installFrozen, installProject } from '../../app/changes/install-project';
import { versionNotes } from '../../app/checks/floors';
import { describeOrigin } from '../../domain/words/sourced';
import { flag, type Input } from '../command';
import { columns, durationText } from '../output/columns';
import { asPolyenvError, errorData, errorText } from '../output/error';
import type { Outcome } from '../output/outcome';
import { providedData } from '../provided';

/** `install --all`: one table for all projects, and the worst of their exit statuses. */
export async function installEverything(input: Input): Promise<Outcome> {
  const { ctx } = input;
  const started = ctx.host.now().getTime();
  const projects = await findProjectsBelow(ctx, ctx.directory);
  const name = (folder: string): string => relative(ctx.directory, folder) || '.';
  if (flag(input, 'dry-run')) {
    const rows = projects.flatMap(({ folder, project }) =>
      project.decisions.map(({ tool, request, from }) => [
        name(folder),
        `${tool}@${request.text}`,
        describeOrigin(from),
      ]),
    );
    return { data: { dryRun: true, plan: rows }, text: columns(rows) };
  }
  const install = flag(input, 'frozen') ? installFrozen : installProject;
  const routes = flag(input, 'keep') ? 'keep' : 'prepare';
  const results = await installAll(ctx, projects, (own, folder) => install(own, folder, routes));
  input.output.settle();
  const problems = results.flatMap(problemsOf);
  if (!input.output.modes.json) {
    for (const error of new Set(problems)) {
      ctx.host.stderr.write(errorText(error, input.output.err, input.output.modes.verbose ? 'verbose' : undefined));
    }
  }
  for (const text of await notesOf(input, results)) ctx.emit({ type: 'warning', text });
  const milliseconds = ctx.host.now().getTime() - started;
  const rows = results.map((result) => [
    name(result.folder),
    problemsOf(result).length > 0 ? input.output.out.red('failed') : 'ready',
    toolsOf(result)
      .map(({ tool, version, action }) => `${tool} ${version}${action === 'present' ? '' : ` (${action})`}`)
      .join(', '),
  ]);
  const first = problems[0];
  const failed = results.filter((result) => problemsOf(result).length > 0).length;
  return {
    data: {
      projects: results.map((result) => ({
        folder: result.folder,
        tools: toolsOf(result),
        wrote: 'done' in result ? result.done.wrote : [],
        errors: problemsOf(result).map(errorData),
      })),
      milliseconds,
      ...(first !== undefined && { error: errorData(first) }),
    },
    text: [
      columns(rows),
      failed === 0
        ? `${results.length} ready in ${durationText(milliseconds)}`
        : `${results.length - failed} of ${results.length} ready in ${durationText(milliseconds)}`,
    ].join('\n'),
    exit: Math.max(0, ...problems.map((error) => asPolyenvError(error).exit)),
  };
}

function problemsOf(result: NestedResult): readonly Error[] {
  if ('error' in result) return [result.error];
  return [...result.done.failed.map(({ error }) => error), ...result.done.project.errors];
}

function toolsOf(result: NestedResult) {
  return providedData('done' in result ? result.done.provided : []);
}

async function notesOf({ ctx }: Input, results: readonly NestedResult[]): Promise<ReadonlySet<string>> {
  const notes = new Set<string>();
  for (const result of results) {
    if ('error' in result) continue;
    for (const text of await versionNotes(ctx, result.done.project)) notes.add(text);
  }
  return notes;
}
