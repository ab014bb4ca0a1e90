import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { removeEmptyFolders, removeTree } from '../../adapters/files/fs';
import { settingsFile } from '../../adapters/home/settings';
import { holdsLines, removeLines, SHELLS, type StartupFile, startupFile } from '../../adapters/routes/startup-file';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { type KeptService, keptServices } from '../services/care';
import { down } from '../services/down';

/** Everything that polyenv ever made on this machine. */
export interface OwnTraces {
  /** POLYENV_HOME. */
  readonly home: string;
  /** Settings files that are there; none where they are to stay. */
  readonly settings: readonly string[];
  /** Start-up files with lines of polyenv. */
  readonly startups: readonly StartupFile[];
  /** Lists of browsers that hold polyenv's authority, by their paths. */
  readonly trusting: readonly string[];
  /** Services that run or have data, which go too. */
  readonly kept: readonly KeptService[];
}

export async function findOwnTraces(ctx: Context, keep: 'settings' | 'nothing'): Promise<OwnTraces> {
  const startups: StartupFile[] = [];
  for (const shell of SHELLS) {
    const startup = startupFile(ctx.host, ctx.home, { shell, activate: 'shims' });
    if (await holdsLines(startup)) startups.push(startup);
  }
  const kept = await keptServices(ctx);
  return {
    home: ctx.home.root,
    settings: keep === 'settings' ? [] : [settingsFile(ctx.host)].filter(existsSync),
    startups,
    trusting: await trustingLists(ctx),
    kept: kept.filter(({ data, snapshots, running }) => running || data + snapshots > 0),
  };
}

async function trustingLists(ctx: Context): Promise<readonly string[]> {
  const { lookAtStores } = await import('../gateway/tls');
  try {
    return (await lookAtStores(ctx)).filter(({ state }) => state === 'trusted').map(({ path }) => path);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    // An authority that cannot be read is found in no list, and goes with the home.
    return [];
  }
}

/** A browser's list that still holds polyenv's authority, or may. */
export interface LeftList {
  readonly path: string;
  /** Why it does. */
  readonly said: string;
  /** The name of the authority there. */
  readonly name: string;
}

export interface TakenAway {
  /** Start-up files that changed. */
  readonly changed: readonly string[];
  /** Lists that polyenv's authority was in. */
  readonly distrusted: readonly string[];
  readonly left: readonly LeftList[];
}

/** Takes it all away, but for what is in `left`. */
export async function takeSelfAway(ctx: Context, { home, settings, startups, kept }: OwnTraces): Promise<TakenAway> {
  if (kept.some(({ running }) => running)) await down(ctx, [], { all: true });
  const changed: string[] = [];
  for (const startup of startups) if (await removeLines(startup)) changed.push(startup.file);
  for (const file of settings) await removeTree(file);
  const lists = await endGateway(ctx);
  await removeTree(home);
  // Folders that were made for these files and hold nothing else.
  for (const file of [...settings, ...changed, home])
    if (!existsSync(file)) await removeEmptyFolders(dirname(file), ctx.host.personHome);
  return { changed, ...lists };
}

/** Ends the process that serves names, and takes polyenv's authority out of what browsers trust. */
async function endGateway(ctx: Context): Promise<Pick<TakenAway, 'distrusted' | 'left'>> {
  const { stopGateway } = await import('../gateway/gateway');
  const { distrustAuthority, storesThatName } = await import('../gateway/tls');
  await stopGateway(ctx);
  try {
    const changed = await distrustAuthority(ctx);
    return {
      distrusted: changed.filter(({ result }) => result === 'removed').map(({ path }) => path),
      left: changed.flatMap(({ result, path, said = '', name }) => (result === 'failed' ? [{ path, said, name }] : [])),
    };
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    // An authority that cannot be read, or no certutil: what a list holds is looked up in its bytes.
    const left = await storesThatName(ctx);
    return { distrusted: [], left: left.map((store) => ({ ...store, said: error.message })) };
  }
}
