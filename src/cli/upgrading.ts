import type { Context } from '../app/base/context';
import { loadRuntimes } from '../app/base/registry';
import { lockServices } from '../app/changes/lock-services';
import { type KnownService, knownServices, withoutData } from '../app/services/known';
import { planServiceUpgrade, type UpgradedService, upgradeService } from '../app/services/upgrade';
import { PolyenvError } from '../domain/words/errors';
import { flag, type Input } from './command';
import { durationText } from './output/columns';
import type { Outcome } from './output/outcome';

/** The services that the words name; none where they name runtimes. A service that is called like its kind is meant where its data are of an older line. */
export async function servicesAmong(ctx: Context, words: readonly string[]): Promise<readonly KnownService[]> {
  if (words.length === 0) return [];
  const runtimes = await loadRuntimes();
  const isRuntime = (word: string): boolean =>
    runtimes.some(({ id, aliases }) => id === word || aliases?.includes(word));
  const all = await knownServices(ctx);
  const named: KnownService[] = [];
  for (const word of new Set(words)) {
    const service = all.find(({ declared }) => declared.name === word);
    if (service === undefined) continue;
    const plan = isRuntime(word) ? await planServiceUpgrade(ctx, service) : undefined;
    if (!isRuntime(word) || (plan !== undefined && plan.how !== 'none')) named.push(service);
  }
  const others = words.filter((word) => !named.some(({ declared }) => declared.name === word));
  if (named.length === 0 || others.length === 0) return named;
  throw new PolyenvError(
    'usage',
    `${others.join(', ')} is no service: services and runtimes are upgraded by two commands`,
    {
      hint: `polyenv upgrade ${named.map(({ declared }) => declared.name).join(' ')}`,
    },
  );
}

export async function upgradeServices(input: Input, services: readonly KnownService[]): Promise<Outcome> {
  const { ctx } = input;
  if (flag(input, 'dry-run')) {
    const plans = await Promise.all(services.map((known) => planServiceUpgrade(ctx, known)));
    return {
      data: { dryRun: true, services: plans.filter(Boolean) },
      text: plans
        .map((plan, index) => {
          const name = services[index]?.declared.name;
          if (plan === undefined) return `${name} has no data yet`;
          return plan.how === 'none'
            ? `${name} stays ${plan.from}`
            : `would take the data of ${name} from ${plan.from} to ${plan.to}`;
        })
        .join('\n'),
    };
  }
  for (const known of services) if ((await planServiceUpgrade(ctx, known)) === undefined) throw withoutData(known);
  const wrote = await lockServices(ctx, services);
  const done: UpgradedService[] = [];
  for (const known of services) done.push(await upgradeService(ctx, known));
  const lines = [...done.map(describe), ...wrote.map((path) => `wrote ${path}`)];
  return { data: { services: done, wrote }, text: lines.join('\n') };
}

function describe({ name, from, to, how, kept, milliseconds }: UpgradedService): string {
  if (how === 'none') return `${name}: its data are of that line already (${to})`;
  return [
    `${name}: ${from} -> ${to}, data kept, in ${durationText(milliseconds)}`,
    `the old data stay as snapshot ${kept}, until: polyenv prune --data`,
  ].join('\n');
}
