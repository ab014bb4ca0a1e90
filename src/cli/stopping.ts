import { down, type StoppedService } from '../app/services/down';
import { lookAtAll, lookAtServices } from '../app/services/look';
import { flag, type Input } from './command';
import { durationText } from './output/columns';
import type { Outcome } from './output/outcome';

/** What `down` and `stop` have in common. */
export async function stopNamed(input: Input, names: readonly string[]): Promise<Outcome> {
  const { ctx, output } = input;
  const all = flag(input, 'all');
  if (flag(input, 'dry-run')) {
    const views = await (all ? lookAtAll(ctx) : lookAtServices(ctx));
    const running = views.filter(
      ({ name, state }) => state === 'running' && (names.length === 0 || names.includes(name)),
    );
    return {
      data: { dryRun: true, services: running.map(({ name, project }) => ({ name, project })) },
      text: running.length === 0 ? 'nothing runs' : running.map(({ name }) => `would stop ${name}`).join('\n'),
    };
  }
  const force = flag(input, 'force');
  const stopped = await down(ctx, names, { ...(force && { force }), ...(all && { all }) });
  if (names.length === 0) {
    const { forgetHere } = await import('../app/services/announce');
    await forgetHere(ctx);
  }
  // Of every project there may be many that did not run.
  const told = all ? stopped.filter(({ action }) => action !== 'not-running') : stopped;
  const whose = ({ project }: StoppedService): string => (all ? `  ${project}` : '');
  return {
    data: { services: stopped },
    text:
      told.length === 0
        ? 'nothing runs'
        : told.map((one) => `${output.out.bold(one.name)}  ${wordOf(one)}${whose(one)}`).join('\n'),
  };
}

function wordOf({ action, milliseconds }: StoppedService): string {
  if (action === 'not-running') return 'did not run';
  return `${action} in ${durationText(milliseconds)}`;
}
