import type { KnownService } from '../../app/services/known';
import { type Command, flag, type Input } from '../command';
import { durationText } from '../output/columns';

export const command: Command = {
  name: 'up',
  summary: 'start the services of this project, wait until they are ready, and serve its names',
  describe:
    'Services stand below [services] of polyenv.toml, here or in a folder above. What is missing is installed and written into polyenv.lock, data are made where there are none, and what runs already is left alone. The servers go on when polyenv ends; no process of its own stays.',
  arguments: [{ name: 'name', describe: 'only these', variadic: true, complete: 'service' }],
  options: [
    { name: 'fresh', describe: 'begin with empty data, even if a moved project left data under its old path' },
    { name: 'frozen', describe: 'exactly the versions of polyenv.lock, or exit 7' },
  ],
  examples: [
    { run: 'polyenv up', describe: 'all of them' },
    { run: 'polyenv up db', describe: 'one' },
  ],
  run: async (input) => {
    const { ctx, args, output } = input;
    const { up, planUp } = await import('../../app/services/up');
    if (flag(input, 'dry-run')) {
      const planned = await planUp(ctx, args);
      return {
        data: { dryRun: true, services: planned },
        text: planned.map(({ name, kind, action }) => `${output.out.bold(name)}  ${kind}  would ${action}`).join('\n'),
      };
    }
    const { announceManifest, namingManifest } = await import('../../app/services/announce');
    const naming = await namingManifest(ctx);
    const { knownServices } = await import('../../app/services/known');
    const services = await knownServices(ctx, args);
    // A project may have names and no service.
    const onlyNames = naming !== undefined && services.length === 0;
    const wrote = await lockFor(input, services);
    const started = onlyNames ? [] : await up(ctx, services, { ...(flag(input, 'fresh') && { fresh: true }) });
    for (const { known, differs } of started) {
      for (const { text, hint } of differs) {
        ctx.emit({ type: 'warning', text: `${known.declared.name} runs, but ${text}`, hint });
      }
    }
    const names = naming === undefined ? [] : await announceManifest(ctx, naming);
    return {
      data: {
        wrote,
        names: names.map(({ name, address }) => ({ name, address })),
        services: started.map(({ known, state, action, milliseconds, differs }) => ({
          name: known.declared.name,
          kind: known.runtime.id,
          version: state.version,
          action,
          ports: state.ports,
          pid: state.server?.pid,
          milliseconds,
          differs,
        })),
      },
      text: [
        ...started.map(({ known, state, action, milliseconds }) =>
          [
            output.out.bold(known.declared.name),
            `${known.runtime.id} ${state.version}`,
            action === 'started' ? output.out.green(`started in ${durationText(milliseconds)}`) : 'runs already',
            `127.0.0.1:${state.ports.main}`,
          ].join('  '),
        ),
        ...wrote.map((path) => `wrote ${path}`),
        ...names.map(({ name, address }) => `${output.out.bold(name)}  ${address}`),
      ].join('\n'),
    };
  },
};

/** What the services run on is what the lock says, or what it says from now on. */
async function lockFor(input: Input, services: readonly KnownService[]): Promise<readonly string[]> {
  const { checkServicesFrozen, lockServices } = await import('../../app/changes/lock-services');
  if (flag(input, 'frozen') === undefined) return lockServices(input.ctx, services);
  await checkServicesFrozen(input.ctx, services);
  return [];
}
