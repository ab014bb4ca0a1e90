import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../adapters/home/lock';
import { readEnvironments, writeEnvironment } from '../../adapters/routes/environments';
import { type Offer, renderShims, writeShims } from '../../adapters/routes/shims';
import { noteShims, shimsStand } from '../../adapters/routes/shims-check';
import { exportsFile, readExports } from '../../adapters/services/exports';
import { isEditedUnseen } from '../../adapters/store/read-environment';
import { executablesIn, listToolchains, readTree } from '../../adapters/store/store';
import { certificateVariables } from '../../adapters/tls/trust-files';
import { MISE_FRAGMENTS } from '../../domain/pins/files/mise-files';
import { askingVariables } from '../../domain/pins/files/of-runtime';
import type { Environment, RoutedToolchain } from '../../domain/routes/environment';
import type { Runtime } from '../../domain/runtime/runtime';
import { serviceVariables } from '../../domain/services/variables';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { describePlace } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { readyHome } from '../base/ready-home';
import { loadRuntimes } from '../base/registry';
import { readKnown } from '../project/locks';
import { onlyAsked } from '../project/overrides';
import { outsidePlace, projectPlace } from '../project/place';
import { type Decision, findProject, type Project } from '../project/project';
import { trustedEffects } from '../project/trusted';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { findOnce } from '../toolchains/once';
import { findProvided } from '../toolchains/provide';
import { lastingVariables, withOurs } from './callers-variables';
import { chooseOverlay, tracesOf } from './choose-venv';
import { claimsOf, withoutClaimed } from './claims';
import { companionsOf } from './companions';
import { makeOverlays } from './make-overlay';
import { misfitsOf } from './misfits';

/** How a project stands: what its decisions are resolved to and what of that is here. Reads only, never uses the network. */
export async function decidedToolchainsOf(ctx: Context, project: Project): Promise<readonly DecidedToolchain[]> {
  const runtimes = await loadRuntimes();
  return Promise.all(
    project.decisions.map(async (decision): Promise<DecidedToolchain> => {
      const runtime = runtimes.find((candidate) => candidate.id === decision.tool) as Runtime;
      const file = decision.from.kind === 'file' ? decision.from.file.split('/').pop() : undefined;
      const { lock, path } = await readKnown(ctx, decision.folder, file);
      if (isForOnce(decision)) {
        const toolchain = await findOnce(ctx, { runtime, request: decision.request });
        return { decision, runtime, lockPath: path, ...present({ toolchain }) };
      }
      const found = await findProvided(ctx, { runtime, request: decision.request, lock });
      return { decision, runtime, lockPath: path, ...found };
    }),
  );
}

/** Asked for by a variable or an argument, not by a file: no lock has a say in it. */
export function isForOnce({ once, from }: Decision): boolean {
  return once !== undefined && from.kind !== 'file';
}

/** Makes what the runtimes derive in the project (`.venv`), then compiles the folder's routes: for verbs by which a person changes it. */
export async function prepareFolder(ctx: Context, folder: string, unusable: 'anew' | 'keep'): Promise<Environment> {
  const first = await describeFolder(ctx, folder);
  const unmade = first.runtimes.filter(({ overlay, beside }) => overlay?.ready === false && beside === undefined);
  if (unmade.length === 0) return publish(ctx, first);
  await readyHome(ctx);
  await makeOverlays(ctx, unmade, unusable);
  return compileFolder(ctx, folder);
}

/** Compiles the routes of the folder, from what stands there now. */
export async function compileFolder(ctx: Context, folder: string): Promise<Environment> {
  return publish(ctx, await describeFolder(ctx, folder));
}

async function describeFolder(ctx: Context, folder: string): Promise<Environment> {
  const project = await findProject(ctx, folder);
  return describeLasting(ctx, { project, allDecided: await decidedToolchainsOf(ctx, project), directory: folder });
}

/** Compiles anew where a file was edited and kept its time, which no shim can see: for verbs that read the files anyway. */
export async function refreshEdited(ctx: Context, folders: readonly string[]): Promise<void> {
  for (const folder of new Set(folders)) {
    if (!isEditedUnseen(ctx.home, folder)) continue;
    // What cannot be read is said by the verb itself.
    await compileFolder(ctx, folder).catch((error: unknown) => {
      if (!(error instanceof PolyenvError)) throw error;
    });
  }
}

