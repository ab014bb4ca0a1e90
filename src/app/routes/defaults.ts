import { join } from 'node:path';
import { settingsFiles } from '../../adapters/home/settings';
import { defaultsFolder, writeDefaults } from '../../adapters/routes/environments';
import { isFile } from '../../adapters/system/discover';
import { settingVariable } from '../../domain/project/settings';
import type { Environment } from '../../domain/routes/environment';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { onlyAsked } from '../project/overrides';
import { defaultsProject } from '../project/project';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { decidedToolchainsOf, describeEnvironment } from './compile';
import { withInstalled } from './execute';

/** How the person's defaults stand: what is resolved and installed of them. Reads only. */
export async function decidedByDefaults(ctx: Context): Promise<readonly DecidedToolchain[]> {
  return decidedToolchainsOf(ctx, defaultsProject(ctx, await loadRuntimes()));
}

/** Compiles it where that was never done: by its route the shims notice a first default. */
export async function keepDefaults(ctx: Context): Promise<void> {
  if (!isFile(join(defaultsFolder(ctx.home), 'route.sh'))) await compileDefaults(ctx);
}

/**
 * Compiles the environment of the person's defaults, with those of its runtimes installed first that `only` names. The
 * settings are its inputs, so the shims follow a change at the next call; where nothing is set, its route says just that.
 */
export async function compileDefaults(ctx: Context, only?: readonly string[]): Promise<Environment> {
  const lasting = await onlyAsked(ctx, []);
  const project = defaultsProject(lasting, await loadRuntimes());
  const broken = project.errors.find(({ tool }) => tool !== undefined && only?.includes(tool));
  if (broken !== undefined) throw broken;
  const found = await decidedToolchainsOf(lasting, project);
  const allDecided = only === undefined ? found : await withInstalled(ctx, found, only);
  const described = await describeEnvironment(lasting, { project, allDecided, directory: ctx.host.personHome });
  const files = Object.values(settingsFiles(ctx.host));
  const variable = settingVariable('defaults');
  const environment: Environment = {
    ...described,
    pending: [...new Set([...described.pending, ...project.errors.flatMap(({ tool }) => tool ?? [])])],
    inputs: [...described.inputs, ...files.filter(isFile)],
    absences: [...described.absences, ...files.filter((file) => !isFile(file))],
    given: { [variable]: ctx.host.env[variable] ?? '' },
  };
  await writeDefaults(ctx.home, environment);
  return environment;
}
