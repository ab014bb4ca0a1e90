import { findProject } from '../../app/project/project';
import { decidedToolchainsOf, describeEnvironment, refreshEdited } from '../../app/routes/compile';
import { refusalError } from '../../domain/routes/routed-overlay';
import { describeProof } from '../../domain/toolchain/toolchain';
import { describeOrigin } from '../../domain/words/sourced';
import type { Command } from '../command';
import { columns } from '../output/columns';
import { errorData, errorText } from '../output/error';

export const command: Command = {
  name: 'current',
  summary: 'what this folder asks for, by which file and line, and what answers',
  arguments: [{ name: 'tool', describe: 'only this runtime', complete: 'tool' }],
  examples: [{ run: 'polyenv current', describe: 'here' }],
  run: async ({ ctx, args, output }) => {
    const project = await findProject(ctx, ctx.directory);
    await refreshEdited(ctx, [ctx.directory, project.directory]);
    const all = await decidedToolchainsOf(ctx, project);
    const allDecided = all.filter(
      (decided) =>
        args[0] === undefined || decided.runtime.id === args[0] || decided.runtime.aliases?.includes(args[0]),
    );
    const environment = await describeEnvironment(ctx, { project, allDecided: all, directory: project.directory });
    const refusals = environment.runtimes.flatMap(({ tool, overlay }) =>
      overlay?.refused === undefined ? [] : [{ tool, error: refusalError(overlay.refused) }],
    );
    for (const error of [...project.errors, ...refusals.map((one) => one.error)])
      if (!output.modes.json) ctx.host.stderr.write(errorText(error, output.err, undefined));
    const tools = allDecided.map(({ decision, resolution, toolchain }) => ({
      tool: decision.tool,
      request: decision.request.text,
      from: decision.from,
      version: toolchain?.version ?? (resolution?.kind === 'entry' ? resolution.entry.version : undefined),
      installed: toolchain !== undefined,
      linked: toolchain?.linked !== undefined,
      ...(toolchain !== undefined && {
        source: toolchain.source,
        proof: describeProof(toolchain),
        root: toolchain.root,
      }),
    }));
    const rows = tools.map((tool) => [
      output.out.bold(tool.tool),
      tool.version ?? output.out.yellow('not resolved'),
      tool.request,
      describeOrigin(tool.from),
      tool.installed ? (tool.proof ?? '') : output.out.yellow('not installed: polyenv install'),
    ]);
    return {
      data: {
        directory: project.directory,
        tools,
        ...(project.errors.length + refusals.length > 0 && {
          errors: [...project.errors, ...refusals.map((one) => one.error)].map(errorData),
        }),
      },
      text: rows.length === 0 ? 'nothing is pinned here' : columns(rows),
      exit: (project.errors[0] ?? refusals[0]?.error)?.exit ?? 0,
    };
  },
};
