import { join } from 'node:path';
import { ensureFolder } from '../../adapters/files/fs';
import { environmentForTools } from '../../adapters/home/launcher';
import { isOurShim } from '../../adapters/routes/shims';
import { isExecutableFile } from '../../adapters/store/store';
import { become, runChild, stayInstead } from '../../adapters/system/spawn';
import { askingVariables } from '../../domain/pins/files/of-runtime';
import { type Environment, overlayFault } from '../../domain/routes/environment';
import type { Runtime } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { loadRuntime } from '../base/registry';
import { askedByCaller, findProject, type Project } from '../project/project';
import { parseWishes, type Wish } from '../project/wishes';
import { compileFolder, compileProject, refreshShims, standingsOf } from './compile';
import { installArguments, isGlobalInstall, readyEnvironment } from './execute';
import { makeOverlays } from './make-overlay';
import { commandIn, pathEntries, toolEnvironment } from './tool-environment';

export interface ShimCall {
  readonly tool: string;
  /** The command's name. */
  readonly name: string;
  /** The folder at which the shim found a pin; empty if it found none. */
  readonly folder: string;
  readonly args: readonly string[];
}

/**
 * What a shim could not decide by itself: an override, a stale or missing route, a global install. Installs what is
 * missing, compiles the routes, and becomes the tool. A pinned command is never answered by another copy.
 */
export async function routeOnce(ctx: Context, call: ShimCall): Promise<number> {
  const { wishes, args } = await wishesOf(ctx, call);
  if (wishes.length === 0 && (await overrideOf(ctx, call)) === 'system') return passThrough(ctx, call);
  const folder = call.folder === '' ? ctx.directory : call.folder;
  const ready = (): Promise<Environment> =>
    wishes.length > 0 ? readyEnvironment(ctx, ctx.directory, wishes) : compiled(ctx, folder, call);
  const first = await ready();
  const installs = isGlobalInstall(first.runtimes, call.name, args);
  if (installs) await makeOverlays(ctx, first.runtimes, 'refuse');
  const environment = installs ? await ready() : first;
  const fault = overlayFault(environment, call.name);
  if (fault !== undefined) throw fault;
  const found = commandIn(environment, call.name);
  if (found === undefined) return passThrough(ctx, call);
  const env = toolEnvironment(ctx, environment, wishes.length > 0 ? undefined : 'shims');
  for (const { homes } of environment.runtimes) for (const home of homes) await ensureFolder(home);
  const program = { file: found.file, args, env, cwd: ctx.directory };
  if (!installs) return become(ctx.host, program);
  if (stayInstead(ctx.host)) return 0;
  const exit = await runChild(ctx.host, {
    ...program,
    args: installArguments(environment.runtimes, call.name, args),
  });
  await compileFolder(ctx, folder);
  await refreshShims(ctx);
  return exit;
}

async function compiled(ctx: Context, folder: string, call: ShimCall): Promise<Environment> {
  const project = await findProject(ctx, folder);
  const decided = project.decisions.some((decision) => decision.tool === call.tool);
  const broken = brokenFor(project, call.tool);
  if (broken !== undefined) throw broken;
  if (!decided) {
    const standings = await standingsOf(ctx, project);
    return compileProject(ctx, { project, standings, directory: folder });
  }
  // What is missing is installed first, so that what is compiled then is whole.
  await readyEnvironment(ctx, folder, [], call.tool);
  return compileProject(ctx, { project, standings: await standingsOf(ctx, project), directory: folder });
}

/** Why the file that should decide the runtime cannot. */
function brokenFor(project: Project, tool: string): PolyenvError | undefined {
  return project.verdicts.find((verdict) => verdict.tool === tool)?.chosen?.fault;
}

/** `cargo +1.88`, `POLYENV_NODE=18`: for this once. */
async function wishesOf(
  ctx: Context,
  call: ShimCall,
): Promise<{ readonly wishes: readonly Wish[]; readonly args: readonly string[] }> {
  const [first = '', ...rest] = call.args;
  const runtime = await loadRuntime(call.tool);
  if (first.startsWith('+') && first.length > 1 && runtime.plusVersion?.includes(call.name)) {
    return { wishes: await parseWishes([`${call.tool}@${first.slice(1)}`]), args: rest };
  }
  const text = await overrideOf(ctx, call);
  if (text === undefined) return { wishes: await wishesThrough(ctx, call, runtime), args: call.args };
  return { wishes: text === 'system' ? [] : await parseWishes([`${call.tool}@${text}`]), args: call.args };
}

async function overrideOf(ctx: Context, { tool }: ShimCall): Promise<string | undefined> {
  return askedByCaller(ctx.host.env, await loadRuntime(tool))?.text;
}

/** What a file says only because of a variable of this call (`MISE_ENV=ci`, `GOWORK=off`): no route holds that. */
async function wishesThrough(ctx: Context, { tool }: ShimCall, runtime: Runtime): Promise<readonly Wish[]> {
  const names = askingVariables(runtime);
  if (names.every((name) => !ctx.host.env[name])) return [];
  const { decisions } = await findProject(ctx, ctx.directory);
  const found = decisions.find((decision) => decision.tool === tool && decision.through !== undefined);
  return found === undefined || found.request.version.kind === 'system' ? [] : [{ runtime, request: found.request }];
}

/** The next one on PATH that is no shim, in the environment as the caller had it. */
async function passThrough(ctx: Context, call: ShimCall): Promise<number> {
  const env = environmentForTools(ctx.host.env);
  const file = pathEntries(env.PATH)
    .filter((entry) => entry !== ctx.home.shims)
    .map((entry) => join(entry, call.name))
    .find((path) => isExecutableFile(path) && !isOurShim(ctx.home, path));
  if (file !== undefined) return become(ctx.host, { file, args: call.args, env, cwd: ctx.directory });
  throw new PolyenvError(
    'command-not-found',
    `${call.name}: what is pinned here does not provide it, and PATH has no other ${call.name}`,
    {
      hint: `polyenv which --why ${call.name}, or polyenv use ${call.tool}@latest`,
    },
  );
}
