import type { Release } from '../release';
import type { VersionRequest } from '../request';
import type { VersionScheme } from '../scheme';

/** `lts`, `lts/*`, `lts/-1`, `lts/iron`, and each with a dash for the slash; `undefined` for what is not of that form. */
export function readLts(text: string): VersionRequest | undefined {
  const lower = text.toLowerCase();
  if (/^lts(?:[/-](?:\*|latest))?$/.test(lower)) return { kind: 'channel', name: 'lts' };
  const line = /^lts[/-](-[1-9]\d{0,2}|[a-z]+)$/.exec(lower)?.[1];
  return line === undefined ? undefined : { kind: 'channel', name: `lts/${line}` };
}

/** Whether the release is on the long-term line that a channel of `readLts` names; how far back a line is, only `ltsAmong` tells. */
export function matchesLts(name: string, release: Release): boolean {
  if (release.lts === undefined) return false;
  const line = name.slice('lts/'.length);
  return name === 'lts' || line.startsWith('-') || release.lts.toLowerCase() === line;
}

/** For `lts/-N`: the releases of the line that is N before the newest long-term line. Lines without a name are told apart by their first number. */
export function ltsAmong(
  scheme: Pick<VersionScheme, 'compare' | 'prerelease'>,
  request: VersionRequest,
  releases: readonly Release[],
): readonly Release[] | undefined {
  const back = request.kind === 'channel' ? /^lts\/-(\d+)$/.exec(request.name)?.[1] : undefined;
  if (back === undefined) return undefined;
  const newestFirst = releases
    .filter((release) => release.lts !== undefined && !(release.prerelease ?? scheme.prerelease(release.version)))
    .sort((a, b) => scheme.compare(b.version, a.version));
  const wanted = [...new Set(newestFirst.map(lineOf))][Number(back)];
  return newestFirst.filter((release) => lineOf(release) === wanted);
}

function lineOf({ lts, version }: Release): string {
  return lts ? lts.toLowerCase() : (/^\d+/.exec(version)?.[0] ?? '');
}
