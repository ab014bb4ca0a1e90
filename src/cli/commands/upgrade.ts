import { loadRuntime } from '../../app/base/registry';
import { isChange, planUpgrade, type Reach, type Step, upgrade } from '../../app/changes/upgrade';
import { PolyenvError } from '../../domain/words/errors';
import { describeOrigin } from '../../domain/words/sourced';
import { type Command, flag, type Input } from '../command';
import { columns } from '../output/columns';
import { errorData } from '../output/error';
import type { Style } from '../output/style';
import { servicesAmong, upgradeServices } from '../upgrading';

export const command: Command = {
  name: 'upgrade',
  summary: 'take newer releases: within what is pinned, or by a new pin',
  describe:
    'Without options the pins stay, and polyenv.lock takes the newest release that answers them. Everything is downloaded and verified first; if one of them cannot be had, nothing is changed. polyenv rollback goes back.',
  arguments: [
    {
      name: 'tool',
      describe: 'only these runtimes; or services, whose data are taken over to the version that is now asked for',
      variadic: true,
      complete: 'tool',
    },
  ],
  options: [
    {
      name: 'latest',
      describe: 'go beyond what is pinned, and rewrite the pin in its own style (20 -> 24, 3.12.1 -> 3.14.0)',
    },
    { name: 'patch', describe: 'only to another patch of the same minor version (1.24.x, 21.0.x)' },
    { name: 'no-install', describe: 'write manifest and lock, and download nothing' },
  ],
  examples: [
    { run: 'polyenv upgrade', describe: 'the newest of everything that the pins allow' },
    { run: 'polyenv upgrade node --latest', describe: 'the newest stable Node.js, pinned as it was' },
    { run: 'polyenv upgrade --patch --dry-run', describe: 'which security fixes there are' },
    { run: 'polyenv upgrade db', describe: 'after `polyenv use postgres@18`: its data, from 17 to 18' },
  ],
  run: async (input) => {
    const { ctx, args, output } = input;
    const services = await servicesAmong(ctx, args);
    if (services.length > 0) return upgradeServices(input, services);
    const reach = reachOf(input);
    const tools = await Promise.all([...new Set(args)].map((name) => loadRuntime(name)));
    const folder = ctx.directory;
    const dry = flag(input, 'dry-run') !== undefined;
    const install = flag(input, 'no-install') ? 'no-install' : 'install';
    const done = dry ? undefined : await upgrade(ctx, { folder, tools, reach, install });
    const steps = done?.steps ?? (await planUpgrade(ctx, { folder, tools, reach }));
    for (const text of done?.disagreements ?? []) ctx.emit({ type: 'warning', text, hint: 'polyenv sync' });
    const rows = steps.map((step) => rowOf(step, output.out));
    const changes = steps.some(isChange);
    const failure = steps.map((step) => (isChange(step) ? undefined : step.failure)).find((one) => one !== undefined);
    const last = dry ? 'nothing was written (--dry-run)' : changes ? '' : 'nothing to upgrade';
    return {
      data: { dryRun: dry, changed: changes && !dry, wrote: done?.wrote ?? [], tools: steps.map(dataOf) },
      text: [columns(rows), ...(done?.wrote ?? []).map((path) => `wrote ${path}`), output.out.dim(last)]
        .filter((line) => line !== '')
        .join('\n'),
      ...(failure !== undefined && !changes && { exit: failure.exit }),
    };
  },
};

function reachOf(input: Input): Reach {
  const [latest, patch] = [flag(input, 'latest'), flag(input, 'patch')];
  if (latest && patch) {
    throw new PolyenvError('usage', '--latest and --patch cannot be combined', { hint: 'polyenv help upgrade' });
  }
  return latest ? 'latest' : patch ? 'patch' : 'request';
}

function rowOf(step: Step, style: Style): readonly string[] {
  const { decided, before = 'not installed' } = step;
  const { tool, request } = decided.decision;
  if (!isChange(step)) {
    const hint = step.hint === undefined ? '' : `: ${step.hint}`;
    return [style.bold(tool), before, '', before, style.dim(`${step.why}${hint}`)];
  }
  const [{ version, source }] = step.entries;
  const pin = step.request.text === request.text ? '' : `, pinned ${request.text} -> ${step.request.text}`;
  return [style.bold(tool), before, '->', style.green(version), `from ${source}${pin}`];
}

function dataOf(step: Step): Readonly<Record<string, unknown>> {
  const { decided, before } = step;
  const { decision } = decided;
  const base = { tool: decision.tool, from: describeOrigin(decision.from), request: decision.request.text, before };
  if (!isChange(step)) {
    const { why, hint, failure } = step;
    return { ...base, action: 'kept', why, hint, ...(failure && { error: errorData(failure) }) };
  }
  const [{ version, source }] = step.entries;
  return { ...base, action: 'upgraded', after: version, source, newRequest: step.request.text };
}
