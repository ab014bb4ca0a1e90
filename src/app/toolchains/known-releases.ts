import { keepVersions, keptVersions } from '../../adapters/upstream/known-versions';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Release } from '../../domain/versions/release';
import type { Context } from '../base/context';

/**
 * Keeps the versions that a source offered, newest first, beside those of earlier answers: a source may leave out what
 * cannot answer the request. Completions read them.
 */
export async function rememberReleases(ctx: Context, runtime: Runtime, releases: readonly Release[]): Promise<void> {
  const { scheme, id } = runtime;
  const before = (await keptVersions(ctx.home, id)).filter((version) => scheme.version(version) !== undefined);
  const all = new Set([...releases.map(({ version }) => version as string), ...before]);
  if (before.length > 0 && all.size === before.length) return;
  const versions = [...all].flatMap((text) => scheme.version(text) ?? []);
  await keepVersions(
    ctx.home,
    id,
    versions.sort((a, b) => scheme.compare(b, a)),
  );
}
