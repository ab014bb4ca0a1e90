import { statSync } from 'node:fs';
import type { Context } from '../base/context';
import { keptServices } from '../services/care';
import { lookAtServices } from '../services/look';
import type { Finding } from './finding';

/** Servers of this project that ended by themselves, data of projects that are gone, and files that others could read. */
export async function serviceFindings(ctx: Context): Promise<readonly Finding[]> {
  const here = await lookAtServices(ctx);
  const exited = here
    .filter(({ state, declared }) => state === 'exited' && declared)
    .map(
      ({ name, kind }): Finding => ({
        kind: 'service-exited',
        level: 'warning',
        message: `${name} (${kind}) ended by itself`,
        hint: `polyenv logs ${name} says why; polyenv up starts it`,
      }),
    );
  const all = await keptServices(ctx);
  const gone = all
    .filter(({ gone: isGone }) => isGone)
    .map(
      ({ folder, running, data, snapshots }): Finding => ({
        kind: 'service-gone',
        level: 'note',
        message: `${folder.name} of ${folder.project}, which is gone, ${running ? 'still runs' : `has ${megabytes(data + snapshots)} of data`}`,
        where: folder.root,
        hint: `where the project is now: polyenv services adopt ${folder.project}; to take them away: polyenv prune --data`,
      }),
    );
  const open = all
    .filter(({ folder }) => ((statSync(folder.state, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0)
    .map(
      ({ folder }): Finding => ({
        kind: 'service-readable',
        level: 'error',
        message: `others may read the password of ${folder.name}`,
        where: folder.state,
        hint: `chmod 600 ${folder.state}`,
      }),
    );
  return [...exited, ...gone, ...open];
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}
