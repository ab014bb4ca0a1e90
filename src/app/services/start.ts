import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { removeTree } from '../../adapters/files/fs';
import {
  emptySocketFolder,
  isFolderAt,
  listServices,
  readState,
  type ServiceFolder,
  writeState,
} from '../../adapters/services/folders';
import { foundHeld, type Launched, launch } from '../../adapters/services/launch';
import { lastLines, rotateLog } from '../../adapters/services/logs';
import { identifyProcess, lifeOf } from '../../adapters/services/processes';
import { askReady } from '../../adapters/services/readiness';
import { chooseUser, giveTo } from '../../adapters/services/users';
import type { ServicePlace } from '../../domain/runtime/service';
import { isSameFolder, type ServerIdentity, type ServiceState } from '../../domain/services/state';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { withoutSecrets } from '../../domain/words/without-secrets';
import type { Context } from '../base/context';
import { addressedState, checkPorts } from './address';
import { missingIn, readyData, refuseOtherLine, writeSecrets } from './data';
import { type KnownService, placeIn, readyToolchain, servicePlace, titleOf, wantedToolchain } from './known';
import { elsewhere, endLeftovers, findServer, withService } from './server';
import { sweepUpgrade } from './upgrade-sides';

export interface Difference {
  readonly text: string;
  readonly hint: string;
}

export interface Started {
  readonly known: KnownService;
  readonly state: ServiceState;
  readonly action: 'started' | 'running';
  readonly milliseconds: number;
  /** What the running server has otherwise than the manifest now asks for, each with the command that helps. */
  readonly differs: readonly Difference[];
}

/** Starts the service if it does not run, and waits until it is ready. On what runs it changes nothing. */
export async function startService(
  ctx: Context,
  known: KnownService,
  options: { readonly fresh?: true; readonly toolchain?: () => Promise<Toolchain> } = {},
): Promise<Started> {
  const began = performance.now();
  const already = await runningAsAsked(ctx, known);
  if (already !== undefined) return { ...already, milliseconds: performance.now() - began };
  const toolchain = await (options.toolchain ?? (() => readyToolchain(ctx, known)))();
  const purpose = `starting ${known.declared.name}`;
  return withService(ctx, { folder: known.folder, purpose, onFullDisk: 'fail' }, async () => {
    // Another one may have started it while we waited.
    const again = await runningAsAsked(ctx, known);
    if (again !== undefined) return { ...again, milliseconds: performance.now() - began };
    if (options.fresh === undefined) await refuseOverMoved(ctx, known);
    await refuseOtherKind(known);
    const addressed = await addressedState(ctx, known, toolchain);
    const before = (await readState(known.folder)) ?? addressed;
    await sweepUpgrade(ctx, known);
    // Where a server was stopped as it should be, nobody holds the data: if somebody does, the new one says so itself.
    if (before.server !== undefined || leftTraces(known)) await endLeftovers(ctx, known.folder, before);
    const runAs = await userFor(ctx, known, { state: before, toolchain });
    await checkPorts(ctx, known, addressed);
    const { server: _, ...ready } = await readyData(ctx, known, { ...addressed, runAs });
    const state = await launchServer(ctx, known, ready);
    return { known, state, action: 'started', milliseconds: performance.now() - began, differs: [] };
  });
}

/** Files that a server which runs, or was killed, has: only when nobody runs may they be taken away. */
function leftTraces({ folder, service }: KnownService): boolean {
  return (
    service.sockets === true || (service.stalePid !== undefined && existsSync(join(folder.data, service.stalePid)))
  );
}

/** As it was the last time, where that is still possible: asking takes longer than starting. */
async function userFor(
  ctx: Context,
  { service, folder }: KnownService,
  { state, toolchain }: { readonly state: ServiceState; readonly toolchain: Toolchain },
): Promise<ServiceState['runAs']> {
  const { runAs } = state;
  const stands = runAs.how === 'namespace' && ctx.host.uid === 0 && state.toolchain === toolchain.root;
  if (stands && (await isFolderAt(folder.data))) return runAs;
  return chooseUser(ctx.host, service.root, {
    program: join(toolchain.root, service.program),
    above: ctx.home.root,
    project: folder.project,
  });
}