export async function compileProject(ctx: Context, of: Described): Promise<Environment> {
  return publish(ctx, await describeLasting(ctx, of));
}

interface Described {
  readonly project: Project;
  readonly allDecided: readonly DecidedToolchain[];
  readonly directory: string;
}

/** What every later call gets, whatever is asked for this once. */
async function describeLasting(ctx: Context, of: Described): Promise<Environment> {
  const { project, allDecided } = await withoutOverrides(ctx, of);
  const lasting = allDecided.filter(({ decision }) => decision.once === undefined && decision.from.kind === 'file');
  return describeEnvironment(ctx, { project, allDecided: lasting, directory: of.directory });
}

/** Writes the routes, and the shims that lead to them. */
async function publish(ctx: Context, environment: Environment): Promise<Environment> {
  await readyHome(ctx);
  await refreshShims(ctx);
  await writeEnvironment(ctx.home, environment);
  return environment;
}

/**
 * Every later call uses the routes. So a version that a variable asks for this once is not in them, and does not
 * replace the project's own.
 */
async function withoutOverrides(
  ctx: Context,
  of: { readonly project: Project; readonly allDecided: readonly DecidedToolchain[]; readonly directory: string },
): Promise<{ readonly project: Project; readonly allDecided: readonly DecidedToolchain[] }> {
  const lasting = await onlyAsked(ctx, []);
  if (lasting === ctx) return of;
  const project = await findProject(lasting, of.directory);
  return { project, allDecided: await decidedToolchainsOf(lasting, project) };
}

/** One shim for every command of every toolchain, and for what projects installed privately. */
export async function refreshShims(ctx: Context): Promise<void> {
  const { home, host, settings, emit } = ctx;
  if (await shimsStand(home, renderShims(home, await shimOffers(ctx), host.personHome))) return noteShims(home);
  // Under a lock: a process that listed the toolchains before another one was published would remove the shims of
  // that one.
  await withLock(
    { home, host, name: 'shims', purpose: 'writing shims', timeout: settings.lockTimeout, emit },
    async () => writeShims(home, await shimOffers(ctx), host.personHome),
  );
  await noteShims(home);
}

/** The commands that each runtime has here, by its toolchains and by what projects installed privately. */
export async function shimOffers(ctx: Context): Promise<readonly Offer[]> {
  const runtimes = await loadRuntimes();
  const toolchains = await listToolchains(ctx.home);
  const environments = await readEnvironments(ctx.home);
  return runtimes.map((runtime) => {
    const own = toolchains
      .filter((one) => one.tool === runtime.id)
      .flatMap((one) => Object.keys(commandsOf(ctx, runtime, one)));
    const routed = environments.flatMap((one) => one.runtimes.filter(({ tool }) => tool === runtime.id));
    // A pin whose toolchain is gone is still a pin: its commands must not reach another copy.
    const pinned = routed.flatMap(({ commands }) => Object.keys(commands));
    const folders = routed.flatMap(({ bins, overlay }) => [
      ...bins,
      ...(overlay?.ready ? [`${overlay.path}/${overlay.bin}`] : []),
    ]);
    return {
      runtime,
      commands: [...new Set([...(runtime.commands ?? []), ...own, ...pinned, ...folders.flatMap(executablesIn)])],
    };
  });
}

