import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from '../../host';
import { capture } from '../children/capture';

/** Whether git leaves the file to this person: it ignores it, or no repository is around it. Where git cannot say, it does not. */
export async function isLeftToPerson(host: Host, file: string): Promise<boolean> {
  const folder = repositoryAbove(file);
  return folder === undefined || isIgnored(host, file, folder);
}

/** Whether a repository is around the file, and git ignores it there. */
export async function isIgnoredByGit(host: Host, file: string): Promise<boolean> {
  const folder = repositoryAbove(file);
  return folder !== undefined && isIgnored(host, file, folder);
}

function repositoryAbove(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

async function isIgnored(host: Host, file: string, folder: string): Promise<boolean> {
  // git would start the file monitor that the repository's own configuration names.
  const args = ['-c', 'core.fsmonitor=false', 'check-ignore', '-q', '--', file];
  const said = await capture({ file: 'git', args, env: host.env, cwd: folder }, 5000).catch(() => undefined);
  return said?.exit === 0;
}
