import { prepareHome } from '../../adapters/home/home';
import { ensureLauncher } from '../../adapters/home/launcher';
import { ownLauncher, ownVersionOf, switchOwn } from '../../adapters/home/own-versions';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { refreshShims } from '../routes/compile';
import { keepDefaults } from '../routes/defaults';
import { installOwnNode } from '../toolchains/own-node';

/** Makes the home, its launcher and every shim anew, and the environment of the person's defaults. */
export async function rewriteShims(ctx: Context): Promise<void> {
  await prepareHome(ctx.home);
  await ensureLauncher(ctx.home, ctx.host);
  await refreshShims(ctx);
  await keepDefaults(ctx);
}

/** As `rewriteShims`, and the copy of polyenv that runs now becomes the one that the home starts. */
export async function setUpHome(ctx: Context): Promise<void> {
  await prepareHome(ctx.home);
  const version = ownVersionOf(ctx.home, ctx.host.program);
  if (version !== undefined) await switchOwn(ctx.home, version);
  await rewriteShims(ctx);
}

/** A Node of polyenv's own, unless it came with one. Without the network polyenv keeps running on the Node that it has. */
export async function takeOwnNode(ctx: Context): Promise<Toolchain | undefined> {
  if (ownLauncher(ctx.home, ctx.host.program) !== undefined) return undefined;
  try {
    return await installOwnNode(ctx);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    ctx.emit({
      type: 'warning',
      text: `polyenv keeps running on ${ctx.host.node}: ${error.message}`,
      hint: error.code === 'cannot-start' ? 'polyenv setup --no-own-node' : 'polyenv setup, when the network is there',
    });
    return undefined;
  }
}
