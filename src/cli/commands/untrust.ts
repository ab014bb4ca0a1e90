import { dirname } from 'node:path';
import { revokeTrust } from '../../adapters/trust';
import { compileFolder } from '../../app/compile';
import { nearestManifests } from '../../app/trusted';
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
