import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../../adapters/children/capture';
import { ensureFolder, sortedNames } from '../../adapters/files/fs';
import { scrubbedEnv } from '../../adapters/system/spawn';
import type { RoutedOverlay, RoutedToolchain } from '../../domain/routes/environment';
import { leadingNumbers } from '../../domain/runtime/lifecycle';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

export const MAKE_TIMEOUT = 180_000;

/** A runtime whose layout has a `.venv`. */
export type WithOverlay = RoutedToolchain & { readonly overlay: RoutedOverlay };

/** Has it made, and meanwhile puts what a new one holds from the start (pip) into it; what failed, in a line. */
export async function makeSeeded(
  ctx: Context,
  runtime: WithOverlay,
  make: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const { overlay } = runtime;
  if (overlay.seeds?.site === undefined || overlay.seeds.wheels.length === 0)
    return (await make()) ?? seedOverlay(ctx, runtime);
  const site = join(overlay.path, overlay.seeds.site);
  // Both find the folders there, so that neither makes one while the other does.
  for (const folder of [site, join(overlay.path, overlay.bin)]) await ensureFolder(folder);
  const [made, seeded] = await Promise.allSettled([make(), unpackSeeds(ctx, runtime, site)]);
  if (made.status === 'rejected') throw made.reason;
  if (seeded.status === 'rejected') throw seeded.reason;
  return made.value ?? (seeded.value ? undefined : installSeeds(ctx, runtime));
}

/** Puts what a new one holds from the start into one that stands; what failed, in a line. */
export async function seedOverlay(ctx: Context, runtime: WithOverlay): Promise<string | undefined> {
  const { overlay } = runtime;
  if (overlay.seeds === undefined) return undefined;
  const [site] = sortedNames(join(overlay.path, 'lib'))
    .map((name) => join(overlay.path, 'lib', name, 'site-packages'))
    .filter((path) => existsSync(path));
  const unpacked = site !== undefined && (await unpackSeeds(ctx, runtime, site));
  return unpacked ? undefined : installSeeds(ctx, runtime);
}

/** Whether the toolchain's wheels are in `site`. */
async function unpackSeeds(ctx: Context, { overlay, toolchain, version }: WithOverlay, site: string): Promise<boolean> {
  const bin = join(overlay.path, overlay.bin);
  const interpreter = join(bin, overlay.make[0]);
  const wheels = (overlay.seeds?.wheels ?? []).map((path) => join(toolchain, path));
  if (wheels.length === 0) return false;
  try {
    const { installWheel } = await import('../../adapters/archives/wheel');
    const line = leadingNumbers(version as Version, 2);
    for (const wheel of wheels) await installWheel(wheel, { site, bin, interpreter, line });
    return true;
  } catch (error) {
    if (!(error instanceof PolyenvError) || error.code === 'disk-full') throw error;
    ctx.emit({
      type: 'warning',
      text: `${error.message}; ${overlay.commands[0]} unpacks it itself, which takes longer`,
    });
    return false;
  }
}

function installSeeds(ctx: Context, { overlay }: WithOverlay): Promise<string | undefined> {
  const interpreter = join(overlay.path, overlay.bin, overlay.make[0]);
  return run(ctx, interpreter, overlay.seeds?.otherwise ?? [], MAKE_TIMEOUT);
}

/** The last line of what the program said if it failed. It runs in `/`, where no repository can lead it astray. */
export async function run(
  ctx: Context,
  file: string,
  args: readonly string[],
  timeout: number,
): Promise<string | undefined> {
  const env = { ...scrubbedEnv(ctx.host), HOME: ctx.host.personHome };
  const { exit, stdout, stderr } = await capture({ file, args, env, cwd: '/' }, timeout);
  return exit === 0 ? undefined : ((stderr || stdout).trim().split('\n').pop() ?? `status ${exit}`);
}
