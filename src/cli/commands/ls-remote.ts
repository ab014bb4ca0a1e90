import { listToolchains } from '../../adapters/store/store';
import { parseRequests } from '../../app/project/requests';
import { freshLifecycle } from '../../app/toolchains/lifecycles';
import { listReleases } from '../../app/toolchains/releases';
import { hasEnded, lineAt } from '../../domain/runtime/lifecycle';
import { present } from '../../domain/words/present';
import { type Command, value } from '../command';
import { columns } from '../output/columns';

const USUAL = 40;

export const command: Command = {
  name: 'ls-remote',
  summary: 'the releases that you can install, newest first',
  arguments: [
    { name: 'tool', describe: 'the runtime, or tool@request', required: true, complete: 'tool' },
    { name: 'request', describe: 'only what answers it' },
  ],
  options: [{ name: 'limit', value: 'N', describe: `how many (${USUAL}; 0 for all)` }],
  examples: [
    { run: 'polyenv ls-remote node lts', describe: 'long-term releases of Node.js' },
    { run: 'polyenv ls-remote go 1.24', describe: 'all patches of a line' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const [tool = '', request] = args;
    const [wanted] = await parseRequests([request === undefined ? tool : `${tool}@${request}`]);
    if (wanted === undefined) return undefined;
    const { runtime } = wanted;
    const [{ source, releases }, lifecycle] = await Promise.all([
      listReleases(ctx, runtime, wanted.request),
      freshLifecycle(ctx, runtime, wanted.request.vendor),
    ]);
    const limit = Number(value(input, 'limit') ?? USUAL);
    const shown = limit > 0 ? releases.slice(0, limit) : releases;
    const installed = new Set(
      (await listToolchains(ctx.home)).filter((one) => one.tool === runtime.id).map((one) => one.version),
    );
    const today = ctx.host.now().toISOString().slice(0, 10);
    const rows = shown.map((release) => {
      const line = lineAt(lifecycle, release.version);
      return [
        input.output.out.bold(release.version),
        release.date ?? '',
        release.lts === undefined ? (release.channel ?? '') : `lts ${release.lts}`.trim(),
        hasEnded(line, today) ? input.output.out.yellow(`end of life ${line?.end}`) : '',
        installed.has(release.version) ? input.output.out.green('installed') : '',
      ];
    });
    const more = releases.length > shown.length ? `\n${releases.length - shown.length} more; --limit 0 shows all` : '';
    return {
      data: {
        tool: runtime.id,
        source,
        releases: shown.map((release) => {
          const line = lineAt(lifecycle, release.version);
          return {
            ...release,
            ...present({ endOfLife: line?.end }),
            ended: hasEnded(line, today),
            installed: installed.has(release.version),
          };
        }),
      },
      text: rows.length === 0 ? `${source} offers nothing that answers` : columns(rows) + more,
    };
  },
};
