import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from '../host';
import { capture } from './spawn';

/** Whether git leaves the file to this person: it ignores it, or no repository is around it. Where git cannot say, it does not. */
export async function isLeftToPerson(host: Host, file: string): Promise<boolean> {
  let folder = dirname(file);
  while (!existsSync(join(folder, '.git'))) {
    if (folder === dirname(folder)) return true;
    folder = dirname(folder);
  }
  // Nothing that a repository's own configuration names is to be run.
  const args = [
    '-c',
    'core.fsmonitor=false',
    '-c',
    'core.hooksPath=/dev/null',
    'check-ignore',
    '-q',
    '--no-index',
    '--',
    file,
  ];
  const said = await capture({ file: 'git', args, env: host.env, cwd: folder }, 5000).catch(() => undefined);
  return said?.exit === 0;
}
