import type { Runtime } from '../../domain/runtime/runtime';
import type { Release } from '../../domain/versions/release';
import type { ToolRequest } from '../../domain/versions/request';
import { selectRelease } from '../../domain/versions/select';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { rememberReleases } from './known-releases';
import { mayTryElsewhere, oldEnough, type ResolveOptions, sourcesInOrder } from './resolve';

export interface Offered {
  readonly source: string;
  readonly releases: readonly Release[];
}

/** Whose offers are asked for, and where `folder` is told, in the order that its project is trusted to have. */
export type AskedSources = Pick<ResolveOptions, 'runtime' | 'request' | 'folder'>;

/** What the first source that can be reached offers for a request, newest first. */
export async function listReleases(ctx: Context, runtime: Runtime, request: ToolRequest): Promise<Offered> {
  const { source, releases } = await offersFor(ctx, { runtime, request });
  const answering = releases.filter(
    (release) => request.version.kind === 'latest' || runtime.scheme.matches(request.version, release),
  );
  return { source, releases: answering };
}

/** The release to which the request would be resolved now, at the first source that can be reached. */
export async function newestRelease(
  ctx: Context,
  asked: AskedSources,
): Promise<{ readonly source: string; readonly release: Release | undefined }> {
  const { runtime, request } = asked;
  const { source, releases } = await offersFor(ctx, asked);
  return { source, release: selectRelease(runtime, request, oldEnough(ctx, releases, request)) };
}

async function offersFor(ctx: Context, asked: AskedSources): Promise<Offered> {
  const { runtime, request } = asked;
  const { upstream } = await ctx.network();
  const failures: PolyenvError[] = [];
  for (const source of await sourcesInOrder(ctx, asked)) {
    try {
      const releases = await source.releases(upstream, request);
      await rememberReleases(ctx, runtime, releases);
      return { source: source.id, releases };
    } catch (error) {
      if (!(error instanceof PolyenvError) || !mayTryElsewhere(error)) throw error;
      failures.push(error);
    }
  }
  throw (
    failures[failures.length - 1] ??
    new PolyenvError('source-refused', `no source of ${runtime.id} is allowed`, {
      hint: 'polyenv settings get sources.allowed',
    })
  );
}
