import { join } from 'node:path';
import { removeTree } from '../../adapters/files/fs';
import { folderAt, isFolderAt, readState, type ServiceFolder } from '../../adapters/services/folders';
import type { Context } from '../base/context';
import type { KnownService } from './known';
import { findServer } from './server';
import { endServer } from './stop';

/** The old server works on the data themselves and holds their lock; the new one has a folder of its own. */
export function sides(known: KnownService): readonly [old: KnownService, fresh: KnownService] {
  const { root, data, running } = known.folder;
  const at = (part: string): ServiceFolder => folderAt(join(root, part), known.folder);
  return [
    { ...known, folder: { ...at('upgrade-from'), data, running } },
    { ...known, folder: at('upgrade-to') },
  ];
}

/** Ends what an upgrade that was killed left running, and takes its folders away. Called under the service's lock. */
export async function sweepUpgrade(ctx: Context, known: KnownService): Promise<void> {
  for (const side of sides(known)) {
    if (!(await isFolderAt(side.folder.root))) continue;
    const state = await readState(side.folder).catch(() => undefined);
    const running = await findServer(ctx, side.folder, state);
    if (state !== undefined && running.kind === 'server') {
      const { stop } = known.service;
      await endServer(ctx, { folder: side.folder, stop, state, server: running.server }, { force: true });
    }
    await removeTree(side.folder.root);
  }
}
