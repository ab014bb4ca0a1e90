import { chown, stat } from 'node:fs/promises';
import type { RunAs } from '../../domain/services/state';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Host } from '../../host';
import { capture } from '../children/capture';

/** What the server's user must be able to do. */
export interface UserNeeds {
  /** The server's program. */
  readonly program: string;
  /** A folder above the data, which exists. */
  readonly above: string;
  /** The project's folder, whose owner is asked first. */
  readonly project: string;
}

const NOBODY = 65_534;

/**
 * As whom a server runs that refuses root: in a user namespace, where root is nobody and keeps root's rights on files; where
 * that is not allowed (containers), the owner of the project's folder, else nobody, if that user can reach the program and
 * the data. Throws `service-root`.
 */
export async function chooseUser(host: Host, root: 'allowed' | 'refused', needs: UserNeeds): Promise<RunAs> {
  const self: RunAs = { how: 'self', uid: host.uid ?? 0, gid: 0 };
  if (root === 'allowed' || host.uid !== 0) return self;
  if (
    await succeeds([
      '/usr/bin/unshare',
      '-U',
      `--map-user=${NOBODY}`,
      `--map-group=${NOBODY}`,
      '--',
      needs.program,
      '--version',
    ])
  ) {
    return { how: 'namespace', uid: NOBODY, gid: NOBODY };
  }
  const { uid, gid } = await stat(needs.project);
  const candidates = [...(uid === 0 ? [] : [{ uid, gid }]), { uid: NOBODY, gid: NOBODY }];
  for (const one of candidates) if (await canRun(one, needs)) return { how: 'user', ...one };
  throw new PolyenvError(
    'service-root',
    `this server refuses to run as root, and neither the owner of ${needs.project} nor nobody can read ${needs.program} and ${needs.above}`,
    { hint: 'run polyenv as a user, or set POLYENV_HOME=/opt/polyenv, a folder that others may enter' },
  );
}

/** The data belong to the server's user; everything else beside them stays ours. */
export async function giveTo({ how, uid, gid }: RunAs, path: string): Promise<void> {
  if (how === 'user') await chown(path, uid, gid);
}

/** Servers ask the list of users who they are: a uid without an entry cannot run them. */
async function canRun(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  needs: UserNeeds,
): Promise<boolean> {
  const script = 'id -un >/dev/null && "$1" --version >/dev/null && [ -x "$2" ]';
  return succeeds(['/bin/sh', '-c', script, 'user', needs.program, needs.above], { uid, gid });
}

async function succeeds(
  argv: readonly [string, ...string[]],
  user?: { readonly uid: number; readonly gid: number },
): Promise<boolean> {
  const [file, ...args] = argv;
  const program = { file, args, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, cwd: '/' };
  const { exit } = await capture(program, 10_000, present({ user }));
  return exit === 0;
}
