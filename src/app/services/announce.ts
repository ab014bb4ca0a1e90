import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { listServicesOf } from '../../adapters/services/folders';
import type { Manifest } from '../../domain/project/manifest';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { type Announced, announceNames, forgetNames, listNames, type ServicePort } from '../gateway/names';
import { nearestManifests } from '../project/trusted';
import { servicePlace } from './known';

/** Has the names of the folder's project served, those of its services' pages too. Empty where no manifest has names. */
export async function announceProject(ctx: Context): Promise<readonly Announced[]> {
  const manifest = await namingManifest(ctx);
  return manifest === undefined ? [] : announceManifest(ctx, manifest);
}

export async function announceManifest(ctx: Context, manifest: Manifest): Promise<readonly Announced[]> {
  return announceNames(ctx, manifest, await portsOf(ctx, realpathSync(dirname(manifest.path))));
}

/** The names of the folder's project, or of all, as they were last announced. */
export async function namesOf(ctx: Context, all: true | undefined): ReturnType<typeof listNames> {
  if (all) return listNames(ctx);
  const manifest = await namingManifest(ctx);
  return manifest === undefined ? [] : listNames(ctx, dirname(manifest.path));
}

/** The names of the folder's project belong to nobody from now on. */
export async function forgetHere(ctx: Context): Promise<void> {
  const manifest = await namingManifest(ctx);
  if (manifest !== undefined) await forgetNames(ctx, dirname(manifest.path));
}

/** The nearest one: of the two of a folder, the one that has names. */
export async function namingManifest(ctx: Context): Promise<Manifest | undefined> {
  return (await nearestManifests(ctx)).find(({ domains }) => domains.length > 0);
}

async function portsOf(ctx: Context, project: string): Promise<readonly ServicePort[]> {
  const runtimes = await loadRuntimes();
  return (await listServicesOf(ctx.home, project)).flatMap(({ folder, state }): readonly ServicePort[] => {
    const runtime = runtimes.find(({ id }) => id === state?.kind);
    const service = runtime?.service;
    if (state === undefined || runtime === undefined || service === undefined) return [];
    const { databases, extensions } = state;
    const page = service.page?.(servicePlace(ctx, { folder, runtime, service }, { state, databases, extensions }));
    const port = page === undefined ? undefined : Number(new URL(page).port);
    return [{ name: folder.name, port: state.ports.main, ...(port !== undefined && port > 0 && { page: port }) }];
  });
}
