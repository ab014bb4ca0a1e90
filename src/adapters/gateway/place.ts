import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { ensureFolder } from '../files/fs';
import type { Home } from '../home/paths';

/** Bytes of a socket's path that every system takes. */
const LONGEST_SOCKET = 100;

/**
 * Where the gateway of this home is asked: a socket in a folder that only its owner may enter. The same whoever asks, in
 * a desktop's session or in none, or there would be two gateways. A home that is too deep has it in /tmp.
 */
export async function controlSocket({ home, host }: { readonly home: Home; readonly host: Host }): Promise<string> {
  await ensureFolder(home.gateway);
  const folder = join(home.gateway, 'run');
  const path = join(folder, 'control.sock');
  if (Buffer.byteLength(path) <= LONGEST_SOCKET) {
    ownFolder(folder, host);
    return path;
  }
  const name = createHash('sha256').update(home.root).digest('hex').slice(0, 16);
  const other = join('/tmp', `polyenv-${host.uid ?? 0}-${name}`);
  ownFolder(other, host);
  return join(other, 'control.sock');
}

function ownFolder(folder: string, host: Host): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new PolyenvError('home-unwritable', `the folder ${folder} cannot be made`, { cause: error });
    }
  }
  const { uid, mode } = lstatSync(folder);
  const foreign = host.uid !== undefined && uid !== host.uid;
  // guard: control-folder
  if (foreign || (mode & 0o170077) !== 0o040000) {
    throw new PolyenvError('path-refused', `${folder} is not a folder that only you may enter`, {
      hint: `see whose it is: ls -ld ${folder}`,
    });
  }
}
