import { join } from 'node:path';
import { environmentFolder, joinInside } from '../../adapters/home/paths';
import { defaultsFolder, readEnvironments } from '../../adapters/routes/environments';
import { type DiskMeter, openDiskMeter } from '../../adapters/store/disk-use';
import { listToolchains } from '../../adapters/store/store';
import type { Context } from '../base/context';
import { keptServices } from '../services/care';

/** What polyenv's home takes on disk, in bytes. A file with several names counts once, where it is met first. */
export interface Sizes {
  readonly home: string;
  readonly toolchains: readonly ToolchainSize[];
  readonly environments: readonly EnvironmentSize[];
  readonly services: readonly ServiceSize[];
  /** What tools installed and cached in private homes of projects that have no routes any more. */
  readonly orphans: number;
  /** Indexes and polyenv's own compiled code. */
  readonly cache: number;
  /** Archives that are half downloaded. */
  readonly downloads: number;
  /** What is being unpacked, or was left by a killed command. */
  readonly unfinished: number;
  /** Launcher, shims, locks, settings, trust, history, and what else is there. */
  readonly other: number;
  readonly total: number;
}

export interface ToolchainSize {
  readonly key: string;
  readonly tool: string;
  readonly version: string;
  readonly root: string;
  /** Of a linked one its receipt only: the rest is not polyenv's. */
  readonly bytes: number;
  readonly linked: boolean;
  /** Folders of the projects whose routes lead to it. */
  readonly usedBy: readonly string[];
}

/** Of one project's folder: its compiled routes, and what its tools installed and cached in its private homes. */
export interface EnvironmentSize {
  readonly folder: string;
  readonly routes: number;
  readonly homes: number;
  readonly bytes: number;
}

/** Data and snapshots of one service, and its logs. */
export interface ServiceSize {
  readonly name: string;
  readonly kind: string;
  readonly project: string;
  readonly gone: boolean;
  readonly running: boolean;
  readonly bytes: number;
}

/** Time and memory grow as the number of files in polyenv's home, and no faster. */
export async function measureHome(ctx: Context): Promise<Sizes> {
  const { home } = ctx;
  const meter = openDiskMeter();
  const toolchains = await toolchainSizes(ctx, meter);
  const environments = await environmentSizes(ctx, meter);
  const services = await serviceSizes(ctx, meter);
  const homes = environments.reduce((sum, one) => sum + one.homes, 0);
  const orphans = Math.max(0, (await openDiskMeter().measure(home.homes)) - homes);
  const cache = await meter.measure(home.cache);
  const downloads = await meter.measure(home.downloads);
  const unfinished = await meter.measure(home.tmp);
  const told = [...toolchains, ...environments, ...services].reduce((sum, { bytes }) => sum + bytes, 0);
  const total = await openDiskMeter().measure(home.root);
  const other = Math.max(0, total - told - orphans - cache - downloads - unfinished);
  return { home: home.root, toolchains, environments, services, orphans, cache, downloads, unfinished, other, total };
}

async function serviceSizes(ctx: Context, meter: DiskMeter): Promise<readonly ServiceSize[]> {
  const found: ServiceSize[] = [];
  for (const { folder, kind, gone, running } of await keptServices(ctx)) {
    found.push({
      name: folder.name,
      kind,
      project: folder.project,
      gone,
      running,
      bytes: await meter.measure(folder.root),
    });
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}

async function environmentSizes({ home }: Context, meter: DiskMeter): Promise<readonly EnvironmentSize[]> {
  const found: EnvironmentSize[] = [];
  for (const { directory, of } of await readEnvironments(home)) {
    const routes = await meter.measure(of === 'defaults' ? defaultsFolder(home) : environmentFolder(home, directory));
    const homes = await meter.measure(join(joinInside(home.homes, `.${directory}`), '.polyenv'));
    found.push({ folder: directory, routes, homes, bytes: routes + homes });
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}

async function toolchainSizes(ctx: Context, meter: DiskMeter): Promise<readonly ToolchainSize[]> {
  const { home } = ctx;
  const users = new Map<string, string[]>();
  for (const { directory, runtimes } of await readEnvironments(home)) {
    for (const { toolchain } of runtimes) users.set(toolchain, [...(users.get(toolchain) ?? []), directory]);
  }
  const found: ToolchainSize[] = [];
  for (const { key, tool, version, root, linked } of await listToolchains(home)) {
    // As `ls` and `info` say it; of a linked one only the receipt is polyenv's.
    const bytes = await meter.measure(linked === undefined ? root : join(home.store, `${key}.json`));
    found.push({ key, tool, version, root, bytes, linked: linked !== undefined, usedBy: users.get(root) ?? [] });
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}
