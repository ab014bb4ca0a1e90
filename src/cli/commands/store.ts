import { askedReference } from '../../app/base/team-stores';
import { locksFor } from '../../app/team/cargo';
import { findUnnamed, pruneStore, type Unnamed } from '../../app/team/prune-store';
import { storeStatus } from '../../app/team/status';
import { carriedText } from '../../domain/team/carried';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, type Input, value } from '../command';
import { confirm } from '../confirm';
import { columns } from '../output/columns';
import type { Outcome } from '../output/outcome';

export const command: Command = {
  name: 'store',
  summary: "a team's store: what of a lock is there, and taking away what no lock names",
  describe:
    'status asks for every archive of this project (or each LOCK), for every platform. prune takes away the tags of polyenv that none of the locks given to it names, after asking; other tags stay. The space is free when the registry collects its garbage.',
  arguments: [
    { name: 'action', describe: 'what to do', required: true, choices: ['status', 'prune'] },
    { name: 'lock', describe: 'polyenv.lock files', variadic: true },
  ],
  options: [
    { name: 'store', value: 'REFERENCE', describe: 'another repository than that of the setting store' },
    { name: 'all', describe: 'the locks of every project below this folder' },
    { name: 'exit-code', describe: 'status: exit 10 if something is not there' },
  ],
  examples: [
    { run: 'polyenv store status', describe: 'is this lock in the store, for every platform?' },
    { run: 'polyenv store prune --all', describe: 'keep what the projects below this folder need' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const [action, ...paths] = args;
    const given = value(input, 'store') ?? ctx.settings.store;
    if (given === '') {
      throw new PolyenvError('usage', 'no store is set', {
        hint: 'polyenv settings set store registry.example/team/toolchains, or add: --store REFERENCE',
      });
    }
    const reference = askedReference(given);
    if (action === 'prune') {
      // Never by this project's lock alone unless it is said: others share the store.
      const named = paths.length > 0 || flag(input, 'all') !== undefined;
      const locks = named ? await locksFor(ctx, { paths, scope: 'below' }) : [];
      return pruned(input, await findUnnamed(ctx, { reference, locks }));
    }
    if (action !== 'status') {
      throw new PolyenvError('usage', `store has no ${JSON.stringify(action)}`, { hint: 'polyenv help store' });
    }
    const locks = await locksFor(ctx, { paths, scope: flag(input, 'all') ? 'below' : 'project' });
    return status(input, await storeStatus(ctx, { reference, locks }));
  },
};

function status(input: Input, { store, rows, locks }: Awaited<ReturnType<typeof storeStatus>>): Outcome {
  const lacking = rows.filter(({ there, of }) => there < of);
  const lines = rows.map(({ cargo, there, of }) => [
    there === of ? 'there' : there === 0 ? 'missing' : `${there} of ${of}`,
    carriedText(cargo.carried),
  ]);
  const words = lacking.length === 0 ? 'all of it is there' : `${lacking.length} of ${rows.length} are not there`;
  return {
    data: {
      store,
      toolchains: rows.map(({ cargo: { tag, carried }, there, of }) => ({
        tool: carried.tool,
        version: carried.version,
        vendor: carried.vendor,
        platform: carried.platform,
        tag,
        archives: of,
        there,
      })),
      locks,
    },
    text: [
      columns(lines),
      ...locks
        .filter(({ state }) => state === 'there')
        .map(({ path, tag }) => `${path} can be copied as ${store}:${tag}`),
      lacking.length === 0 ? words : `${words}; to send them: polyenv push ${store}`,
    ].join('\n'),
    exit: lacking.length > 0 && flag(input, 'exit-code') ? 10 : 0,
  };
}

async function pruned(input: Input, unnamed: Unnamed): Promise<Outcome> {
  const { registry, going, kept, foreign } = unnamed;
  const tags = going.map(({ tag }) => tag);
  const data = { store: registry.name, tags, kept, foreign };
  if (tags.length === 0) {
    return { data: { ...data, removed: 0 }, text: `the locks name everything in ${registry.name} (${kept} tags)` };
  }
  const list = tags.map((tag) => `  ${tag}`).join('\n');
  if (flag(input, 'dry-run')) return { data: { ...data, dryRun: true }, text: `would take away:\n${list}` };
  if (
    !(await confirm(
      input,
      `take away from ${registry.name}, where ${counted(kept, 'tag stays', 'tags stay')}:\n${list}`,
    ))
  ) {
    throw new PolyenvError('usage', 'nothing was taken away: nobody could be asked', {
      hint: 'polyenv store prune --all --yes, after a look at: polyenv store prune --all --dry-run',
    });
  }
  await pruneStore(unnamed);
  return {
    data: { ...data, removed: tags.length },
    text: `took away ${counted(tags.length, 'tag')}, ${counted(kept, 'stays', 'stay')}; the space is free when the registry collects its garbage`,
  };
}
