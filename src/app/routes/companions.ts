import { basename } from 'node:path';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { readKnown } from '../project/locks';
import type { Decision, Project } from '../project/project';
import { findOnce, provideOnce } from '../toolchains/once';
import { type Failed, findProvided, provide } from '../toolchains/provide';
import { type ResolveOptions, resolveKnown } from '../toolchains/resolve';

/** A further version that the deciding file names, and its toolchain while that is here. */
export interface Companion {
  readonly decision: Decision;
  readonly runtime: Runtime;
  readonly toolchain?: Toolchain;
}

/** The further versions beside these decisions. Never uses the network. */
export async function companionsOf(
  ctx: Context,
  project: Pick<Project, 'companions'>,
  decisions: readonly Decision[],
): Promise<readonly Companion[]> {
  if (project.companions.length === 0) return [];
  const runtimes = await loadRuntimes();
  const wanted = project.companions.filter((one) => decisions.some((main) => isBeside(one, main)));
  return Promise.all(
    wanted.map(async (decision): Promise<Companion> => {
      const runtime = runtimes.find(({ id }) => id === decision.tool) as Runtime;
      const asked = await askedBy(ctx, runtime, decision);
      const { resolution, toolchain: known } = await findProvided(ctx, asked);
      // Where the lock names a version, another one of the store is no answer.
      const toolchain = resolution?.kind === 'entry' ? known : (known ?? (await findOnce(ctx, asked)));
      return { decision, runtime, ...present({ toolchain }) };
    }),
  );
}

/** Installs those that stand beside these decisions and are not here, for the first call of a command; what failed. */
export async function provideMissing(
  ctx: Context,
  project: Pick<Project, 'companions'>,
  decisions: readonly Decision[],
): Promise<readonly Failed[]> {
  const failed: Failed[] = [];
  if (!ctx.settings.autoInstall) return failed;
  for (const { runtime, decision, toolchain } of await companionsOf(ctx, project, decisions)) {
    if (toolchain !== undefined) continue;
    const asked = await askedBy(ctx, runtime, decision);
    const locked = (await resolveKnown(ctx, asked))?.kind === 'entry';
    await (locked ? provide(ctx, asked) : provideOnce(ctx, asked)).catch((error: Error) => {
      failed.push({ request: decision.request, error });
    });
  }
  return failed;
}

/** By the lock of the folder whose file names it. */
async function askedBy(
  ctx: Context,
  runtime: Runtime,
  { request, from, folder }: Decision,
): Promise<Pick<ResolveOptions, 'runtime' | 'request' | 'lock'>> {
  const { lock } = await readKnown(ctx, folder, from.kind === 'file' ? basename(from.file) : undefined);
  return { runtime, request, lock };
}

function isBeside(companion: Decision, main: Decision): boolean {
  if (companion.tool !== main.tool || companion.from.kind !== 'file' || main.from.kind !== 'file') return false;
  return companion.from.file === main.from.file;
}