export async function describeEnvironment(
  ctx: Context,
  of: { readonly project: Project; readonly allDecided: readonly DecidedToolchain[]; readonly directory: string },
): Promise<Environment> {
  const { project, allDecided, directory } = of;
  const isolation = project.isolation ?? 'default';
  const locks = [...new Set(allDecided.map((decided) => decided.lockPath))];
  const effects = await trustedEffects(ctx, project.manifests);
  const { variables, untrusted } = effects;
  const misfits = misfitsOf(allDecided);
  const missing = allDecided.filter(
    ({ toolchain, decision }) => toolchain === undefined && decision.request.version.kind !== 'system',
  );
  const runtimes = await Promise.all(
    allDecided.flatMap((decided) =>
      decided.toolchain === undefined ? [] : [routed(ctx, { ...decided, toolchain: decided.toolchain }, isolation)],
    ),
  );
  const services = servicesIn(ctx, project);
  const certificates = certificatesIn(ctx, project);
  const files = [...services.files, ...certificates.files];
  const offered = { ...certificates.variables, ...services.variables };
  const companions = await companionsOf(
    ctx,
    project,
    allDecided.map(({ decision }) => decision),
  );
  for (const { decision, runtime, toolchain } of companions) {
    if (toolchain === undefined) continue;
    const further = await routed(ctx, { decision, runtime, toolchain, lockPath: '', beside: true }, isolation);
    runtimes.push(...besideOf(runtimes, further));
  }
  const followers = followersOf(await loadRuntimes(), runtimes, project);
  const lacking = [...missing, ...companions.filter(({ toolchain }) => toolchain === undefined)];
  const overlays = runtimes.flatMap(({ tool, overlay }) =>
    overlay === undefined ? [] : [{ tool, ...tracesOf(ctx, overlay) }],
  );
  const pending = [
    ...lacking.map(({ runtime }) => runtime.id),
    ...project.verdicts.filter(({ chosen }) => chosen?.fault !== undefined).map(({ tool }) => tool),
  ];
  const claims = claimsOf(await loadRuntimes(), { runtimes, pending, traces: project.traces });
  return {
    directory,
    runtimes: withoutClaimed(await loadRuntimes(), { runtimes, pending }),
    pending,
    ...(claims.length > 0 && { claims }),
    ...(Object.keys(offered).length > 0 && { services: offered }),
    variables,
    asking: [...new Set((await loadRuntimes()).flatMap(askingVariables))],
    notes: [
      ...project.errors.map(
        ({ where, message }) => `${where === undefined ? '' : `${describePlace(where)}: `}${message}`,
      ),
      ...lacking.map(
        ({ runtime, decision }) =>
          `${runtime.id}@${decision.request.text} is pinned here and not installed: polyenv install`,
      ),
      ...runtimes.flatMap(({ overlay }) =>
        overlay?.refused === undefined ? [] : [`${overlay.refused.message}: ${overlay.refused.hint}`],
      ),
      ...misfits.map(({ message, where, hint }) => `${where}: ${message}: ${hint}`),
      ...untrusted.map(({ path }) => `${path} also wants to set variables, paths or tasks: polyenv trust --show`),
    ],
    followers,
    traces: [...project.traces, ...overlays, ...followers.flatMap((one) => tracesFor(project, one.of, one.tool))],
    inputs: [
      ...project.inputs,
      ...effects.inputs,
      ...locks.filter((path) => existsSync(path)),
      ...files.filter((path) => existsSync(path)),
      ...overlays.flatMap(({ inputs }) => inputs),
    ],
    folders: project.inputs.filter((path) => path.endsWith(`/${MISE_FRAGMENTS}`)),
    absences: [
      ...project.absences,
      ...effects.absences,
      ...locks.filter((path) => !existsSync(path)),
      ...files.filter((path) => !existsSync(path)),
      ...overlays.flatMap(({ absences }) => absences),
    ],
    misfits,
    shims: ctx.home.shims,
    home: ctx.home.root,
  };
}

/** A project with names has programs that ask for them: they are told whom to believe, once there is an authority. */
function certificatesIn(
  { home }: Context,
  { manifests }: Project,
): { readonly variables: Readonly<Record<string, string>>; readonly files: readonly string[] } {
  if (!manifests.some(({ domains }) => domains.length > 0)) return { variables: {}, files: [] };
  const variables = certificateVariables(home);
  const files = Object.values(variables);
  return { variables: files.every((path) => existsSync(path)) ? variables : {}, files };
}

/** What the services that the folder sees said when they were last started, and the files that say it. */
function servicesIn(
  { home }: Context,
  { services }: Project,
): { readonly variables: Readonly<Record<string, string>>; readonly files: readonly string[] } {
  const folders = new Map([...new Set(services.map(({ folder }) => folder))].map((one) => [one, realpathSync(one)]));
  const said = new Map([...folders].map(([folder, real]) => [folder, readExports(home, real)]));
  const offering = services.map(({ name, tool, prefix, folder }) => {
    const own = said.get(folder)?.find((one) => one.name === name && one.kind === tool);
    return { name, kind: tool, ...present({ prefix }), variables: own?.variables ?? {} };
  });
  return {
    variables: serviceVariables(offering),
    files: [...folders.values()].map((real) => exportsFile(home, real)),
  };
}

