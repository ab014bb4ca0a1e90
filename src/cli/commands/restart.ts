import { restart } from '../../app/services/down';
import { knownServices } from '../../app/services/known';
import { type Command, flag } from '../command';
import { durationText } from '../output/columns';

export const command: Command = {
  name: 'restart',
  summary: 'stop and start services, as the manifest now says',
  arguments: [{ name: 'name', describe: 'only these', variadic: true, complete: 'service' }],
  examples: [{ run: 'polyenv restart db', describe: 'after its port or its databases changed in the manifest' }],
  run: async (input) => {
    const { ctx, args, output } = input;
    const services = await knownServices(ctx, args);
    if (flag(input, 'dry-run')) {
      const names = services.map(({ declared }) => declared.name);
      return { data: { dryRun: true, services: names }, text: names.map((name) => `would restart ${name}`).join('\n') };
    }
    const { lockServices } = await import('../../app/changes/lock-services');
    const wrote = await lockServices(ctx, services);
    const started = await restart(ctx, services);
    return {
      data: {
        wrote,
        services: started.map(({ known, state }) => ({
          name: known.declared.name,
          version: state.version,
          ports: state.ports,
          pid: state.server?.pid,
        })),
      },
      text: [
        ...started.map(
          ({ known, state, milliseconds }) =>
            `${output.out.bold(known.declared.name)}  ${known.runtime.id} ${state.version}  started in ${durationText(milliseconds)}`,
        ),
        ...wrote.map((path) => `wrote ${path}`),
      ].join('\n'),
    };
  },
};
