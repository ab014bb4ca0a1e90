import { lookAtProjects } from '../../app/checks/overview';
import { printable } from '../../domain/words/printable';
import type { Command } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'overview',
  summary: 'all your projects: runtimes, services, names, and what is wrong',
  describe: 'What `polyenv dashboard` shows. Looks only, and never uses the network.',
  examples: [{ run: 'polyenv overview --json', describe: 'all that is known, for a script' }],
  run: async ({ ctx, output }) => {
    const projects = await lookAtProjects(ctx);
    const { bold, dim, green, red, yellow } = output.out;
    const rows = projects.map(({ name, folder, runtimes, services, findings }) => {
      const running = services.filter(({ state }) => state === 'running').length;
      const worst = findings.some(({ level }) => level === 'error') ? red : yellow;
      return [
        bold(printable(name)),
        runtimes.map(({ tool, version, request }) => `${tool} ${version ?? `${request}?`}`).join(', '),
        services.length === 0 ? '' : running > 0 ? green(`${running} of ${services.length} run`) : 'none runs',
        findings.length === 0 ? '' : worst(`${findings.length} to look at`),
        dim(printable(folder)),
      ];
    });
    return { data: { projects }, text: rows.length === 0 ? 'no project yet: polyenv use node@lts' : columns(rows) };
  },
};
