import { changeSetting, loadSettings } from '../../adapters/home/settings';
import { EMPTY_LOCKFILE } from '../../domain/toolchain/lockfile';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { readyHome } from '../base/ready-home';
import { rememberEntry } from '../project/locks';
import { parseRequests, type RuntimeRequest } from '../project/requests';
import { refreshShims } from '../routes/compile';
import { compileDefaults } from '../routes/defaults';
import { endedNotes } from '../toolchains/ended';
import { provideAll, type ReadyToolchain } from '../toolchains/provide';

/** Sets the person's versions for where no project decides, installs them, and routes to them; returns all of them. */
export async function setDefaultVersions(
  ctx: Context,
  texts: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const requests = await parseRequests(texts);
  const { provided, failed } = await provideAll(
    ctx,
    requests.map((wanted) => ({ ...wanted, lock: EMPTY_LOCKFILE })),
  );
  if (failed[0] !== undefined) throw failed[0].error;
  for (const { runtime, request } of requests) {
    await changeSetting(ctx.host, { name: `defaults.${runtime.id}`, value: request.text });
  }
  await warnOfEnded(ctx, provided, requests);
  for (const { resolution } of provided) {
    if (resolution.kind === 'entry') await rememberEntry(ctx, ctx.host.personHome, resolution.entry);
  }
  const settings = await loadSettings(ctx.host);
  const fresh: Context = { ...ctx, settings };
  await readyHome(fresh);
  await compileDefaults(fresh);
  await refreshShims(fresh);
  return settings.defaults;
}

async function warnOfEnded(
  ctx: Context,
  provided: readonly ReadyToolchain[],
  requests: readonly RuntimeRequest[],
): Promise<void> {
  const chosen = provided.flatMap(({ request, toolchain }) => {
    const runtime = requests.find((wanted) => wanted.request.tool === request.tool)?.runtime;
    return runtime === undefined ? [] : [{ runtime, version: toolchain.version, vendor: toolchain.vendor }];
  });
  for (const { text, hint } of await endedNotes(ctx, chosen))
    ctx.emit({ type: 'warning', text, ...present({ hint: hint?.replace(/^polyenv use /, 'polyenv use --default ') }) });
}
