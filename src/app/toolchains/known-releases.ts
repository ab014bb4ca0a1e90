import { type KeptRelease, keepReleases, keptReleases } from '../../adapters/upstream/known-versions';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Release } from '../../domain/versions/release';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';

/**
 * Keeps the versions that a source offered, newest first, with the lines that they are on, beside those of earlier
 * answers: a source may leave out what cannot answer the request. Completions and calls for this once read them.
 */
export async function rememberReleases(ctx: Context, runtime: Runtime, releases: readonly Release[]): Promise<void> {
  const { id } = runtime;
  const all = new Map((await keptReleases(ctx.home, id)).map((release) => [release.version, release]));
  const news = releases.filter(({ version, lts, channel }) => {
    const known = all.get(version);
    return known === undefined || known.lts !== lts || known.channel !== channel;
  });
  if (news.length === 0) return;
  for (const { version, lts, channel } of news) {
    all.set(version, { version, ...present({ lts, channel }) });
  }
  await keepReleases(ctx.home, id, sortedBy(runtime, [...all.values()]));
}

/** What is known of the runtime's releases without the network. */
export async function knownReleases(ctx: Context, runtime: Runtime): Promise<readonly Release[]> {
  return (await keptReleases(ctx.home, runtime.id)).flatMap(({ version: text, ...line }) => {
    const version = runtime.scheme.version(text);
    return version === undefined ? [] : [{ version, ...line }];
  });
}

function sortedBy({ scheme }: Runtime, releases: readonly KeptRelease[]): readonly KeptRelease[] {
  const read = releases.flatMap((release) => {
    const version = scheme.version(release.version);
    return version === undefined ? [] : [{ ...release, version }];
  });
  return read.sort((a, b) => scheme.compare(b.version, a.version));
}
