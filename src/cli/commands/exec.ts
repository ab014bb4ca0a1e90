import { resolve } from 'node:path';
import { stayInstead } from '../../adapters/system/spawn';
import { parseRequests } from '../../app/project/requests';
import { decisionsFor, type Execution, execute, executeWatched, type Watched } from '../../app/routes/execute';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { quoteSh } from '../../domain/words/shell-quote';
import { type Command, flag, value, values } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'exec',
  summary: "run a command in this folder's environment, or once with other versions",
  describe:
    'Tools named before -- are for this once and recorded nowhere. The shims do the same for the commands of the pins, and cost less.',
  arguments: [{ name: 'tool@request', describe: 'versions for this once', variadic: true, complete: 'request' }],
  options: [
    {
      name: 'manifest',
      short: 'm',
      value: 'DIR',
      describe: 'the environment of the project in DIR; the command still starts here',
    },
    {
      name: 'report-writes',
      describe: "say afterwards which files the command changed outside the project and polyenv's home",
    },
    { name: 'in', value: 'DIR', repeatable: true, describe: 'with --report-writes: look only below DIR' },
    { name: 'pure', describe: 'pass on only HOME, USER, LANG, TERM and the like, and a plain PATH' },
  ],
  examples: [
    { run: 'polyenv exec -- npm test', describe: 'with what is pinned here' },
    { run: 'polyenv exec node@22 python@3.12 -- make', describe: 'once with others' },
    { run: 'polyenv exec --report-writes -- npm install', describe: 'and say what it changed outside the project' },
  ],
  handsOn: true,
  run: async (input) => {
    const { ctx, args, rest: words = [] } = input;
    const [first, ...rest] = words;
    if (first === undefined) {
      throw new PolyenvError('usage', 'polyenv exec needs a command', { hint: 'polyenv exec -- node --version' });
    }
    const folder = value(input, 'manifest');
    const execution: Execution = {
      folder: folder === undefined ? ctx.directory : resolve(ctx.directory, folder),
      cwd: ctx.directory,
      requests: await parseRequests(args),
      command: [first, ...rest],
      ...(flag(input, 'pure') && { mode: 'pure' as const }),
    };
    if (flag(input, 'dry-run')) return planned(execution.command, await decisionsFor(ctx, execution));
    if (!flag(input, 'report-writes')) return { exit: await execute(ctx, execution) };
    if (stayInstead(ctx.host)) return undefined;
    const given = values(input, 'in').map((folder) => resolve(ctx.directory, folder));
    const watched = await executeWatched(ctx, execution, {
      roots: given.length === 0 ? ['/'] : given,
      ...(input.output.modes.json && { stdout: 'stderr' as const }),
    });
    const report = reportWrites(watched, ctx.host.personHome);
    if (!input.output.modes.json) ctx.host.stderr.write(report.text);
    return { exit: watched.exit, data: report.data };
  },
};

function planned(command: readonly string[], runtimes: Awaited<ReturnType<typeof decisionsFor>>) {
  const rows = runtimes.map(({ tool, request, from }) => [`  ${tool}`, printable(request), printable(from)]);
  return {
    data: { dryRun: true, command, runtimes },
    text: [
      `would run ${printable(command.map(quoteSh).join(' '))}`,
      ...(rows.length === 0 ? [] : [columns(rows)]),
    ].join('\n'),
  };
}

const MOST_LINES = 40;

/** Caches that tools share are one line each; everything else is named. */
function reportWrites({ exit, writes, shared }: Watched, home: string) {
  const cacheOf = (path: string): string | undefined =>
    shared.find((folder) => path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`));
  const others = writes.found.filter(({ path }) => cacheOf(path) === undefined);
  const caches = shared.flatMap((folder) => {
    const count = writes.found.filter(({ path }) => cacheOf(path) === folder).length;
    return count === 0 ? [] : [{ folder, count }];
  });
  const short = (path: string): string => printable(path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path);
  const rows = [
    ...caches.map(({ folder, count }) => ['  shared', short(folder), counted(count, 'entry', 'entries')]),
    ...others.slice(0, MOST_LINES).map(({ path, kind }) => [`  ${kind}`, short(path)]),
    ...(others.length > MOST_LINES ? [[`  and ${others.length - MOST_LINES} more: --json names them all`]] : []),
  ];
  const nothing = rows.length === 0 ? 'nothing changed' : 'changed';
  const unknown = writes.unreadable === 0 ? '' : `; ${writes.unreadable} folders may not be read`;
  const text = `${nothing} outside the project and polyenv's home (${writes.looked} files and folders looked at${unknown}; what other programs did meanwhile counts)\n`;
  return {
    text: rows.length === 0 ? text : `${text}${columns(rows)}\n`,
    data: { exit, shared: caches, changed: others, looked: writes.looked, unreadable: writes.unreadable },
  };
}
