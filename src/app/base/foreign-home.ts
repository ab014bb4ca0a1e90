import { accessSync, constants, existsSync } from 'node:fs';
import { ownerOf } from '../../adapters/home/home';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from './context';

export const OTHER_HOME_HINT = 'export POLYENV_HOME to a folder of your own, or ask whoever owns this one to install';

/** What is to be said of a home that is there and that this user may not write, in one line. */
export async function unwritableHome({ home, host }: Pick<Context, 'home' | 'host'>): Promise<string | undefined> {
  if (!existsSync(home.root)) return undefined;
  try {
    accessSync(home.root, constants.W_OK);
    return undefined;
  } catch {
    const owner = await ownerOf(home);
    const whose = owner === undefined || owner === host.uid ? '' : ` belongs to user ${owner}, and`;
    return `${home.root}${whose} cannot be written by you`;
  }
}

/** A file of somebody else's home that cannot be written: it is the home that is to be told of, not the file. */
export async function asForeignHome(ctx: Pick<Context, 'home' | 'host'>, error: PolyenvError): Promise<PolyenvError> {
  if (error.code !== 'home-unwritable' || !error.message.includes(ctx.home.root)) return error;
  const text = await unwritableHome(ctx);
  if (text === undefined) return error;
  return new PolyenvError(error.code, text, { hint: OTHER_HOME_HINT, cause: error });
}
