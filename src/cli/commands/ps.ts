import { lookAtAll, lookAtServices, type ServiceView } from '../../app/services/look';
import { hostOfName } from '../../domain/gateway/local-name';
import { type Command, flag } from '../command';
import { bytesText, columns } from '../output/columns';
import type { Output } from '../output/output';

export const command: Command = {
  name: 'ps',
  summary: 'the services and names of this project, or of all: state, address, memory, data',
  options: [{ name: 'all', short: 'a', describe: 'of all your projects, also of those that are gone' }],
  examples: [
    { run: 'polyenv ps', describe: 'what this folder sees' },
    { run: 'polyenv ps --all', describe: 'what runs on this machine, and whose data lie here' },
  ],
  run: async (input) => {
    const { ctx, output } = input;
    const { namesOf, namingManifest } = await import('../../app/services/announce');
    const all = flag(input, 'all');
    const views = await (all ? lookAtAll(ctx) : lookAtServices(ctx));
    const names = await namesOf(ctx, all);
    const waiting = all || names.length > 0 ? [] : ((await namingManifest(ctx))?.domains ?? []);
    const nameRows = names.map(({ name, routes, address, served, project }) => [
      output.out.bold(hostOfName(name)),
      routes.map(({ path, kind, target, port }) => `${path} ${kind === 'port' ? `port ${port}` : target}`).join(', '),
      served ? address : output.out.dim('not served: polyenv up'),
      ...(all ? [project] : []),
    ]);
    const head = ['name', 'kind', 'state', 'address', 'since', 'memory', 'data', ...(all ? ['project'] : [])];
    const rows = views.map((view) => [...rowOf(view, output), ...(all ? [projectOf(view, output)] : [])]);
    const said = views.flatMap(({ name, said: lines = [] }) => lines.map((line) => output.out.dim(`${name}: ${line}`)));
    const hints = views.filter(({ gone }) => gone).map(({ project }) => project);
    const adopt = [...new Set(hints)].map(
      (project) => `in the folder that ${project} is now: polyenv services adopt ${project}`,
    );
    const moved = [...new Set(views.flatMap(({ moved: from }) => from ?? []))].map(
      (from) => `this folder was ${from}, where its data are: polyenv services adopt ${from}`,
    );
    return {
      data: {
        names: names.map(({ name, address, served, routes, project }) => ({ name, address, served, routes, project })),
        services: views.map(({ folder: _, kept: __, ...view }) => view),
      },
      text:
        views.length === 0 && names.length === 0
          ? waiting.length > 0
            ? `not served yet: ${waiting.map(({ name }) => hostOfName(name)).join(', ')}; to have ${waiting.length === 1 ? 'it' : 'them'} served: polyenv up`
            : 'no services here; they stand below [services] in polyenv.toml'
          : [
              ...(rows.length === 0 ? [] : [columns([head.map((word) => output.out.dim(word)), ...rows])]),
              ...said,
              ...adopt,
              ...moved,
              ...(rows.length > 0 && nameRows.length > 0 ? [''] : []),
              ...(nameRows.length === 0 ? [] : [columns(nameRows)]),
            ].join('\n'),
    };
  },
};

function rowOf(view: ServiceView, { out }: Output): readonly string[] {
  const { state } = view;
  const colour = state === 'running' ? out.green : state === 'exited' || state === 'elsewhere' ? out.red : out.dim;
  const word = view.declared ? state : `${state}, not in the manifest`;
  return [
    out.bold(view.name),
    [view.kind, view.version].filter(Boolean).join(' '),
    colour(word),
    view.address ?? '',
    view.since?.replace(/^(.*)T(.*)\..*$/, '$1 $2') ?? '',
    view.memory === undefined ? '' : bytesText(view.memory),
    view.data === undefined ? '' : bytesText(view.data),
  ];
}

function projectOf({ project, gone }: ServiceView, { out }: Output): string {
  return gone ? `${project} ${out.yellow('(gone)')}` : project;
}
