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

/** Takes it all away. Returns the start-up files that changed, and where polyenv's authority is believed no longer. */
export async function takeSelfAway(
  ctx: Context,
  { home, settings, startups, kept }: OwnTraces,
): Promise<{ readonly changed: readonly string[]; readonly distrusted: readonly string[] }> {
  if (kept.some(({ running }) => running)) await down(ctx, [], { all: true });
  const changed: string[] = [];
  for (const startup of startups) if (await removeLines(startup)) changed.push(startup.file);
  for (const file of settings) await removeTree(file);
  const distrusted = await endGateway(ctx);
  await removeTree(home);
  // Folders that were made for these files and hold nothing else.
  for (const file of [...settings, ...changed, home])
    if (!existsSync(file)) await removeEmptyFolders(dirname(file), ctx.host.personHome);
  return { changed, distrusted };
}

/** Ends the process that serves names, and takes polyenv's authority out of what browsers trust. */
async function endGateway(ctx: Context): Promise<readonly string[]> {
  const { stopGateway } = await import('../gateway/gateway');
  const { distrustAuthority } = await import('../gateway/tls');
  await stopGateway(ctx);
  try {
    return (await distrustAuthority(ctx)).filter(({ result }) => result === 'removed').map(({ path }) => path);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    // Without certutil nothing was added either.
    return [];
  }
}
