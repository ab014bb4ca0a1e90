import type { Context } from '../base/context';
import { readKnown } from '../project/locks';
import type { RuntimeRequest } from '../project/requests';
import { provideAll, type ReadyToolchain } from './provide';

/** Puts toolchains into the store and pins nothing: what this folder's lock says of the same request is what is fetched. */
export async function fetchOnly(
  ctx: Context,
  requests: readonly RuntimeRequest[],
  options: { readonly order?: readonly string[] } = {},
): Promise<readonly ReadyToolchain[]> {
  const { lock } = await readKnown(ctx, ctx.directory);
  const { provided, failed } = await provideAll(
    ctx,
    requests.map(({ runtime, request }) => ({ runtime, request, lock, ...options })),
  );
  if (failed[0] !== undefined) throw failed[0].error;
  return provided;
}
