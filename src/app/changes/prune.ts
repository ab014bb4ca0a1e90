import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../adapters/files/fs';
import { withLock } from '../../adapters/home/lock';
import { listEnvironments, removeEnvironment, removeOnceRoutes } from '../../adapters/routes/environments';
import { listToolchains, removeToolchain } from '../../adapters/store/store';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import type { Context } from '../base/context';
import { decidedByDefaults } from '../routes/defaults';
import { knownOverlays } from '../routes/known-overlays';
import { servedToolchains } from '../services/care';
import { ownToolchain } from '../toolchains/own-node';
import { sweepLeftovers } from '../toolchains/sweep';

export interface Unused {
  /** Compiled environments of projects that no longer exist. */
  readonly environments: readonly string[];
  readonly toolchains: readonly Toolchain[];
  readonly bytes: number;
}

/** What no project that still exists, no `.venv` that polyenv knows, no service, and polyenv itself, uses. */
export async function findUnused(ctx: Context): Promise<Unused> {
  const environments = await listEnvironments(ctx.home);
  const gone = environments.filter((environment) => !existsSync(environment.directory));
  const used = new Set(
    environments
      .filter((environment) => existsSync(environment.directory))
      .flatMap((environment) => environment.toolchains),
  );
  for (const { toolchain } of await decidedByDefaults(ctx)) if (toolchain !== undefined) used.add(toolchain.root);
  for (const { toolchain } of await knownOverlays(ctx)) used.add(toolchain);
  for (const { root } of await servedToolchains(ctx)) used.add(root);
  const own = await ownToolchain(ctx);
  const toolchains = (await listToolchains(ctx.home)).filter(
    (toolchain) => !used.has(toolchain.root) && toolchain.key !== own,
  );
  return {
    environments: gone.map((environment) => environment.directory),
    toolchains,
    bytes: toolchains.reduce((sum, toolchain) => sum + (toolchain.bytes ?? 0), 0),
  };
}

/** Takes away what is unused, the routes before the trees that they lead to, and what killed commands left. */
export async function prune(ctx: Context, unused: Unused): Promise<void> {
  for (const directory of unused.environments) await removeEnvironment(ctx.home, directory);
  await removeOnceRoutes(ctx.home);
  for (const toolchain of unused.toolchains) {
    await withLock(
      {
        home: ctx.home,
        host: ctx.host,
        name: toolchain.key,
        purpose: `removing ${toolchain.key}`,
        timeout: ctx.settings.lockTimeout,
        emit: ctx.emit,
      },
      () => removeToolchain(ctx.home, toolchain.key),
    );
  }
  await removeOldCode(ctx);
  await sweepLeftovers(ctx);
}

const CODE_DAYS = 30;

/** Compiled code of polyenvs and Nodes that are no longer used: it is made anew where it is missed. */
async function removeOldCode({ home, host }: Context): Promise<void> {
  for (const name of await readdir(home.code).catch(() => [])) {
    const file = join(home.code, name);
    const made = await stat(file).catch(() => undefined);
    if (made !== undefined && host.now().getTime() - made.mtimeMs > CODE_DAYS * 86_400_000) await removeTree(file);
  }
}
