import { listTemplates, templatesFolder } from '../../adapters/documents/templates';
import { additionsOf } from '../../domain/making/template-additions';
import type { Command } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'templates',
  summary: 'the projects that `polyenv new` can make',
  examples: [{ run: 'polyenv templates --json', describe: 'with their parameters' }],
  run: async ({ ctx, output }) => {
    const templates = await listTemplates(await templatesFolder(ctx.host.program));
    const rows = templates.map((template) => [
      output.out.bold(template.name),
      template.runtimes
        .filter(({ when }) => when === undefined)
        .map((runtime) => `${runtime.tool}@${runtime.request}`)
        .join(' '),
      [template.description, ...additionsOf(template).map((name) => `--with ${name}`)].join('; '),
    ]);
    return { data: { templates }, text: columns(rows) };
  },
};
