import { listToolchains } from '../../adapters/store/store';
import { understand } from '../../domain/pins/precedence';
import { endOfLine } from '../../domain/runtime/lifecycle';
import type { Runtime, Source } from '../../domain/runtime/runtime';
import type { Release } from '../../domain/versions/release';
import type { ToolRequest } from '../../domain/versions/request';
import { selectRelease } from '../../domain/versions/select';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { keptLifecycle } from './lifecycles';

export interface AskedFloor {
  readonly runtime: Runtime;
  readonly request: ToolRequest;
  readonly source: Source;
  /** What the source offers for the request. */
  readonly releases: readonly Release[];
}

/**
 * The release that answers a floor or range: the person's own default where it does, else (`newest`) an installed one, else the
 * newest that still has support; or (`nearest`) the line that it names, or the next one that is offered. What is chosen is
 * locked, so it does not move by itself.
 */
export async function chooseForFloor(ctx: Context, asked: AskedFloor): Promise<Release | undefined> {
  const { runtime, request, releases } = asked;
  const byDefault = await defaultFor(ctx, asked);
  if (byDefault !== undefined) return byDefault;
  if (request.floor === 'nearest') return selectRelease(runtime, request, releases);
  const supported = await withSupport(ctx, { runtime, request }, releases);
  return (
    (await installedAmong(ctx, asked, supported)) ??
    selectRelease(runtime, request, supported) ??
    selectRelease(runtime, request, releases)
  );
}

/** What the person's default comes to, if it answers. */
async function defaultFor(ctx: Context, { runtime, request, source }: AskedFloor): Promise<Release | undefined> {
  const { defaults } = ctx.settings;
  const text = Object.hasOwn(defaults, runtime.id) ? defaults[runtime.id] : undefined;
  if (text === undefined) return undefined;
  try {
    const own = understand(runtime, { text, options: request.options });
    if (own.version.kind === 'system') return undefined;
    const { upstream } = await ctx.network();
    const offered = await source.releases(upstream, own);
    const answering = offered.filter((release) => runtime.scheme.matches(request.version, release));
    return selectRelease(runtime, own, answering);
  } catch (error) {
    // A default that cannot be read, or that this source does not have, is no reason to fail here.
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

async function installedAmong(
  ctx: Context,
  { runtime, request }: AskedFloor,
  releases: readonly Release[],
): Promise<Release | undefined> {
  const installed = (await listToolchains(ctx.home)).filter(
    (one) => one.tool === runtime.id && one.platform === ctx.platform && one.linked === undefined,
  );
  const here = releases.filter((release) =>
    installed.some(
      ({ version, vendor, variant }) =>
        version === release.version && vendor === release.vendor && variant === release.variant,
    ),
  );
  return selectRelease(runtime, request, here);
}

async function withSupport(
  ctx: Context,
  { runtime, request }: { readonly runtime: Runtime; readonly request: ToolRequest },
  releases: readonly Release[],
): Promise<readonly Release[]> {
  const lifecycle = await keptLifecycle(ctx, runtime, request.vendor);
  if (lifecycle === undefined) return releases;
  const today = ctx.host.now().toISOString().slice(0, 10);
  return releases.filter(({ version }) => endOfLine(lifecycle, version, today)?.state !== 'ended');
}
