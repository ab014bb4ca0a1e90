import { accessSync, constants, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Program } from '../../adapters/children/capture';
import { ensureFolder } from '../../adapters/files/fs';
import { type Writes, watchWrites } from '../../adapters/files/writes';
import { isOurShim } from '../../adapters/routes/shims';
import { readStandingEnvironment } from '../../adapters/store/read-environment';
import { become, runChild, stayInstead } from '../../adapters/system/spawn';
import { MOST_CALLS, readDepth, writeDepth } from '../../domain/routes/depth';
import type { Environment, RoutedToolchain } from '../../domain/routes/environment';
import { GRANTED_VARIABLE, renderGranted } from '../../domain/routes/granted';
import { overlayFault } from '../../domain/routes/routed-overlay';
import type { GlobalInstall } from '../../domain/runtime/layout';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { describeOrigin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { readKnown, rememberEntry } from '../project/locks';
import { overrideVariable } from '../project/overrides';
import { type Decision, findProject, type Project } from '../project/project';
import type { RuntimeRequest } from '../project/requests';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { provideOnce } from '../toolchains/once';
import { provide } from '../toolchains/provide';
import { provideMissing } from './companions';
import { commandsOf, decidedToolchainsOf, describeEnvironment, isForOnce, refreshShims } from './compile';
import { makeOverlays } from './make-overlay';
import { commandIn, pathEntries, toolEnvironment } from './tool-environment';

export interface Execution {
  /** The folder whose project decides. */
  readonly folder: string;
  /** Where the program starts. */
  readonly cwd: string;
  /** For this once, over what the project says. */
  readonly requests: readonly RuntimeRequest[];
  readonly command: readonly [string, ...string[]];
  readonly mode?: 'pure';
  /** The command is a shell in which a person stays: its prompt is told what came by trust. */
  readonly shell?: 'stays';
}

/** Runs a command in the folder's environment, installing what it needs first. Nothing is written in the project. Resolves to the exit status. */
export async function execute(ctx: Context, execution: Execution): Promise<number> {
  const { program, asChild } = await prepare(ctx, execution);
  if (asChild && stayInstead(ctx.host)) return 0;
  return asChild ? runAndRefresh(ctx, program) : become(ctx.host, program);
}

/** What decides which versions `execute` would use. Installs and writes nothing. */
export async function decisionsFor(
  ctx: Context,
  { folder, requests }: Pick<Execution, 'folder' | 'requests'>,
): Promise<readonly { readonly tool: string; readonly request: string; readonly from: string }[]> {
  const { decisions } = await findProject(ctx, folder, requests);
  return decisions.map(({ tool, request, from }) => ({ tool, request: request.text, from: describeOrigin(from) }));
}

/** As `execute`, and tells what changed meanwhile outside the environment's project and polyenv's home. */
export async function executeWatched(
  ctx: Context,
  execution: Execution,
  watch: { readonly roots: readonly string[]; readonly stdout?: 'stderr' },
): Promise<Watched> {
  const { environment, program } = await prepare(ctx, execution);
  await ensureFolder(ctx.home.tmp);
  const changes = await watchWrites({
    roots: watch.roots,
    except: [environment.directory, ctx.home.root],
    clock: ctx.home.tmp,
  });
  const exit = await runChild(ctx.host, program, watch.stdout);
  const writes = changes();
  await refreshShims(ctx);
  return { exit, writes, shared: environment.runtimes.flatMap(({ shared }) => shared ?? []) };
}

export interface Watched {
  readonly exit: number;
  readonly writes: Writes;
  /** Folders that the environment's tools fill for all projects, by their own rules. */
  readonly shared: readonly string[];
}

interface Prepared {
  readonly environment: Environment;
  readonly program: Program;
  /** It may add commands, which shims must then be made for. */
  readonly asChild: boolean;
}

async function prepare(ctx: Context, execution: Execution): Promise<Prepared> {
  const [name, ...args] = execution.command;
  const environment = await preparedFor(ctx, execution);
  const env = {
    ...toolEnvironment(ctx, environment, execution.mode),
    ...askedFor(ctx, execution),
    ...(execution.shell === 'stays' && grantedTo(ctx, environment)),
  };
  const file = locate(ctx, { environment, name, path: env.PATH, cwd: execution.cwd });
  if (!name.includes('/') && commandIn(environment, name)?.file !== file) env.POLYENV_DEPTH = deeper(ctx, name);
  for (const { homes } of environment.runtimes) for (const folder of homes) await ensureFolder(folder);
  const program = { file, args, env, cwd: execution.cwd };
  if (!isGlobalInstall(environment.runtimes, name, args)) return { environment, program, asChild: false };
  const into = installArguments(environment.runtimes, name, args);
  return { environment, program: { ...program, args: into }, asChild: true };
}

function grantedTo({ home, host }: Context, { variables, inputs }: Environment): Readonly<Record<string, string>> {
  const records = inputs.filter((path) => path.startsWith(`${home.state}/trust/`));
  const granted = renderGranted({ variables, records }, host.env);
  return granted === undefined ? {} : { [GRANTED_VARIABLE]: granted };
}

/**
 * Shims and the hooks of shells use the version that was asked for this once, even where a start-up file puts them
 * first on PATH.
 */
function askedFor(ctx: Context, { requests, cwd }: Execution): Readonly<Record<string, string>> {
  if (requests.length === 0) return {};
  const versions = requests.map(({ runtime, request }) => [overrideVariable(runtime.id), request.text] as const);
  return { ...Object.fromEntries(versions), POLYENV_SHELL: ctx.host.env.POLYENV_SHELL ?? cwd };
}

/** What installs packages installs them into an environment of its own, which is made first; nothing goes into the store. */
async function preparedFor(ctx: Context, { folder, requests, command }: Execution): Promise<Environment> {
  const environment = await readyEnvironment(ctx, folder, { requests, command: command[0] });
  const [name, ...args] = command;
  if (!isGlobalInstall(environment.runtimes, name, args)) {
    const fault = overlayFault(environment, name);
    if (fault !== undefined) throw fault;
    return environment;
  }
  await makeOverlays(ctx, installersOf(environment.runtimes, name, args), 'refuse');
  return readyEnvironment(ctx, folder, { requests, command: command[0] });
}

async function runAndRefresh(ctx: Context, program: Program): Promise<number> {
  const exit = await runChild(ctx.host, program);
  await refreshShims(ctx);
  return exit;
}

/** As shims do. Otherwise a wrapper on PATH that asks for its own name would call itself for ever. */
function deeper(ctx: Context, name: string): string {
  const call = { tool: name, folder: ctx.directory };
  const { same, all } = readDepth(ctx.host.env.POLYENV_DEPTH, call);
  if (same < MOST_CALLS.same && all < MOST_CALLS.all) return writeDepth({ same: same + 1, all: all + 1 }, call);
  throw new PolyenvError('loop', `${name} calls itself: ${all} times through polyenv exec`, {
    hint: `look for another program called ${name} on PATH that starts this one: type -a ${name}`,
  });
}

/** What is decided, with what is missing installed, for all runtimes or some. */
export async function withInstalled(
  ctx: Context,
  allDecided: readonly DecidedToolchain[],
  only?: readonly string[],
): Promise<readonly DecidedToolchain[]> {
  return Promise.all(
    allDecided.map((decided) =>
      (only === undefined || only.includes(decided.runtime.id)) && decided.decision.request.version.kind !== 'system'
        ? installed(ctx, decided)
        : decided,
    ),
  );
}

/**
 * Installs the further versions that the deciding files name. One that cannot be had is a warning where the decided version has the
 * command, and an error where it would be that one's.
 */
export async function withCompanions(
  ctx: Context,
  project: Project,
  wanted: { readonly allDecided: readonly DecidedToolchain[]; readonly command?: string | undefined },
): Promise<void> {
  const { allDecided, command } = wanted;
  const decisions = allDecided.map(({ decision }) => decision);
  for (const { request, error } of await provideMissing(ctx, project, decisions)) {
    const main = allDecided.find(({ runtime }) => runtime.id === request.tool);
    const commands = main?.toolchain === undefined ? {} : commandsOf(ctx, main.runtime, main.toolchain);
    if (command?.startsWith(`${request.tool}`) && !Object.hasOwn(commands, command)) throw error;
    ctx.emit({ type: 'warning', text: `${request.tool}@${request.text}: ${error.message}` });
  }
}

/** The environment of a folder with everything in it installed; requests replace what the project decides. */
export async function readyEnvironment(
  ctx: Context,
  folder: string,
  asked: { readonly requests: readonly RuntimeRequest[]; readonly command?: string },
): Promise<Environment> {
  const { requests, command } = asked;
  const decided = requests.length === 0 ? compiledFor(ctx, folder) : undefined;
  if (decided !== undefined) return decided;
  const project = await findProject(ctx, folder);
  const tools = new Set(requests.map(({ runtime }) => runtime.id));
  const broken = project.errors[0];
  if (broken !== undefined && requests.length === 0) throw broken;
  const rest: Project = {
    ...project,
    decisions: project.decisions.filter(
      (decision) => !tools.has(decision.tool) && decision.request.version.kind !== 'system',
    ),
  };
  const allDecided = await withInstalled(ctx, await decidedToolchainsOf(ctx, rest));
  await withCompanions(ctx, project, { allDecided, command });
  // What is asked for once has the private homes of the project around it, else the person's.
  const home = project.inputs.length > 0 ? project.directory : ctx.host.personHome;
  const once = await Promise.all(requests.map((wanted) => decidedToolchainOf(ctx, wanted, home)));
  return describeEnvironment(ctx, {
    project: rest,
    allDecided: [...allDecided, ...once],
    directory: project.directory,
  });
}

/**
 * What the shims of the folder go by, where that is all there is to say: no version for this once, no other folder's
 * environment, no default, nothing missing or wrong.
 */
function compiledFor(ctx: Context, folder: string): Environment | undefined {
  const { env } = ctx.host;
  if (env.POLYENV_ENV && env.POLYENV_ENV !== folder) return undefined;
  const environment = readStandingEnvironment(ctx.home, folder);
  if (environment === undefined) return undefined;
  const { runtimes, pending, notes, inputs, asking } = environment;
  if (asking === undefined || asking.some((name) => env[name])) return undefined;
  const complete =
    pending.length === 0 && notes?.length === 0 && runtimes.every(({ overlay }) => overlay?.refused === undefined);
  const decides = inputs.some((file) => dirname(file) === folder);
  const besides = Object.keys(ctx.settings.defaults).some((id) => !runtimes.some(({ tool }) => tool === id));
  return complete && decides && !besides ? environment : undefined;
}

/** What is decided with its toolchain, which is installed if it is missing. */
export async function installed(ctx: Context, decided: DecidedToolchain): Promise<DecidedToolchain> {
  if (decided.toolchain !== undefined) return decided;
  const { runtime, decision } = decided;
  if (!ctx.settings.autoInstall) {
    throw new PolyenvError(
      'not-installed',
      `${runtime.id}@${decision.request.text} is pinned and not installed, and install.missing is off`,
      { hint: 'polyenv install' },
    );
  }
  if (isForOnce(decision)) return { ...decided, ...(await provideOnce(ctx, { runtime, request: decision.request })) };
  const file = decision.from.kind === 'file' ? decision.from.file.split('/').pop() : undefined;
  const { lock, place } = await readKnown(ctx, decision.folder, file);
  const { resolution, toolchain } = await provide(ctx, {
    runtime,
    request: decision.request,
    lock,
    folder: decision.folder,
  }).catch((error: unknown) => {
    throw placed(error, decision.from);
  });
  if (resolution.kind === 'entry' && resolution.from !== 'lock' && decision.once === undefined) {
    await rememberEntry(ctx, decision.folder, resolution.entry);
    if (place === 'project') {
      ctx.emit({
        type: 'note',
        text: `polyenv.lock lacks ${runtime.id}@${decision.request.text}; using ${resolution.entry.version} (polyenv lock writes it)`,
      });
    }
  }
  return { ...decided, resolution, toolchain };
}

/** An error with the file that asked for what failed, where it does not name a place itself. */
function placed(error: unknown, from: Decision['from']): unknown {
  if (!(error instanceof PolyenvError) || error.where !== undefined || from.kind !== 'file') return error;
  const where = { file: from.file, ...present({ line: from.line }) };
  return new PolyenvError(error.code, error.message, { ...error.details, where });
}

async function decidedToolchainOf(ctx: Context, wanted: RuntimeRequest, folder: string): Promise<DecidedToolchain> {
  const { resolution, toolchain } = await provideOnce(ctx, wanted);
  const from = { kind: 'argument', text: `${wanted.runtime.id}@${wanted.request.text}` } as const;
  return {
    decision: { tool: wanted.runtime.id, request: wanted.request, from, folder, alternatives: [] },
    runtime: wanted.runtime,
    ...present({ resolution }),
    toolchain,
    lockPath: '',
  };
}

function locate(
  ctx: Context,
  {
    environment,
    name,
    path,
    cwd,
  }: {
    readonly environment: Environment;
    readonly name: string;
    readonly path: string | undefined;
    readonly cwd: string;
  },
): string {
  if (name.includes('/')) {
    const file = isAbsolute(name) ? name : resolve(cwd, name);
    if (canRun(file)) return file;
    throw new PolyenvError('command-not-found', `there is no program ${name}`, { hint: 'polyenv exec -- COMMAND' });
  }
  const own = commandIn(environment, name)?.file;
  if (own !== undefined) return own;
  const found = pathEntries(path)
    .map((entry) => join(entry, name))
    .find((file) => canRun(file) && !isOurShim(ctx.home, file));
  if (found !== undefined) return found;
  throw new PolyenvError(
    'command-not-found',
    `no program ${JSON.stringify(name)} on PATH, and none of this project's runtimes provides it`,
    { hint: 'polyenv current shows what is pinned here; polyenv use pins a runtime' },
  );
}

/** The arguments with the project's own place to install into, unless the person names another. */
export function installArguments(
  runtimes: readonly RoutedToolchain[],
  name: string,
  args: readonly string[],
): readonly string[] {
  const into = runtimes
    .flatMap(({ installs }) => installs)
    .find((install) => install.command === name && matchesInstall(install, args))?.into;
  if (into === undefined || args.some((argument) => argument === into[0] || argument.startsWith(`${into[0]}=`)))
    return args;
  return [...args, ...into];
}

export function isGlobalInstall(runtimes: readonly RoutedToolchain[], name: string, args: readonly string[]): boolean {
  return installersOf(runtimes, name, args).length > 0;
}

/** Those whose command installs something for everyone by these arguments. */
export function installersOf(
  runtimes: readonly RoutedToolchain[],
  name: string,
  args: readonly string[],
): readonly RoutedToolchain[] {
  return runtimes.filter(({ installs }) =>
    installs.some((install) => install.command === name && matchesInstall(install, args)),
  );
}

function matchesInstall({ words, flags }: GlobalInstall, args: readonly string[]): boolean {
  const word = args.find((argument) => !argument.startsWith('-'));
  return (
    word !== undefined && words.includes(word) && (flags.length === 0 || flags.some((flag) => args.includes(flag)))
  );
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
