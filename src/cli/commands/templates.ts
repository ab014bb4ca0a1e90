import { listTemplates, templatesFolder } from '../../adapters/documents/templates';
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
      template.runtimes.map((runtime) => `${runtime.tool}@${runtime.request}`).join(' '),
      template.description,
    ]);
    return { data: { templates }, text: columns(rows) };
  },
};