/** The running server, if there is one; a server that nobody knew of is written down first. Throws `service-elsewhere`. */
async function runningAsAsked(ctx: Context, known: KnownService): Promise<Omit<Started, 'milliseconds'> | undefined> {
  const state = await readState(known.folder);
  const running = await findServer(ctx, known.folder, state);
  if (running.kind === 'elsewhere') throw elsewhere(known.folder, running.server);
  if (running.kind === 'none' || state === undefined) return undefined;
  const { server } = running;
  if (!running.known) {
    await writeState(known.folder, { ...state, server });
    await waitUntilReady(ctx, known, { state, server, ended: () => undefined });
  }
  return { known, state: { ...state, server }, action: 'running', differs: await differencesOf(ctx, known, state) };
}

async function differencesOf(ctx: Context, known: KnownService, state: ServiceState): Promise<readonly Difference[]> {
  const { declared, runtime } = known;
  const missing = missingIn(known, state);
  const others = [
    ...(runtime.id === state.kind ? [] : [`it is ${state.kind}, and the manifest says ${runtime.id}`]),
    ...(declared.port === undefined || declared.port === state.ports.main
      ? []
      : [`it listens on port ${state.ports.main}, and the manifest says ${declared.port}`]),
    ...missing.databases.map((name) => `it has no database ${name}`),
    ...missing.extensions.map((name) => `it has no extension ${name}`),
  ];
  const hint = `polyenv restart ${declared.name}`;
  const version = runtime.id === state.kind ? await versionDifference(ctx, known, state) : [];
  return [...version, ...others.map((text) => ({ text, hint }))];
}

async function versionDifference(
  ctx: Context,
  known: KnownService,
  state: ServiceState,
): Promise<readonly Difference[]> {
  const { declared, runtime, service } = known;
  const { toolchain, resolution, decision } = await wantedToolchain(ctx, known);
  const { version: asked, text } = decision.request;
  const resolved = toolchain?.version ?? (resolution?.kind === 'entry' ? resolution.entry.version : undefined);
  if (resolved === state.version) return [];
  const answers = asked.kind === 'latest' || runtime.scheme.matches(asked, { version: state.version as Version });
  if (resolved === undefined && answers) return [];
  const line = resolved === undefined ? undefined : service.line(resolved);
  const reads = line === undefined ? answers : line === state.line || service.opens?.(line, state.line) === true;
  return [
    {
      text: `it is ${runtime.id} ${state.version}, and ${resolved ?? text} is asked for`,
      hint: reads ? `polyenv restart ${declared.name}` : `polyenv upgrade ${declared.name}, which takes its data over`,
    },
  ];
}

/** Throws where a server of that toolchain would not start on the data: asked before one that runs is stopped for it. */
export async function refuseUnreadable(known: KnownService, { version }: Toolchain): Promise<void> {
  await refuseOtherKind(known);
  const state = await readState(known.folder);
  if (state !== undefined && (await isFolderAt(known.folder.data))) refuseOtherLine(known, state, version);
}

/** Data of another kind under the same name are never opened, nor passed over. */
async function refuseOtherKind({ folder, runtime, ...known }: KnownService): Promise<void> {
  const state = await readState(folder);
  if (state === undefined || state.kind === runtime.id || !(await isFolderAt(folder.data))) return;
  throw new PolyenvError(
    'data-refused',
    `${folder.name} was ${state.kind} and has its data; the manifest now says ${runtime.id}`,
    {
      where: placeIn(known),
      hint: `give the new one another name, or take the old data away: polyenv reset ${folder.name}`,
    },
  );
}

/** A project that was moved must not come to an empty database in silence. */
async function refuseOverMoved(ctx: Context, known: KnownService): Promise<void> {
  if ((await readState(known.folder)) !== undefined) return;
  const moved = await movedFrom(ctx, known.folder);
  if (moved === undefined) return;
  throw new PolyenvError('data-refused', `this project was moved: ${known.folder.name} has its data under ${moved}`, {
    where: placeIn(known),
    hint: `polyenv services adopt ${moved}, which takes them over; or an empty one: polyenv up ${known.folder.name} --fresh`,
  });
}

/** The path at which this very folder had a service of that name, where nothing is now. */
export async function movedFrom(ctx: Context, { project, name }: ServiceFolder): Promise<string | undefined> {
  const { folderIdentity } = await import('../../adapters/services/folders');
  const here = await folderIdentity(project);
  for (const { folder, state } of await listServices(ctx.home)) {
    const same = state !== undefined && isSameFolder(state.project, here);
    if (folder.name === name && same && folder.project !== project && !(await isFolderAt(folder.project))) {
      return folder.project;
    }
  }
  return undefined;
}

