import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../../adapters/children/capture';
import { sortedNames } from '../../adapters/files/fs';
import { scrubbedEnv } from '../../adapters/system/spawn';
import type { RoutedOverlay, RoutedToolchain } from '../../domain/routes/environment';
import { leadingNumbers } from '../../domain/runtime/lifecycle';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

export const MAKE_TIMEOUT = 180_000;

/** A runtime whose layout has a `.venv`. */
export type WithOverlay = RoutedToolchain & { readonly overlay: RoutedOverlay };

/** Puts what a new one holds from the start (pip) into it; what failed, in a line. */
export async function seedOverlay(ctx: Context, runtime: WithOverlay): Promise<string | undefined> {
  const { overlay, toolchain, version } = runtime;
  const { seeds } = overlay;
  if (seeds === undefined) return undefined;
  const bin = join(overlay.path, overlay.bin);
  const interpreter = join(bin, overlay.make[0]);
  const [site] = sortedNames(join(overlay.path, 'lib'))
    .map((name) => join(overlay.path, 'lib', name, 'site-packages'))
    .filter((path) => existsSync(path));
  const wheels = seeds.wheels.map((path) => join(toolchain, path));
  if (site !== undefined && wheels.length > 0) {
    try {
      const { installWheel } = await import('../../adapters/archives/wheel');
      const line = leadingNumbers(version as Version, 2);
      for (const wheel of wheels) await installWheel(wheel, { site, bin, interpreter, line });
      return undefined;
    } catch (error) {
      if (!(error instanceof PolyenvError) || error.code === 'disk-full') throw error;
      ctx.emit({
        type: 'warning',
        text: `${error.message}; ${overlay.commands[0]} unpacks it itself, which takes longer`,
      });
    }
  }
  return run(ctx, interpreter, seeds.otherwise, MAKE_TIMEOUT);
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
