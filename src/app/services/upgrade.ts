import { rename } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { syncFolder } from '../../adapters/files/durable';
import { copyTree } from '../../adapters/services/copies';
import { isFolderAt, readState, writeState } from '../../adapters/services/folders';
import { pipeCommand } from '../../adapters/services/pipes';
import type { ServiceState } from '../../domain/services/state';
import { EMPTY_LOCKFILE } from '../../domain/toolchain/lockfile';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { parseToolRequest } from '../../domain/versions/tool-request';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import type { Context } from '../base/context';
import { provide } from '../toolchains/provide';
import { temporaryPort } from './address';
import { BEFORE_UPGRADE } from './care';
import { lineOfData, readyData } from './data';
import { publishExports } from './exports';
import {
  type KnownService,
  placeIn,
  readyToolchain,
  servicePlace,
  titleOf,
  wantedDatabases,
  wantedToolchain,
  withoutData,
} from './known';
import { keepReplaced, timeName, whileStopped } from './snapshots';
import { launchServer } from './start';
import { endServer } from './stop';
import { databasesIn, failed, transferOf } from './transfer';
import { sides, sweepUpgrade } from './upgrade-sides';

export interface UpgradedService {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** `data`: taken over through a dump; `opened`: the newer server opens them itself; `none`: they are of that line. */
  readonly how: 'data' | 'opened' | 'none';
  readonly databases: readonly string[];
  /** The snapshot that holds the data as they were. */
  readonly kept: string | undefined;
  readonly milliseconds: number;
}

/** What `upgradeService` would do. */
export async function planServiceUpgrade(
  ctx: Context,
  known: KnownService,
): Promise<Pick<UpgradedService, 'name' | 'from' | 'to' | 'how'> | undefined> {
  const state = await readState(known.folder);
  if (state === undefined || !(await isFolderAt(known.folder.data))) return undefined;
  const { toolchain, resolution, decision } = await wantedToolchain(ctx, known);
  const to = toolchain?.version ?? (resolution?.kind === 'entry' ? resolution.entry.version : undefined);
  const line = to === undefined ? decision.request.text : known.service.line(to);
  const from = lineOfData(known, state);
  const how = from === line ? 'none' : known.service.opens?.(line, from) === true ? 'opened' : 'data';
  return { name: known.declared.name, from: state.version, to: to ?? decision.request.text, how };
}

/**
 * Brings the data to the line of versions that is now asked for: a new, empty server beside the old one, the content
 * handed from one to the other by the newer clients, then the folders changed places. The old data are kept. While it
 * goes on both listen on ports that nobody knows, so that nothing is written that would be lost.
 */
export async function upgradeService(ctx: Context, known: KnownService): Promise<UpgradedService> {
  if (!(await isFolderAt(known.folder.data))) throw withoutData(known);
  const toolchain = await readyToolchain(ctx, known);
  const began = performance.now();
  const before = await readState(known.folder);
  // Nobody is stopped where there is nothing to do.
  if (before !== undefined && isOf(known, before, toolchain)) {
    const { version } = before;
    return {
      name: known.folder.name,
      from: version,
      to: version,
      how: 'none',
      databases: [],
      kept: undefined,
      milliseconds: 0,
    };
  }
  const result = await whileStopped(ctx, known, 'upgrading', async (state) => {
    await sweepUpgrade(ctx, known);
    const { folder, service } = known;
    const line = service.line(toolchain.version);
    const wrote = lineOfData(known, state);
    const next: ServiceState = { ...state, version: toolchain.version, toolchain: toolchain.root, line };
    const base = { name: folder.name, from: state.version, to: toolchain.version };
    if (wrote === line) {
      await writeState(folder, next);
      return { ...base, how: 'none', databases: [], kept: undefined } as const;
    }
    const kept = `${BEFORE_UPGRADE}${timeName(ctx.host.now())}`;
    if (service.opens?.(line, wrote) === true) {
      await copyTree(ctx.host, folder.data, folder.restoring);
      await keepReplaced(ctx, known, { kept, state });
      await writeState(folder, next);
      return { ...base, how: 'opened', databases: state.databases, kept } as const;
    }
    const databases = await takeOver(ctx, known, { state, next, wrote, toolchain, kept });
    return { ...base, how: 'data', databases, kept } as const;
  });
  await publishExports(ctx, known.folder.project);
  return { ...result, milliseconds: performance.now() - began };
}

/** Whether that very toolchain runs the data, or would at the next start. */
function isOf(known: KnownService, state: ServiceState, { version, root }: Toolchain): boolean {
  return (
    state.version === version && state.toolchain === root && lineOfData(known, state) === known.service.line(version)
  );
}

