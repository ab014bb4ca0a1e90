import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from '../../host';
import { capture } from './spawn';

/** Whether git leaves the file to this person: it ignores it, or no repository is around it. Where git cannot say, it does not. */
export async function isLeftToPerson(host: Host, file: string): Promise<boolean> {
  let folder = dirname(file);
  while (!existsSync(join(folder, '.git'))) {
    if (folder === dirname(folder)) return true;
    folder = dirname(folder);
  }
  // git would start the file monitor that the repository's own configuration names.
  const args = ['-c', 'core.fsmonitor=false', 'check-ignore', '-q', '--', file];
  const said = await capture({ file: 'git', args, env: host.env, cwd: folder }, 5000).catch(() => undefined);
  return said?.exit === 0;
}
