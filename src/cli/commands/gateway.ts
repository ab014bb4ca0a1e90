import { ensureGateway, findGateway, gatewayStatus, stopGateway } from '../../app/gateway/gateway';
import { gatewayLines } from '../../app/gateway/log';
import { hostOfName } from '../../domain/gateway/local-name';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { type Command, flag, value } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'gateway',
  summary: 'the process that serves names such as https://shop.localhost',
  describe:
    'One process serves the names of all your projects. up, run and dashboard start it when they need it, and it ends by itself an hour after nobody needs it.',
  arguments: [
    { name: 'what', describe: 'what to do; without it, status', choices: ['status', 'start', 'stop', 'logs'] },
  ],
  options: [
    { name: 'port', value: 'PORT', describe: 'with start: listen there from now on, instead of 8443' },
    { name: 'follow', short: 'f', describe: 'with logs: keep showing new lines' },
  ],
  examples: [
    { run: 'polyenv gateway', describe: 'whether it runs, where, and which names it serves' },
    { run: 'polyenv gateway stop', describe: 'servers and tasks go on without their names' },
  ],
  run: async (input) => {
    const { ctx, args, output } = input;
    const [what = 'status'] = args;
    const dryRun = flag(input, 'dry-run') !== undefined;
    switch (what) {
      case 'start': {
        const port = portOf(value(input, 'port'));
        if (dryRun) return { data: { dryRun: true }, text: 'would start the gateway' };
        const { pid, port: served, version } = await ensureGateway(ctx, port === undefined ? {} : { port });
        return { data: { pid, port: served, version }, text: `serves at port ${served}, process ${pid}` };
      }
      case 'stop': {
        if (dryRun) {
          const runs = (await findGateway(ctx)) !== undefined;
          return { data: { dryRun: true, runs }, text: runs ? 'would stop the gateway' : 'no gateway runs' };
        }
        const stopped = await stopGateway(ctx);
        return { data: { stopped }, text: stopped ? 'the gateway is stopped' : 'no gateway runs' };
      }
      case 'logs': {
        if (flag(input, 'follow') === undefined) return { text: (await gatewayLines(ctx)).join('\n') };
        const { followGatewayLog } = await import('../../app/gateway/log');
        await followGatewayLog(ctx, (text) => ctx.host.stdout.write(text));
        return undefined;
      }
      default: {
        const status = await gatewayStatus(ctx);
        if (status === undefined) return { data: { running: false }, text: 'no gateway runs' };
        const { pid, port, version, since, memory, names = [], damaged = [] } = status;
        const head = `serves at port ${port} since ${since}: process ${pid}, version ${version}, ${Math.round(memory / 1e6)} MB`;
        const rows = names.flatMap(({ name, project, routes }) =>
          routes.map(({ path, kind, target, port, listens }) => [
            output.out.bold(`${hostOfName(name)}${path === '/' ? '' : path}`),
            kind === 'port' ? `port ${port}` : `${kind} ${target}, port ${port}`,
            printable(project),
            listens ? '' : output.out.yellow('nothing listens there now'),
          ]),
        );
        const bad = damaged.map((file) => output.out.yellow(`cannot be read: ${printable(file)}`));
        return {
          data: { running: true, ...status },
          text: [head, ...(rows.length === 0 ? [] : [columns(rows)]), ...bad].join('\n'),
        };
      }
    }
  },
};

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new PolyenvError('usage', `${JSON.stringify(text)} is no port`, { hint: 'polyenv gateway start --port 8450' });
}
