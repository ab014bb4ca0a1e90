import { PolyenvError } from '../domain/errors';
import type { ToolRequest } from '../domain/request';
import type { Release, Runtime } from '../domain/runtime';
import type { Context } from './context';

export interface Offered {
  readonly source: string;
  readonly releases: readonly Release[];
}

/** What the first source that can be reached offers for a request, newest first. */
export async function listReleases(ctx: Context, runtime: Runtime, request: ToolRequest): Promise<Offered> {
  const { upstream } = await ctx.network();
  const failures: PolyenvError[] = [];
  for (const source of runtime.sources) {
    try {
      const releases = await source.releases(upstream, request);
      const answering = releases.filter(
        (release) => request.version.kind === 'latest' || runtime.scheme.matches(request.version, release),
      );
      return { source: source.id, releases: answering };
    } catch (error) {
      if (
        !(error instanceof PolyenvError) ||
        !(error.elsewhere || error.code === 'network' || error.code === 'offline')
      )
        throw error;
      failures.push(error);
    }
  }
  throw failures[failures.length - 1] ?? new PolyenvError('source-refused', `${runtime.id} has no source`);
}
