import { join } from 'node:path';
import { ensureFolder } from '../../adapters/files/fs';
import { environmentForTools } from '../../adapters/home/launcher';
import { settingsFiles } from '../../adapters/home/settings';
import { onceFolder, writeOnceRoute } from '../../adapters/routes/environments';
import { isOurShim } from '../../adapters/routes/shims';
import { isExecutableFile } from '../../adapters/store/store';
import { isFile } from '../../adapters/system/discover';
import { become, runChild, stayInstead } from '../../adapters/system/spawn';
import { askingVariables } from '../../domain/pins/files/of-runtime';
import { isStandInFolder, readDepth } from '../../domain/routes/depth';
import type { Environment } from '../../domain/routes/environment';
import { overlayFault } from '../../domain/routes/routed-overlay';
import type { Runtime } from '../../domain/runtime/runtime';
import { applyEnvOps } from '../../domain/words/env-op';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { readyHome } from '../base/ready-home';
import { loadRuntime, loadRuntimes } from '../base/registry';
import { askedByCaller } from '../project/asked-by-caller';
import { onlyAsked, overrideVariable } from '../project/overrides';
import { findProject, type Project } from '../project/project';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { isMoving } from '../toolchains/once';
import {
  compileFolder,
  compileProject,
  decidedToolchainsOf,
  describeEnvironment,
  isForOnce,
  refreshShims,
} from './compile';
import { compileDefaults } from './defaults';
import { installArguments, installersOf, isGlobalInstall, withCompanions, withInstalled } from './execute';
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
export async function routeOnce(context: Context, asked: ShimCall): Promise<number> {
  const { ctx, call } = await withoutPlus(context, asked);
  const runtime = await loadRuntime(call.tool);
  const override = askedByCaller(ctx.host.env, runtime);
  if (override?.text === 'system') return passThrough(ctx, call);
  const replacing = await replacingOf(call);
  const asks = [runtime, ...replacing].flatMap(askingVariables).some((name) => ctx.host.env[name]);
  const kept =
    override?.variable === overrideVariable(call.tool) && onceFolder(ctx.home, { tool: call.tool, ...override });
  const compile = (): Promise<Environment> => {
    if (override !== undefined && kept) return compiledOnce(ctx, { ...call, text: override.text });
    return asks ? forThisCall(ctx, call) : compiled(ctx, call);
  };
  const first = await compile();
  const installs = isGlobalInstall(first.runtimes, call.name, call.args);
  if (installs && stayInstead(ctx.host)) return 0;
  if (installs) await makeOverlays(ctx, installersOf(first.runtimes, call.name, call.args), 'refuse');
  const environment = installs ? await compile() : first;
  const fault = overlayFault(environment, call.name);
  if (fault !== undefined) throw fault;
  const found = commandIn(environment, call.name);
  if (found === undefined) return passThrough(ctx, call, environment);
  const env = toolEnvironment(ctx, environment, asks && !kept ? undefined : 'shims');
  for (const { homes } of environment.runtimes) for (const home of homes) await ensureFolder(home);
  const program = { file: found.file, args: call.args, env, cwd: ctx.directory };
  if (!installs) return become(ctx.host, program);
  const args = installArguments(environment.runtimes, call.name, call.args);
  const exit = await runChild(ctx.host, { ...program, args });
  await (call.folder === '' ? compileDefaults(ctx) : compileFolder(ctx, call.folder));
  await refreshShims(ctx);
  return exit;
}

/** `cargo +1.88 build`, as shims of an older polyenv hand it on: those of today set the variable. */
async function withoutPlus(ctx: Context, call: ShimCall): Promise<{ readonly ctx: Context; readonly call: ShimCall }> {
  const [first = '', ...args] = call.args;
  const { plusVersion } = await loadRuntime(call.tool);
  if (!/^\+./.test(first) || !plusVersion?.includes(call.name)) return { ctx, call };
  const env = { ...ctx.host.env, [overrideVariable(call.tool)]: first.slice(1) };
  return { ctx: { ...ctx, host: { ...ctx.host, env } }, call: { ...call, args } };
}

/** Decides once, installs what the command needs, and compiles that. */
async function compiled(ctx: Context, call: ShimCall): Promise<Environment> {
  const directory = call.folder;
  // No folder pins it, so the person's defaults decide.
  if (directory === '') {
    await readyHome(ctx);
    return compileDefaults(ctx, [call.tool, ...(await replacingOf(call)).map(({ id }) => id)]);
  }
  const lasting = await onlyAsked(ctx, []);
  const project = await findProject(lasting, directory);
  // Why the file that should decide the runtime cannot.
  const concerned = [call.tool, ...(await replacingOf(call)).map(({ id }) => id)];
  const broken = project.verdicts.find(({ tool, chosen }) => concerned.includes(tool) && chosen?.fault)?.chosen?.fault;
  if (broken !== undefined) throw broken;
  const needed = await neededFor(project, call);
  const allDecided = await withInstalled(ctx, await decidedToolchainsOf(lasting, project), needed);
  const own = allDecided.filter(({ runtime }) => runtime.id === call.tool);
  await withCompanions(ctx, project, { allDecided: own, command: call.name });
  return compileProject(lasting, { project, allDecided, directory });
}

/**
 * The environment of the folder with another version of one runtime, compiled for the next call. What moves by itself
 * (`latest`) and what is no plain name has no route: polyenv is asked each time.
 */
