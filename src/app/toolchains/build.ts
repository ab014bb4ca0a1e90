import { ensureFolder } from '../../adapters/files/fs';
import type { StoredFile } from '../../adapters/store/store';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { loadRuntime } from '../base/registry';
import type { OwnedPart } from './lock-belief';
import type { PlatformRelease } from './platform-release';

/** The release of the toolchain by which the source in another release is built. */
export async function toolRelease(release: PlatformRelease, pieces: readonly OwnedPart[]): Promise<PlatformRelease> {
  const piece = pieces.find(({ recipe }) => recipe.tool !== undefined);
  const wanted = piece?.recipe.tool;
  if (piece === undefined || wanted === undefined) {
    throw new PolyenvError(
      'lock-foreign',
      `${release.runtime.id} ${release.version} comes as source, without what builds it`,
      {
        hint: 'polyenv lock --renew',
      },
    );
  }
  const { runtime, source, version } = wanted;
  const { platform } = release;
  return {
    runtime: await loadRuntime(runtime),
    source,
    version,
    platform,
    options: {},
    parts: [piece.part],
    locked: true,
  };
}

export interface Building {
  readonly release: PlatformRelease;
  readonly sources: readonly OwnedPart[];
  readonly tool: Toolchain;
  readonly root: string;
  readonly scratch: string;
}

export async function buildFromSource(
  ctx: Context,
  { release, sources, tool, root, scratch }: Building,
): Promise<{ readonly files: readonly StoredFile[]; readonly by: string }> {
  const { id } = release.runtime;
  const { version, platform } = release;
  if (platform !== ctx.platform) {
    throw new PolyenvError('platform-missing', `${id} ${version} is built on the system that it is for, ${platform}`, {
      hint: `polyenv install, on a machine of that kind`,
    });
  }
  if (ctx.settings.offline) {
    throw new PolyenvError('offline', `${id} ${version} is built from source, and the network is switched off`, {
      hint: 'run it once without --offline',
      elsewhere: true,
    });
  }
  ctx.emit({ type: 'phase', tool: id, version, phase: 'build' });
  const { upstream } = await ctx.network();
  const { buildGoProgram } = await import('../../adapters/upstream/go-build');
  const from = await upstream.goVariables();
  await ensureFolder(scratch);
  const files: StoredFile[] = [];
  for (const { part, recipe } of sources) {
    if (recipe.build === undefined) continue;
    const { host } = ctx;
    const options = {
      host,
      build: recipe.build,
      digest: part.digest,
      go: tool.root,
      platform,
      from,
      into: root,
      scratch,
    };
    files.push(...(await buildGoProgram(options)));
  }
  return { files, by: `${tool.tool} ${tool.version}` };
}
