import { changeSetting, loadSettings } from '../../adapters/home/settings';
import { writeDefaults } from '../../adapters/routes/shims';
import { EMPTY_LOCKFILE } from '../../domain/toolchain/lockfile';
import type { Context } from '../base/context';
import { rememberEntry } from '../project/locks';
import { findProject } from '../project/project';
import { parseWishes } from '../project/wishes';
import { describeEnvironment, refreshShims, standingsOf } from '../routes/compile';
import { provideAll } from '../toolchains/provide';

/** Sets the person's versions for where no project decides, installs them, and routes to them; returns all of them. */
export async function setDefaultVersions(
  ctx: Context,
  texts: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const wishes = await parseWishes(texts);
  const { provided, failed } = await provideAll(
    ctx,
    wishes.map((wish) => ({ ...wish, lock: EMPTY_LOCKFILE })),
  );
  if (failed[0] !== undefined) throw failed[0].error;
  for (const { runtime, request } of wishes) {
    await changeSetting(ctx.host, { name: `defaults.${runtime.id}`, value: request.text });
  }
  for (const { resolution } of provided) {
    if (resolution.kind === 'entry') await rememberEntry(ctx, ctx.host.personHome, resolution.entry);
  }
  const settings = await loadSettings(ctx.host);
  await compileDefaults({ ...ctx, settings });
  return settings.defaults;
}

/** Routes for where no project decides: what the settings name, and nothing that a folder says. */
export async function compileDefaults(ctx: Context): Promise<void> {
  const project = await findProject(ctx, '/');
  const standings = (await standingsOf(ctx, project)).filter(({ decision }) => decision.from.kind === 'setting');
  const environment = await describeEnvironment(ctx, { project, standings, directory: ctx.host.personHome });
  await refreshShims(ctx);
  await writeDefaults(ctx.home, { ...environment, inputs: [], absences: [], traces: [] });
}
