import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { revokeTrust } from '../../adapters/home/trust';
import type { Context } from '../../app/base/context';
import { nearestManifests } from '../../app/project/trusted';
import { compileFolder } from '../../app/routes/compile';
import { MANIFEST_NAMES } from '../../domain/project/manifest';
import type { Command } from '../command';

/** Where the manifest cannot be read, or is gone, trust in it can still be taken back. */
function nearestFolder({ directory }: Context): string {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (MANIFEST_NAMES.some((name) => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return directory;
  }
}

export const command: Command = {
  name: 'untrust',
  summary: 'end the trust in this project',
  examples: [{ run: 'polyenv untrust', describe: 'its variables, paths, tasks and sources no longer apply' }],
  run: async ({ ctx }) => {
    const manifests = await nearestManifests(ctx);
    const folder = manifests[0] === undefined ? nearestFolder(ctx) : dirname(manifests[0].path);
    const was = await revokeTrust({ home: ctx.home, host: ctx.host }, folder);
    if (was === 'revoked') await compileFolder(ctx, folder);
    return {
      data: { directory: folder, revoked: was === 'revoked' },
      text: was === 'revoked' ? `${folder} is no longer trusted` : `${folder} was not trusted`,
    };
  },
};
