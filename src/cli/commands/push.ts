import { askedReference } from '../../app/base/team-stores';
import { locksFor } from '../../app/team/cargo';
import { type Pushed, type PushPlan, planWithSizes, push } from '../../app/team/push';
import { carriedText } from '../../domain/team/carried';
import { formatReference, type Reference } from '../../domain/team/reference';
import { isOwnVersion } from '../../domain/toolchain/own-release';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import { type Command, flag, type Input, value, values } from '../command';
import { bytesText, columns } from '../output/columns';
import type { Outcome } from '../output/outcome';
import { platformsOf } from '../platform-flags';

export const command: Command = {
  name: 'push',
  summary: "send what the lock names to a team's store, for colleagues and CI",
  describe:
    "Sends every archive that this project's polyenv.lock names, for every platform, to a repository of an OCI registry that you are logged in to by docker login or podman login. What is there is not sent again, and what was broken off goes on. Colleagues use it by: polyenv settings set store REFERENCE.",
  arguments: [
    { name: 'reference', describe: 'HOST/REPOSITORY; default the setting store' },
    { name: 'lock', describe: 'other polyenv.lock files than that of this project', variadic: true },
  ],
  options: [
    { name: 'platform', value: 'PLATFORM', repeatable: true, describe: 'only for these platforms (default: all)' },
    { name: 'all', describe: 'of every project below this folder' },
    {
      name: 'self',
      value: 'VERSION',
      describe: 'instead of a lock: a release of polyenv itself, or latest, for polyenv self update',
    },
    {
      name: 'from',
      value: 'REFERENCE',
      repeatable: true,
      describe: 'another repository of that registry, whose archives are not sent again',
    },
  ],
  examples: [
    { run: 'polyenv push registry.example/team/toolchains', describe: "this project's lock, for every platform" },
    { run: 'polyenv push registry.example/team/toolchains --dry-run', describe: 'what would be sent, with sizes' },
    { run: 'polyenv push registry.example/team/toolchains --all', describe: 'every project of a monorepo' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const [given = ctx.settings.store, ...paths] = args;
    if (given === '') {
      throw new PolyenvError('usage', 'push needs a repository of a registry', {
        hint: 'polyenv push registry.example/team/toolchains, or: polyenv settings set store REFERENCE',
      });
    }
    const own = value(input, 'self');
    if (own !== undefined) return pushOwn(input, { own, reference: askedReference(given) });
    const options = {
      reference: askedReference(given),
      locks: await locksFor(ctx, { paths, scope: flag(input, 'all') ? 'below' : 'project' }),
      platforms: platformsOf(values(input, 'platform')),
      mountFrom: values(input, 'from').map(askedReference),
    };
    const name = formatReference(options.reference);
    if (flag(input, 'dry-run')) return planned(await planWithSizes(ctx, options), name);
    return report(input, await push(ctx, options), name);
  },
};

async function pushOwn(
  { ctx, options }: Input,
  { own, reference }: { readonly own: string; readonly reference: Reference },
): Promise<Outcome> {
  const { baseOf, newestVersion } = await import('../../app/changes/self-update');
  const { pushOwnRelease } = await import('../../app/team/own-release');
  const version = own === 'latest' ? await newestVersion(ctx) : own;
  if (!isOwnVersion(version)) {
    throw new PolyenvError('usage', `${quoted(version)} is no version of polyenv`, {
      hint: 'polyenv self update --check',
    });
  }
  const name = formatReference(reference);
  if (options['dry-run'] !== undefined)
    return { data: { dryRun: true, version, store: name }, text: `would send polyenv ${version} to ${name}` };
  const { tag, state } = await pushOwnRelease(ctx, { reference, version, base: baseOf(ctx) });
  const text = `polyenv ${version} ${state === 'there' ? 'was there' : 'is there now'}: ${name}:${tag}`;
  return { data: { version, tag, state, store: name }, text };
}

function planned(plan: PushPlan, name: string): Outcome {
  const rows = plan.rows.map(({ cargo, bytes, state }) => [
    state === 'there' ? 'there' : 'send',
    carriedText(cargo.carried),
    bytes === undefined ? '' : bytesText(bytes),
  ]);
  const missing = plan.rows.filter(({ state }) => state === 'missing');
  const unknown = missing.some(({ bytes }) => bytes === undefined) ? 'at least ' : '';
  const total = missing.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  return {
    data: { dryRun: true, store: name, bytes: total, toolchains: dataOf(plan), leftOut: plan.leftOut },
    text: [
      columns(rows),
      ...plan.leftOut.map((text) => `left out by store.leave_out: ${text}`),
      `would send ${missing.length} of ${plan.rows.length} to ${name} (${unknown}${bytesText(total)})`,
    ].join('\n'),
  };
}

function report({ ctx }: Input, done: Pushed, name: string): Outcome {
  for (const text of done.gaps) ctx.emit({ type: 'warning', text });
  const rows = done.rows.map(({ cargo, bytes, state }) => [
    state === 'there' ? 'was there' : 'sent',
    carriedText(cargo.carried),
    bytes === undefined ? '' : bytesText(bytes),
  ]);
  return {
    data: {
      store: name,
      sent: done.sent,
      toolchains: dataOf(done),
      leftOut: done.leftOut,
      locks: done.locks,
      incomplete: done.incomplete,
    },
    text: [
      columns(rows),
      ...done.leftOut.map((text) => `left out by store.leave_out: ${text}`),
      ...done.locks.map(({ path, tag }) => `${path} is there as a whole: ${name}:${tag}`),
      ...done.incomplete.map(({ path, lacks }) => `of ${path} not there yet: ${lacks.join(', ')}`),
      `sent ${bytesText(done.sent)} to ${name}`,
    ].join('\n'),
  };
}

function dataOf({ rows }: PushPlan) {
  return rows.map(({ cargo: { tag, carried }, bytes, state }) => ({
    tool: carried.tool,
    version: carried.version,
    vendor: carried.vendor,
    platform: carried.platform,
    tag,
    bytes,
    state,
  }));
}
