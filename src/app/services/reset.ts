import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../adapters/files/fs';
import { isFolderAt, readState, writeState } from '../../adapters/services/folders';
import { bytesBelow } from '../../adapters/services/sizes';
import type { Context } from '../base/context';
import { publishExports } from './exports';
import { type KnownService, oneService } from './known';
import { endLeftovers, findServer, withService } from './server';
import { startService } from './start';
import { endServer } from './stop';

/** What a reset would take away. */
export async function whatReset(
  ctx: Context,
  name: string | undefined,
): Promise<{
  readonly known: KnownService;
  readonly hasData: boolean;
  readonly bytes: number;
  readonly snapshots: number;
}> {
  const known = await oneService(ctx, name);
  const { folder } = known;
  return {
    known,
    hasData: (await isFolderAt(folder.data)) || (await isFolderAt(folder.restoring)),
    bytes: bytesBelow(folder.data) ?? 0,
    snapshots: bytesBelow(folder.snapshots) ?? 0,
  };
}

/** Takes the data away, and with `snapshots` those too; a server that ran is started again with empty ones. The address stays. */
export async function reset(
  ctx: Context,
  known: KnownService,
  options: { readonly snapshots?: true },
): Promise<'started' | 'stopped'> {
  const { folder, service } = known;
  const purpose = `resetting ${folder.name}`;
  const ran = await withService(ctx, { folder, purpose, onFullDisk: 'proceed' }, async () => {
    const state = await readState(folder);
    const running = await findServer(ctx, folder, state);
    if (state !== undefined && running.kind === 'server') {
      await endServer(ctx, { folder, stop: service.stop, state, server: running.server }, {});
    } else if (state !== undefined) await endLeftovers(ctx, folder, state);
    // Out of the way by one rename: what is half removed is never taken for data.
    for (const part of [folder.data, folder.restoring, ...(options.snapshots === true ? [folder.snapshots] : [])]) {
      if (await isFolderAt(part)) await removeAside(folder.root, part);
    }
    if (state !== undefined) {
      const { server: _, ...rest } = state;
      await writeState(folder, {
        ...rest,
        kind: known.runtime.id,
        platform: ctx.platform,
        databases: [],
        extensions: [],
      });
    }
    return running.kind === 'server';
  });
  if (!ran) return 'stopped';
  await startService(ctx, known);
  await publishExports(ctx, folder.project);
  return 'started';
}

async function removeAside(root: string, path: string): Promise<void> {
  const aside = join(root, `data.copying-removed-${randomBytes(4).toString('hex')}`);
  await rename(path, aside);
  await removeTree(aside);
}