interface TakingOver {
  readonly state: ServiceState;
  readonly next: ServiceState;
  readonly wrote: string;
  readonly toolchain: Toolchain;
  readonly kept: string;
}

async function takeOver(ctx: Context, known: KnownService, of: TakingOver): Promise<readonly string[]> {
  const { folder, service } = known;
  const { state, next, toolchain } = of;
  const former = await formerToolchain(ctx, known, of);
  const [old, fresh] = sides(known);
  const oldState: ServiceState = {
    ...state,
    version: former.version,
    toolchain: former.root,
    ports: await portsFor(ctx, state, 'upgrade from'),
  };
  const freshState: ServiceState = {
    ...next,
    ports: await portsFor(ctx, state, 'upgrade to'),
    databases: [],
    extensions: [],
  };
  const { databases: had, extensions } = state;
  try {
    ctx.emit({ type: 'note', text: `starting ${known.runtime.id} ${former.version} for itself` });
    const first = await launchServer(ctx, old, oldState);
    const from = servicePlace(ctx, old, { state: first, databases: had, extensions, clients: toolchain });
    const dumps = transferOf(old, from);
    const there = await databasesIn(ctx, old, { at: from, transfer: dumps });
    const databases = [...new Set([...wantedDatabases(known), ...there])];
    for (const name of databases) refuseName(known, name);
    const wanting = { ...fresh, declared: { ...fresh.declared, databases, extensions: [] } };
    const made = await readyData(ctx, wanting, freshState);
    const second = await launchServer(ctx, wanting, made);
    const to = servicePlace(ctx, wanting, { state: second, databases, extensions });
    const loads = transferOf(wanting, to);
    for (const database of dumps.list === undefined ? [had[0] ?? known.declared.name] : there) {
      ctx.emit({ type: 'note', text: `taking over ${database}` });
      const pipe = new PassThrough();
      const [out, into] = await Promise.all([
        pipeCommand(ctx.host, dumps.dump(database), { to: pipe }).finally(() => pipe.end()),
        pipeCommand(ctx.host, loads.load(database, new Uint8Array()), { from: pipe }),
      ]);
      if (out.exit !== 0) throw failed(known, from, { doing: `the dump of ${database}`, ...out });
      if (into.exit !== 0) throw failed(known, to, { doing: `taking over ${database}`, ...into });
    }
    for (const [side, named] of [
      [old, first],
      [wanting, second],
    ] as const) {
      if (named.server !== undefined) {
        await endServer(ctx, { folder: side.folder, stop: service.stop, state: named, server: named.server }, {});
      }
    }
    await syncFolder(fresh.folder.data);
    // Killed between these, the next start puts the old data back.
    await rename(folder.data, folder.restoring);
    await rename(fresh.folder.data, folder.data);
    await syncFolder(folder.root);
    await writeState(folder, { ...next, ports: state.ports, databases, extensions });
    await keepReplaced(ctx, known, { kept: of.kept, state });
    return databases;
  } finally {
    await sweepUpgrade(ctx, known);
  }
}

/** The version that wrote the data: as it was last used, else the newest of that line. */
async function formerToolchain(
  ctx: Context,
  { runtime, service }: KnownService,
  { state, wrote }: TakingOver,
): Promise<Pick<Toolchain, 'root' | 'version'>> {
  const version = state.version as Version;
  if (service.line(version) === wrote && (await isFolderAt(state.toolchain))) return { root: state.toolchain, version };
  const asked = service.line(version) === wrote ? version : wrote;
  const request = parseToolRequest(`${runtime.id}@${asked}`, () => runtime);
  return (await provide(ctx, { runtime, request, lock: EMPTY_LOCKFILE })).toolchain;
}

async function portsFor(ctx: Context, { ports }: ServiceState, key: string): Promise<ServiceState['ports']> {
  const names = Object.keys(ports).filter((name) => name !== 'main');
  const others: Record<string, number> = {};
  for (const name of names) others[name] = await temporaryPort(ctx, `${key} ${name} ${ctx.host.pid}`);
  return { ...others, main: await temporaryPort(ctx, `${key} ${ctx.host.pid}`) };
}

/** Names that a person gave in the database itself stand in SQL of ours. */
function refuseName(known: KnownService, name: string): void {
  if (!/["'`\\\p{Cc}]/u.test(name)) return;
  throw new PolyenvError(
    'data-refused',
    `${titleOf(known)} has a database called ${quoted(name)}, which cannot be taken over`,
    {
      where: placeIn(known),
      hint: 'give it another name first, with the old version',
    },
  );
}
