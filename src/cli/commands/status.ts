import { findProject } from '../../app/project/project';
import { trustedEffects } from '../../app/project/trusted';
import { decidedToolchainsOf } from '../../app/routes/compile';
import { describeOrigin } from '../../domain/words/sourced';
import type { Command } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'status',
  summary: 'what this folder pins, what is missing, and what to type next',
  describe: 'What `polyenv` alone prints.',
  run: async ({ ctx, output }) => {
    const project = await findProject(ctx, ctx.directory);
    const allDecided = await decidedToolchainsOf(ctx, project);
    const { untrusted } = await trustedEffects(ctx, project.manifests);
    const missing = allDecided.filter(
      (one) => one.toolchain === undefined && one.decision.request.version.kind !== 'system',
    );
    const onPath = (ctx.host.env.PATH ?? '').split(':').includes(ctx.home.shims);
    const next = [
      ...(allDecided.length === 0 && project.errors.length === 0
        ? ['polyenv use node@lts    pin a runtime here', 'polyenv help            all commands']
        : []),
      ...project.errors.map(
        (error) => `fix ${error.where?.file ?? 'a file'}:${error.where?.line ?? 1}    ${error.message}`,
      ),
      ...(missing.length > 0 ? ['polyenv install         make ready what is missing'] : []),
      ...(untrusted.length > 0
        ? ['polyenv trust --show    this project also wants to set variables, paths or tasks']
        : []),
      ...(onPath ? [] : ['polyenv setup           once: put the shims on PATH']),
    ];
    const rows = allDecided.map((one) => [
      `  ${output.out.bold(one.decision.tool)}`,
      one.decision.request.text,
      one.toolchain === undefined
        ? output.out.yellow('not installed')
        : `${one.toolchain.version}${one.toolchain.linked === undefined ? '' : ' (linked)'}`,
      describeOrigin(one.decision.from),
    ]);
    return {
      data: {
        directory: project.directory,
        asked: allDecided.map((one) => ({
          tool: one.decision.tool,
          request: one.decision.request.text,
          version: one.toolchain?.version,
          from: one.decision.from,
        })),
        trusted: untrusted.length === 0,
        shimsOnPath: onPath,
        next,
      },
      text: [
        rows.length === 0 ? `nothing is pinned in ${ctx.directory}` : `${project.directory} asks for\n${columns(rows)}`,
        ...(next.length === 0 ? ['all ready'] : ['next', ...next.slice(0, 4).map((line) => `  ${line}`)]),
      ].join('\n'),
    };
  },
};