/** Starts the server on data that are ready, and waits for it. The state names it before it is waited for. */
export async function launchServer(ctx: Context, known: KnownService, state: ServiceState): Promise<ServiceState> {
  const { folder, service } = known;
  const at = servicePlace(ctx, known, { state, databases: state.databases, extensions: state.extensions });
  const { secrets = {}, ...command } = service.start(at);
  await writeSecrets(folder.secrets, secrets, state.runAs);
  if (service.stalePid !== undefined) await removeTree(join(folder.data, service.stalePid));
  if (service.sockets === true) await giveTo(state.runAs, await emptySocketFolder(ctx.host, folder));
  await rotateLog(folder);
  if (!isDeepStrictEqual(await readState(folder), state)) await writeState(folder, state);
  const marked = (await lastLines(folder, 1))[0];
  const launched = await launch(folder, command, { runAs: state.runAs, home: folder.secrets });
  const server = await identifyProcess(ctx.host, launched.pid);
  const named: ServiceState = server === undefined ? state : { ...state, server };
  // Until this is written, the process id that the server wrote of itself says who it is. So both may take their time
  // at once.
  const written = server === undefined ? Promise.resolve() : writeState(folder, named);
  written.catch(() => undefined);
  await waitUntilReady(ctx, known, { state: named, server, ended: launched.ended, written, ...(marked && { marked }) });
  await written;
  return named;
}

interface Waiting {
  readonly state: ServiceState;
  readonly server: ServerIdentity | undefined;
  readonly ended: Launched['ended'];
  /** Settles when the state that names it stands. */
  readonly written?: Promise<void>;
  /** The last line of its log before it was started. */
  readonly marked?: string;
}

/** Throws `service-failed` if it ends before it is ready, `service-slow` if it takes too long: then it is left to go on. */
async function waitUntilReady(ctx: Context, known: KnownService, waiting: Waiting): Promise<void> {
  const { folder, service } = known;
  const { state, server, ended } = waiting;
  const at: ServicePlace = servicePlace(ctx, known, {
    state,
    databases: state.databases,
    extensions: state.extensions,
  });
  // A pid file was taken away before this start, so it is of this one, whatever clocks say: they are set, and a server may be adopted late.
  const ownFile = service.ready.by === 'file' && service.ready.path === service.stalePid;
  const started = { pid: server?.pid ?? 0, at: ownFile || server === undefined ? 0 : Date.parse(server.since) };
  const deadline = performance.now() + service.ready.seconds * 1000;
  for (let delay = 4; ; delay = Math.min(delay * 1.3, 100)) {
    const lives = server !== undefined && ended() === undefined && (await lifeOf(ctx.host, server)) === 'alive';
    if (!lives) throw await failedStart(known, waiting);
    const said = await askReady(service.ready, at, started);
    // Counts only while the server lives: the files of a killed one say `ready` too.
    if (said === 'ready' && ended() === undefined && (await lifeOf(ctx.host, server)) === 'alive') return;
    if (said === 'foreign') throw await failedStart(known, waiting);
    if (performance.now() >= deadline) {
      throw new PolyenvError(
        'service-slow',
        `${titleOf(known)} is not ready after ${service.ready.seconds} s, and lives (pid ${server.pid})`,
        {
          where: { file: folder.log },
          hint: `see what it does, it may be recovering: polyenv logs ${folder.name} -f`,
        },
      );
    }
    await new Promise((resume) => setTimeout(resume, delay));
  }
}

async function failedStart(known: KnownService, { state, ended, written, marked }: Waiting): Promise<PolyenvError> {
  const { folder } = known;
  if (foundHeld(ended())) return elsewhere(folder, undefined);
  const { server: _, ...without } = state;
  await written?.catch(() => undefined);
  await writeState(folder, without).catch(() => undefined);
  const lines = await lastLines(folder, 40);
  const fresh = marked === undefined ? lines : lines.slice(lines.lastIndexOf(marked) + 1);
  const said = fresh.slice(-12).map((line) => withoutSecrets(line, [state.password]));
  return new PolyenvError('service-failed', `${titleOf(known)} ended before it was ready`, {
    said,
    where: placeIn(known),
    hint: `all that it said: polyenv logs ${folder.name}`,
  });
}
