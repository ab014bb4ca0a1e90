import { ownerOf, prepareHome } from '../../adapters/home/home';
import { ensureLauncher, launcherPath } from '../../adapters/home/launcher';
import { isNoexec, NOEXEC_HINT } from '../../adapters/system/noexec';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from './context';

/** Homes whose owner was told of in this run. */
const told = new Set<string>();

/**
 * Makes the home's folders and its launcher, for what will be started from there. Throws `cannot-start` where the system starts nothing:
 * shells pass over a shim that they may not start, and take another copy. Warns when root writes into somebody's home.
 */
export async function readyHome({ home, host, emit }: Pick<Context, 'home' | 'host' | 'emit'>): Promise<void> {
  const owner = await ownerOf(home);
  await prepareHome(home);
  await ensureLauncher(home, host);
  if (isNoexec(launcherPath(home))) {
    throw new PolyenvError(
      'cannot-start',
      `nothing can be started from ${home.root}: its file system is mounted noexec`,
      { hint: NOEXEC_HINT },
    );
  }
  if (host.uid !== 0 || owner === undefined || owner === 0 || told.has(home.root)) return;
  told.add(home.root);
  emit({
    type: 'warning',
    text: `you are root, and ${home.root} belongs to user ${owner}: what is written there now, they cannot change`,
    hint: `run it without sudo; to give it back: chown -R ${owner} ${home.root}`,
  });
}
