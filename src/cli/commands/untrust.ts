import { dirname } from 'node:path';
import { revokeTrust } from '../../adapters/home/trust';
import { nearestManifests } from '../../app/project/trusted';
import { compileFolder } from '../../app/routes/compile';
import type { Command } from '../command';

export const command: Command = {
  name: 'untrust',
  summary: 'take trust back from the project here',
  examples: [{ run: 'polyenv untrust', describe: 'its variables, paths, tasks and sources no longer apply' }],
  run: async ({ ctx }) => {
    const manifests = await nearestManifests(ctx);
    const folder = manifests[0] === undefined ? ctx.directory : dirname(manifests[0].path);
    const was = await revokeTrust({ home: ctx.home, host: ctx.host }, folder);
    if (was === 'revoked') await compileFolder(ctx, folder);
    return {
      data: { directory: folder, revoked: was === 'revoked' },
      text: was === 'revoked' ? `${folder} is no longer trusted` : `${folder} was not trusted`,
    };
  },
};
