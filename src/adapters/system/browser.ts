import type { Host } from '../../host';
import { capture } from '../children/capture';

/** Hands the address to the system's browser; says whether a program took it. */
export async function openInBrowser(host: Host, url: string): Promise<boolean> {
  const candidates = host.os === 'darwin' ? ['/usr/bin/open'] : ['xdg-open', 'gio', 'wslview'];
  for (const file of candidates) {
    const args = file === 'gio' ? ['open', url] : [url];
    const { exit } = await capture({ file, args, env: host.env, cwd: '/' }, 10_000);
    if (exit === 0) return true;
  }
  return false;
}
