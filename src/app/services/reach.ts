import { readState } from '../../adapters/services/folders';
import { serviceEnvironment } from '../../adapters/services/launch';
import { become } from '../../adapters/system/spawn';
import type { ServicePlace } from '../../domain/runtime/service';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { type KnownService, oneService, servicePlace, titleOf } from './known';
import { findServer } from './server';

/** A service that was started once, as its kind sees it. Throws `service-stopped` where it never was, and with `running` where it does not run now. */
export async function reachService(
  ctx: Context,
  name: string | undefined,
  needed: 'address' | 'running',
): Promise<{ readonly known: KnownService; readonly at: ServicePlace }> {
  const known = await oneService(ctx, name);
  const state = await readState(known.folder);
  const running = state === undefined ? undefined : await findServer(ctx, known.folder, state);
  if (state === undefined || (needed === 'running' && running?.kind !== 'server')) {
    const never = state === undefined ? 'was never started' : 'does not run';
    throw new PolyenvError('service-stopped', `${titleOf(known)} ${never}`, {
      hint: `polyenv up ${known.declared.name}`,
    });
  }
  const { databases, extensions } = state;
  return { known, at: servicePlace(ctx, known, { state, databases, extensions }) };
}

/** The address, password included, and what a browser can open. */
export async function addressOf(
  ctx: Context,
  name: string | undefined,
): Promise<{ readonly name: string; readonly url: string; readonly page: string | undefined }> {
  const { known, at } = await reachService(ctx, name, 'address');
  return { name: known.declared.name, url: known.service.url(at), page: known.service.page?.(at) };
}

/** Starts the kind's client on the running service, with our terminal; resolves to its exit status. */
export async function connect(ctx: Context, name: string | undefined): Promise<number> {
  const { known, at } = await reachService(ctx, name, 'running');
  const client = known.service.connect?.(at);
  if (client === 'resp') {
    const { talkResp } = await import('../../adapters/services/resp');
    return talkResp(ctx.host, { host: at.host, port: at.ports.main, user: at.user, password: at.password });
  }
  if (client === undefined) {
    const page = known.service.page?.(at);
    throw new PolyenvError('service-failed', `${titleOf(known)} has no client here`, {
      hint:
        page === undefined ? `its address: polyenv url ${known.declared.name}` : `polyenv open ${known.declared.name}`,
    });
  }
  const [file, ...args] = client.argv;
  const { TERM, LANG } = ctx.host.env;
  const env = {
    ...serviceEnvironment(client, ctx.host.personHome),
    TERM,
    LANG,
    LC_ALL: undefined,
    LC_CTYPE: 'C.UTF-8',
  };
  return become(ctx.host, { file, args, env, cwd: ctx.directory });
}