/** What a command needs: its own runtime, or where nothing pins that, the one by which it goes. */
async function neededFor(project: Project, call: Pick<ShimCall, 'tool' | 'name'>): Promise<readonly string[]> {
  const { tool } = call;
  const decided = (id: string) => project.decisions.some((decision) => decision.tool === id);
  const replacing = (await replacingOf(call)).map(({ id }) => id).filter(decided);
  if (decided(tool)) return [tool, ...replacing];
  return [(await loadRuntime(tool)).follows?.find(decided) ?? tool, ...replacing];
}

/** Runtimes whose command it is where they are pinned. */
async function replacingOf({ tool, name }: Pick<ShimCall, 'tool' | 'name'>): Promise<readonly Runtime[]> {
  const all = await loadRuntimes();
  return all.filter(({ replaces, commands }) => replaces?.includes(tool) && commands?.includes(name));
}

async function compiledOnce(ctx: Context, call: ShimCall & { readonly text: string }): Promise<Environment> {
  const { tool, folder } = call;
  const own = await onlyAsked(ctx, [overrideVariable(tool)]);
  const found = await findProject(own, folder === '' ? '/' : folder);
  const broken = found.errors.find((error) => error.tool === tool);
  if (broken !== undefined) throw broken;
  const directory = folder === '' ? ctx.host.personHome : folder;
  const wanted = (await decidedToolchainsOf(own, found)).filter(({ runtime }) => folder !== '' || runtime.id === tool);
  const allDecided = ofHome(await withInstalled(ctx, wanted, await neededFor(found, call)), directory);
  const project: Project = folder === '' ? { ...found, inputs: [], absences: [], traces: [] } : found;
  const environment = withStore(ctx, await describeEnvironment(ctx, { project, allDecided, directory }));
  if (allDecided.some((decided, index) => decided.toolchain !== wanted[index]?.toolchain)) await refreshShims(ctx);
  const asked = allDecided.find(({ runtime }) => runtime.id === tool)?.decision.request.version;
  const place = onceFolder(ctx.home, { tool, text: call.text }, folder === '' ? undefined : folder);
  // The call succeeds even where the route cannot be kept.
  if (place !== undefined && asked !== undefined && !isMoving(asked))
    await writeOnceRoute(place, environment).catch(() => undefined);
  return environment;
}

/** What other variables of the caller ask for, or say of the files (`RUSTUP_TOOLCHAIN`, `MISE_ENV`): no route holds that. */
async function forThisCall(ctx: Context, call: ShimCall): Promise<Environment> {
  const project = await findProject(ctx, ctx.directory);
  const broken = project.errors.find((error) => error.tool === call.tool);
  if (broken !== undefined) throw broken;
  const home = project.inputs.length > 0 ? project.directory : ctx.host.personHome;
  const allDecided = ofHome(
    await withInstalled(ctx, await decidedToolchainsOf(ctx, project), await neededFor(project, call)),
    home,
  );
  return describeEnvironment(ctx, { project, allDecided, directory: project.directory });
}

/** What is asked for once has the private homes of the project around it, else the person's. */
function ofHome(allDecided: readonly DecidedToolchain[], folder: string): readonly DecidedToolchain[] {
  return allDecided.map((decided) =>
    isForOnce(decided.decision) ? { ...decided, decision: { ...decided.decision, folder } } : decided,
  );
}

/** Whatever is installed or removed, and other settings, may answer the request otherwise. */
function withStore(ctx: Context, environment: Environment): Environment {
  const files = Object.values(settingsFiles(ctx.host));
  return {
    ...environment,
    inputs: [...environment.inputs, ctx.home.store, ...files.filter(isFile)],
    folders: [...(environment.folders ?? []), ctx.home.store],
    absences: [...environment.absences, ...files.filter((file) => !isFile(file))],
  };
}

/** The next one on PATH that is no shim, in the environment as the caller had it. */
async function passThrough(ctx: Context, call: ShimCall, environment?: Environment): Promise<number> {
  const followed = environment?.followers?.find(({ tool }) => tool === call.tool)?.variables ?? [];
  const env = applyEnvOps(environmentForTools(ctx.host.env), followed);
  // The shim that asked has counted itself.
  const again = readDepth(env.POLYENV_DEPTH, { tool: call.tool, folder: ctx.directory }).same > 1;
  const file = pathEntries(env.PATH)
    .filter((entry) => entry !== ctx.home.shims && !(again && isStandInFolder(entry, env)))
    .map((entry) => join(entry, call.name))
    .find((path) => isExecutableFile(path) && !isOurShim(ctx.home, path));
  if (file !== undefined) return become(ctx.host, { file, args: call.args, env, cwd: ctx.directory });
  throw new PolyenvError(
    'command-not-found',
    `${call.name}: ${whyPassed(call, environment)}, and PATH has no other ${call.name}`,
    { hint: isRouted(call, environment) ? `polyenv current, or polyenv use ${call.tool}@latest` : 'polyenv current' },
  );
}

function whyPassed(call: ShimCall, environment: Environment | undefined): string {
  if (environment === undefined) return 'the system is to answer';
  return isRouted(call, environment)
    ? `the ${call.tool} that is decided here does not bring it`
    : `nothing pins ${call.tool} here`;
}

function isRouted({ tool }: ShimCall, environment: Environment | undefined): boolean {
  return environment?.runtimes.some((runtime) => runtime.tool === tool) ?? false;
}
