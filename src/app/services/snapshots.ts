import { randomBytes } from 'node:crypto';
import { rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../adapters/files/durable';
import { ensureFolder, namesIn, readTextIfAny, removeTree } from '../../adapters/files/fs';
import { joinInside } from '../../adapters/home/paths';
import { copyTree } from '../../adapters/services/copies';
import { isFolderAt, readState, type ServiceFolder, writeState } from '../../adapters/services/folders';
import { bytesBelow } from '../../adapters/services/sizes';
import { asArray, asObject, asString, optional } from '../../domain/formats/decoders';
import type { ServiceState } from '../../domain/services/state';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { orNearest } from '../../domain/words/nearest';
import { present } from '../../domain/words/present';
import { quoted } from '../../domain/words/printable';
import type { Context } from '../base/context';
import { versionOf } from '../toolchains/decided-toolchain';
import { lineOfData, lineOfFolder, settleRestore } from './data';
import { type KnownService, placeIn, readyToolchain, wantedToolchain, withoutData } from './known';
import { elsewhere, endLeftovers, findServer, withService } from './server';
import { launchServer } from './start';
import { endServer } from './stop';
import { sweepUpgrade } from './upgrade-sides';

export interface Snapshot {
  readonly name: string;
  /** ISO time. */
  readonly taken: string;
  readonly version: string;
  readonly line: string;
  readonly bytes?: number;
  /** What they hold, where it is known. */
  readonly databases?: readonly string[];
  readonly extensions?: readonly string[];
}

/** In the order in which they were taken. What a killed one left is none: only a whole one has its name. */
export async function listSnapshots(folder: ServiceFolder): Promise<readonly Snapshot[]> {
  const found: Snapshot[] = [];
  for (const name of await namesIn(folder.snapshots)) {
    if (!SNAPSHOT_NAME.test(name)) continue;
    const root = join(folder.snapshots, name);
    const bytes = bytesBelow(join(root, 'data'));
    if (bytes === undefined) continue;
    const about = await readAbout(root);
    found.push({ name, ...about, bytes });
  }
  return found.toSorted((a, b) => (a.taken < b.taken ? -1 : 1));
}

/** Under which name `takeSnapshot` would keep the data, and whether it would stop a server for it. Throws what that throws. */
export async function planSnapshot(
  ctx: Context,
  known: KnownService,
  name: string | undefined,
): Promise<{ readonly name: string; readonly running: boolean }> {
  const { folder } = known;
  const chosen = name ?? timeName(ctx.host.now());
  checkName(chosen);
  const state = await readState(folder);
  if (state === undefined || !(await isFolderAt(folder.data))) throw withoutData(known);
  await refuseTaken(folder, chosen);
  return { name: chosen, running: (await findServer(ctx, folder, state)).kind === 'server' };
}

/** Keeps the data as they are now, under a name; the server is stopped for as long as the copy takes. */
export async function takeSnapshot(
  ctx: Context,
  known: KnownService,
  name: string | undefined,
): Promise<Snapshot & { readonly milliseconds: number }> {
  const { folder } = known;
  const chosen = name ?? timeName(ctx.host.now());
  checkName(chosen);
  const target = joinInside(folder.snapshots, chosen);
  return whileStopped(ctx, known, 'taking a snapshot', async (state) => {
    await refuseTaken(folder, chosen);
    const began = performance.now();
    const taken = ctx.host.now().toISOString();
    const { version, platform, databases, extensions } = state;
    const about = { taken, version, line: lineOfData(known, state), platform, databases, extensions };
    const making = join(folder.snapshots, `${chosen}.making`);
    await removeTree(making);
    await ensureFolder(making);
    try {
      await copyTree(ctx.host, folder.data, join(making, 'data'));
      await writeFile(join(making, 'about.json'), `${JSON.stringify(about)}\n`);
      await syncFolder(making);
      await rename(making, target);
    } catch (error) {
      await removeTree(making).catch(() => undefined);
      throw error;
    }
    const bytes = bytesBelow(join(target, 'data'));
    return { name: chosen, ...about, ...present({ bytes }), milliseconds: performance.now() - began };
  });
}

async function refuseTaken(folder: ServiceFolder, name: string): Promise<void> {
  if (!(await isFolderAt(joinInside(folder.snapshots, name)))) return;
  throw new PolyenvError('usage', `${folder.name} has a snapshot ${name} already`, {
    hint: `choose another name, or take that one away: polyenv snapshot ${folder.name} --remove ${name}`,
  });
}

/** Puts a snapshot in the place of the data, which are kept as a snapshot of their own. Says under which name. */
export async function restoreSnapshot(
  ctx: Context,
  known: KnownService,
  name: string | undefined,
): Promise<{ readonly restored: string; readonly kept: string | undefined; readonly milliseconds: number }> {
  const { folder } = known;
  const chosen = await chosenSnapshot(folder, name);
  const source = join(folder.snapshots, chosen.name, 'data');
  const wrote = lineOfFolder(known.service, source) ?? chosen.line;
  const reader = await readerOf(ctx, known, { name: chosen.name, wrote });
  return whileStopped(ctx, known, 'restoring', async (state) => {
    const began = performance.now();
    const incoming = join(folder.root, `data.copying-${randomBytes(4).toString('hex')}`);
    try {
      await copyTree(ctx.host, source, incoming);
      await syncFolder(folder.root);
      const kept = (await isFolderAt(folder.data))
        ? await freeName(folder, `before-restore-${timeName(ctx.host.now())}`)
        : undefined;
      // Killed between these, the next start puts the old data back: never an empty database in their place.
      if (kept !== undefined) await rename(folder.data, folder.restoring);
      await rename(incoming, folder.data);
      await syncFolder(folder.root);
      if (kept !== undefined) await keepReplaced(ctx, known, { kept, state });
      const { databases = state.databases, extensions = state.extensions } = chosen;
      const line = wrote === '' ? state.line : wrote;
      await writeState(folder, { ...state, ...reader, line, databases, extensions });
      return { restored: chosen.name, kept, milliseconds: performance.now() - began };
    } catch (error) {
      await settleRestore(ctx, folder);
      await removeTree(incoming).catch(() => undefined);
      throw error;
    }
  });
}

/**
 * The version that is to open the snapshot, where it is not the one that opened the data last: what the manifest asks for now.
 * Throws `data-line` where that does not read it either.
 */
async function readerOf(
  ctx: Context,
  known: KnownService,
  { name, wrote }: { readonly name: string; readonly wrote: string },
): Promise<Partial<Pick<ServiceState, 'version' | 'toolchain'>>> {
  const { folder, service, runtime } = known;
  const state = await readState(folder);
  const reads = (version: Version): boolean => {
    const line = service.line(version);
    return wrote === line || service.opens?.(line, wrote) === true;
  };
  if (state === undefined || reads(state.version as Version)) return {};
  const refused = (version: Version): PolyenvError =>
    new PolyenvError(
      'data-line',
      `snapshot ${name} was written by ${runtime.id} ${wrote}, and ${version} is asked for`,
      {
        where: placeIn(known),
        hint: `ask for ${runtime.id}@${wrote} there, then polyenv restore ${folder.name} ${name}`,
      },
    );
  // Before anything is downloaded for it, where that is known.
  const asked = versionOf(await wantedToolchain(ctx, known));
  if (asked !== undefined && !reads(asked)) throw refused(asked);
  const { version, root } = await readyToolchain(ctx, known);
  if (!reads(version)) throw refused(version);
  return { version, toolchain: root };
}

/** What stands aside as `data.restoring` becomes a snapshot. */
export async function keepReplaced(
  ctx: Context,
  known: KnownService,
  { kept, state }: { readonly kept: string; readonly state: ServiceState },
): Promise<void> {
  const { folder } = known;
  const root = join(folder.snapshots, kept);
  await ensureFolder(root);
  const line = lineOfFolder(known.service, folder.restoring) ?? state.line;
  const { version, platform, databases, extensions } = state;
  const about = { taken: ctx.host.now().toISOString(), version, line, platform, databases, extensions };
  await writeFile(join(root, 'about.json'), `${JSON.stringify(about)}\n`);
  await rename(folder.restoring, join(root, 'data'));
}

export async function removeSnapshot(folder: ServiceFolder, name: string): Promise<Snapshot> {
  const chosen = await chosenSnapshot(folder, name);
  const gone = join(folder.snapshots, `${chosen.name}.making`);
  await removeTree(gone);
  await rename(join(folder.snapshots, chosen.name), gone);
  await removeTree(gone);
  return chosen;
}

/** The one of that name, else the newest that somebody took. Throws `usage` where there is none. */
export async function chosenSnapshot(folder: ServiceFolder, name: string | undefined): Promise<Snapshot> {
  const all = await listSnapshots(folder);
  const own = all.filter((one) => !one.name.startsWith('before-restore-'));
  const found = name === undefined ? own.at(-1) : all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const otherwise =
    all.length === 0 ? `polyenv snapshot ${folder.name} takes one` : `polyenv snapshot ${folder.name} --list`;
  throw new PolyenvError(
    'usage',
    name === undefined ? `${folder.name} has no snapshot` : `${folder.name} has no snapshot ${quoted(name)}`,
    orNearest(
      name ?? '',
      all.map((one) => one.name),
      otherwise,
    ),
  );
}

/** Stops the server if it runs, does the work under the service's lock, and starts it again if it ran: also when the work fails. */
export async function whileStopped<T>(
  ctx: Context,
  known: KnownService,
  doing: string,
  work: (state: ServiceState) => Promise<T>,
): Promise<T> {
  const { folder, service } = known;
  const purpose = `${doing}: ${folder.name}`;
  return withService(ctx, { folder, purpose, onFullDisk: 'fail' }, async () => {
    const state = await readState(folder);
    if (state === undefined || !((await isFolderAt(folder.data)) || (await isFolderAt(folder.restoring)))) {
      throw withoutData(known);
    }
    const running = await findServer(ctx, folder, state);
    if (running.kind === 'elsewhere') throw elsewhere(folder, running.server);
    if (running.kind === 'server') {
      await endServer(ctx, { folder, stop: service.stop, state, server: running.server }, {});
    } else {
      await sweepUpgrade(ctx, known);
      await endLeftovers(ctx, folder, state);
    }
    const { server: _, ...stopped } = state;
    await writeState(folder, stopped);
    await settleRestore(ctx, folder);
    try {
      return await work(stopped);
    } finally {
      if (running.kind === 'server') await launchServer(ctx, known, (await readState(folder)) ?? stopped);
    }
  });
}

/** Of a snapshot: it names a folder. */
const SNAPSHOT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function checkName(name: string): void {
  // guard: snapshot-name
  if (!SNAPSHOT_NAME.test(name) || name.endsWith('.making')) {
    throw new PolyenvError('usage', `${quoted(name)} is no name for a snapshot: letters, digits and . _ - make one`, {
      hint: 'polyenv snapshot db before-migration',
    });
  }
}

/** Two restores of one second keep two copies. */
async function freeName({ snapshots }: ServiceFolder, name: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const one = count === 1 ? name : `${name}-${count}`;
    if (!(await isFolderAt(join(snapshots, one)))) return one;
  }
}

/** `2026-11-29-14-05-09`. */
export function timeName(now: Date): string {
  return now.toISOString().slice(0, 19).replace(/[T:]/g, '-');
}

const decodeAbout = asObject({
  taken: asString,
  version: asString,
  line: asString,
  databases: optional(asArray(asString)),
  extensions: optional(asArray(asString)),
});

async function readAbout(root: string): Promise<Omit<Snapshot, 'name' | 'bytes'>> {
  try {
    const { databases, extensions, ...about } = decodeAbout(
      JSON.parse((await readTextIfAny(join(root, 'about.json'))) ?? ''),
    );
    return { ...about, ...present({ databases, extensions }) };
  } catch {
    const { mtime } = await stat(root);
    return { taken: mtime.toISOString(), version: '', line: '' };
  }
}
