import { planUse, use } from '../../app/changes/use';
import { parseRequests } from '../../app/project/requests';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { type Command, flag, type Input, value } from '../command';
import { columns, durationText } from '../output/columns';
import type { Outcome } from '../output/outcome';
import { providedData, providedRows } from '../provided';
import { optionsFromFlags, requestFlags } from '../request-flags';

export const command: Command = {
  name: 'use',
  summary: 'pin runtimes in this folder: download, verify, write polyenv.toml and polyenv.lock',
  describe:
    'Writes what was asked into polyenv.toml of this folder (made if there is none), what it was resolved to into polyenv.lock, and from then on the commands of these runtimes reach exactly that version here and below.',
  arguments: [
    {
      name: 'tool@request',
      describe: 'node@20, go@1.24, rust@stable, python@>=3.11, java@temurin-21',
      required: true,
      variadic: true,
      complete: 'request',
    },
  ],
  options: [
    { name: 'local', describe: 'write polyenv.local.toml, which is yours alone and not committed' },
    { name: 'default', describe: 'set your own default, for where no project decides' },
    { name: 'linked', describe: 'take what this machine already has, where it answers' },
    { name: 'source', value: 'ID', describe: 'take it from this source only' },
  ],
  moreOptions: requestFlags,
  examples: [
    { run: 'polyenv use node@20 go@1.24', describe: 'the newest Node 20 and Go 1.24' },
    { run: 'polyenv use node@lts/iron', describe: 'the newest release of a long-term line' },
    { run: 'polyenv use rust@1.88 --component clippy --target wasm32-unknown-unknown', describe: 'with parts' },
    { run: 'polyenv use node@22 --dry-run', describe: 'say what it would do' },
  ],
  run: async (input) => {
    const { args } = input;
    const ctx = flag(input, 'linked') ? withLinked(input.ctx) : input.ctx;
    const started = ctx.host.now().getTime();
    const requests = await parseRequests(args, await optionsFromFlags(input.options));
    if (flag(input, 'default')) return setDefaults(input, args);
    const source = value(input, 'source');
    const file = flag(input, 'local') ? 'polyenv.local.toml' : 'polyenv.toml';
    const options = { requests, folder: ctx.directory, file, ...present({ source }) } as const;
    if (flag(input, 'dry-run')) return showPlan(input, await planUse(ctx, options));
    const used = await use(ctx, options);
    if (used.created) ctx.emit({ type: 'note', text: `made ${used.manifest}` });
    for (const text of used.notes) ctx.emit({ type: 'warning', ...text });
    const milliseconds = ctx.host.now().getTime() - started;
    const rows = providedRows(used.provided, input.output.out);
    return {
      data: {
        manifest: used.manifest,
        created: used.created,
        wrote: used.wrote,
        milliseconds,
        tools: providedData(used.provided),
      },
      text: [columns(rows), ...used.wrote.map((path) => `wrote ${path}`), `done in ${durationText(milliseconds)}`].join(
        '\n',
      ),
    };
  },
};

/** As if the person preferred what the machine has. */
function withLinked(ctx: Input['ctx']): Input['ctx'] {
  return { ...ctx, settings: { ...ctx.settings, preference: 'system' } };
}

function showPlan(input: Input, plan: Awaited<ReturnType<typeof planUse>>): Outcome {
  const rows = plan.map((step) => [
    step.action,
    `${step.tool} ${step.version}`,
    `for ${step.request}`,
    `from ${step.source}`,
  ]);
  return {
    data: { dryRun: true, plan },
    text: `${columns(rows)}\n${input.output.out.dim('nothing was written (--dry-run)')}`,
  };
}

async function setDefaults(input: Input, args: readonly string[]): Promise<Outcome> {
  const { setDefaultVersions } = await import('../../app/changes/defaults');
  if (flag(input, 'dry-run'))
    return { data: { dryRun: true, defaults: args }, text: `would set your defaults: ${args.join(' ')}` };
  if (flag(input, 'local'))
    throw new PolyenvError('usage', '--default and --local cannot be combined', { hint: 'polyenv help use' });
  const set = await setDefaultVersions(input.ctx, args);
  return {
    data: { defaults: set },
    text: `your defaults: ${Object.entries(set)
      .map(([tool, text]) => `${tool}@${text}`)
      .join(' ')}`,
  };
}
