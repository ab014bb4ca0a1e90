import type { Context } from '../app/base/context';
import { findTask } from '../app/routes/find-task';
import type { TaskCall } from '../app/routes/tasks';
import type { Manifest } from '../domain/project/manifest';
import { usageOf } from '../domain/project/task-arguments';
import { orderOf, planTask } from '../domain/project/task-graph';
import { PolyenvError } from '../domain/words/errors';
import { present } from '../domain/words/present';
import { printable } from '../domain/words/printable';
import { flag, type Input } from './command';
import { columns } from './output/columns';
import type { Outcome } from './output/outcome';

/** How a task is run from the command line: the marks of its lines, its streams and the services that it needs. */
export function taskCall(input: Input, name: string): Omit<TaskCall, 'args'> {
  const { ctx, output } = input;
  return {
    name,
    mark: (task, all, stream) => {
      const { blue, green, yellow, bold, dim } = stream === 'stdout' && !output.modes.json ? output.out : output.err;
      const paints = [blue, green, yellow, bold];
      const paint = paints[Math.max(0, all.indexOf(task)) % paints.length] ?? dim;
      return `${paint(task.padEnd(Math.max(...all.map((one) => one.length))))} | `;
    },
    ...(output.modes.json && { stdout: 'stderr' as const }),
    ...present({ force: flag(input, 'force') }),
    startServices: async (manifest, names) => {
      const { upForTask } = await import('../app/services/up');
      await upForTask(ctx, manifest, names);
    },
  };
}

/** `polyenv run deploy --help`: of a task that declares its arguments. Others are handed the word, as every other one. */
export async function taskHelp(ctx: Context, task: string, words: readonly string[]): Promise<Outcome | undefined> {
  if (words[0] !== '--help') return undefined;
  const { listed } = await findTask(ctx, task);
  const { args, description, manifest, line } = listed;
  if (args === undefined) return undefined;
  const rows = args.map(({ name, description: what, default: usual, choices }) => {
    const notes = [
      ...(choices.length === 0 ? [] : [`one of ${choices.join(', ')}`]),
      ...(usual === undefined ? [] : [`default ${usual === '' ? 'empty' : usual}`]),
    ];
    return [`  ${name.toUpperCase()}`, printable([what, notes.join('; ')].filter((part) => part !== '').join(' - '))];
  });
  const text = [
    printable(`polyenv run ${usageOf(task, args)}`),
    ...(description === '' ? [] : [printable(description)]),
    ...(rows.length === 0 ? [] : [columns(rows)]),
    printable(`${manifest.path}:${line}`),
  ];
  return {
    data: { task: listed.name, usage: usageOf(task, args), description, args, file: manifest.path, line },
    text: text.join('\n'),
  };
}

/** The task runs without its names too; what is wrong with them is said. */
export async function announceTask(ctx: Context, task: string): Promise<void> {
  const { listed } = await findTask(ctx, task);
  if (!listed.trusted || listed.manifest.domains.length === 0) return;
  try {
    const { announceManifest } = await import('../app/services/announce');
    for (const { name, address, routes } of await announceManifest(ctx, listed.manifest)) {
      const ways = routes.filter(({ kind, target }) => kind === 'task' && leadsTo(listed.manifest, task, target));
      if (ways.length > 0) ctx.emit({ type: 'note', text: `${name}: ${address}` });
    }
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    ctx.emit({ type: 'warning', text: error.message, ...present({ hint: error.hint }) });
  }
}

/** Whether the task is that one, or starts it. */
function leadsTo({ tasks }: Manifest, task: string, target: string): boolean {
  const plan = planTask(tasks, task);
  return plan !== undefined && orderOf(plan).some(({ name }) => name === target);
}