/** Runtimes that nothing pins here and that go by one that is routed, with what they get of it. */
function followersOf(
  all: readonly Runtime[],
  routes: readonly RoutedToolchain[],
  project: Project,
): readonly (NonNullable<Environment['followers']>[number] & { readonly of: readonly string[] })[] {
  return all.flatMap(({ id, follows = [] }) => {
    const own = routes.filter(({ tool, beside }) => follows.includes(tool) && beside === undefined);
    if (own.length === 0 || project.decisions.some(({ tool }) => tool === id)) return [];
    return [{ tool: id, of: own.map(({ tool }) => tool), variables: own.flatMap(({ variables }) => variables) }];
  });
}

/** The files that decide the followed runtimes also decide for the one that follows. */
function tracesFor({ traces }: Project, tools: readonly string[], tool: string): Environment['traces'] {
  return traces.filter((trace) => tools.includes(trace.tool)).map((trace) => ({ ...trace, tool }));
}

export function commandsOf(
  ctx: Context,
  runtime: Runtime,
  toolchain: Pick<Toolchain, 'root' | 'version' | 'platform'>,
): Readonly<Record<string, string>> {
  const { commands } = runtime.layout(
    readTree(toolchain.root, toolchain.version, toolchain.platform),
    outsidePlace(ctx, toolchain.root),
  );
  return Object.fromEntries(Object.entries(commands).map(([name, path]) => [name, join(toolchain.root, path)]));
}

/** Those commands of a further version that the decided one of the same runtime lacks. */
function besideOf(runtimes: readonly RoutedToolchain[], further: RoutedToolchain): readonly RoutedToolchain[] {
  const others = runtimes.filter(({ tool }) => tool === further.tool);
  if (others.length === 0 || others.some(({ toolchain }) => toolchain === further.toolchain)) return [];
  const taken = new Set(others.flatMap(({ commands }) => Object.keys(commands)));
  const commands = Object.fromEntries(Object.entries(further.commands).filter(([name]) => !taken.has(name)));
  const installs = further.installs.filter(({ command }) => Object.hasOwn(commands, command));
  const own = further.overlay;
  const overlay = own && { ...own, commands: own.commands.filter((name) => Object.hasOwn(commands, name)) };
  const nothing = { variables: [], bins: [], homes: [], plusVersion: [] };
  return [{ ...further, ...nothing, commands, installs, ...present({ overlay }), beside: true }];
}

async function routed(
  ctx: Context,
  decided: DecidedToolchain & { readonly toolchain: Toolchain; readonly beside?: true },
  isolation: 'default' | 'strict',
): Promise<RoutedToolchain> {
  const { runtime, decision, toolchain, beside } = decided;
  const place = projectPlace(ctx, { project: decision.folder, tool: runtime.id, toolchain: toolchain.root, isolation });
  const tree = readTree(toolchain.root, toolchain.version, toolchain.platform);
  // The layout is asked twice. The first answer says which variables a single call may change; routes serve every
  // later call, so they use the lasting values.
  const env = lastingVariables(ctx, runtime.layout(tree, place).variables);
  const layout = runtime.layout(tree, { ...place, env });
  const commands = Object.fromEntries(
    Object.entries(layout.commands).map(([name, path]) => [name, join(toolchain.root, path)]),
  );
  const { overlay } = layout;
  const locked = decided.resolution?.kind === 'entry' && decided.lockPath.startsWith(`${decision.folder}/`);
  const choice = { decision, runtime, toolchain, commands, home: place.home, locked, ...present({ beside }) };
  return {
    tool: runtime.id,
    version: toolchain.version,
    toolchain: toolchain.root,
    commands,
    variables: withOurs(ctx, layout.variables),
    bins: layout.bins,
    homes: layout.homes,
    installs: layout.installs,
    shared: layout.shared ?? [],
    ...(overlay !== undefined && {
      overlay: {
        ...(await chooseOverlay(ctx, { ...choice, overlay })),
        ...present({ maker: commands[overlay.make[0]] }),
      },
    }),
    linked: toolchain.linked !== undefined,
    plusVersion: runtime.plusVersion ?? [],
  };
}
