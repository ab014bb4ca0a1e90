import { listToolchains } from '../../adapters/store/store';
import { findProject } from '../../app/project/project';
import { parseRequests } from '../../app/project/requests';
import { decidedToolchainsOf } from '../../app/routes/compile';
import { PolyenvError } from '../../domain/words/errors';
import type { Command } from '../command';

export const command: Command = {
  name: 'where',
  summary: 'the root folder of a toolchain',
  arguments: [
    {
      name: 'tool[@version]',
      describe: 'what this folder uses, or the newest installed that answers',
      required: true,
      complete: 'installed',
    },
  ],
  examples: [{ run: 'polyenv where java', describe: "this project's JAVA_HOME" }],
  run: async ({ ctx, args }) => {
    const [text = ''] = args;
    const [wanted] = await parseRequests([text]);
    if (wanted === undefined) return undefined;
    const { runtime, request } = wanted;
    if (!text.includes('@')) {
      const here = (await decidedToolchainsOf(ctx, await findProject(ctx, ctx.directory))).find(
        (decided) => decided.runtime.id === runtime.id,
      );
      if (here?.toolchain !== undefined)
        return {
          data: { tool: runtime.id, version: here.toolchain.version, root: here.toolchain.root },
          text: here.toolchain.root,
          verbatim: true,
        };
      if (here !== undefined) {
        throw new PolyenvError(
          'not-installed',
          `${runtime.id}@${here.decision.request.text} is pinned here and not installed`,
          { hint: 'polyenv install' },
        );
      }
    }
    const found = (await listToolchains(ctx.home))
      .filter(
        (one) =>
          one.tool === runtime.id &&
          (request.version.kind === 'latest' || runtime.scheme.matches(request.version, { version: one.version })),
      )
      .sort((a, b) => runtime.scheme.compare(b.version, a.version))[0];
    if (found === undefined)
      throw new PolyenvError('not-installed', `no installed ${runtime.id} answers ${JSON.stringify(request.text)}`, {
        hint: `polyenv use ${text}`,
      });
    return { data: { tool: runtime.id, version: found.version, root: found.root }, text: found.root, verbatim: true };
  },
};
