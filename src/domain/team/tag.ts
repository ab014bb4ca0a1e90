import { createHash } from 'node:crypto';
import { type Digest, formatDigest } from '../runtime/digest';
import { PLATFORMS } from '../runtime/platform';
import { formatProof } from '../toolchain/proof-kinds';
import type { Carried } from './carried';

/**
 * The tag of a toolchain for one platform: readable, then twelve hex digits over everything that shapes its manifest. So a
 * tag never gets another content, and what only looks alike (components, vendors, sources) never shares one.
 */
export function toolchainTag(carried: Carried): string {
  const { tool, version, vendor, variant, platform } = carried;
  const words = [version, ...(vendor === undefined ? [] : [vendor]), ...(variant === undefined ? [] : [variant])];
  return joinTag(`${tool}-${words.map(escapeTagText).join('-')}-${platform}`, identityOf(carried));
}

/** The tag of the index over every platform of a release, by exactly those manifests. For people and other tools only. */
export function releaseTag(platforms: readonly [Carried, ...Carried[]]): string {
  const [{ tool, version, vendor, variant }] = platforms;
  const words = [version, ...(vendor === undefined ? [] : [vendor]), ...(variant === undefined ? [] : [variant])];
  return joinTag(`${tool}-${words.map(escapeTagText).join('-')}`, platforms.map(toolchainTag).toSorted());
}

/** The releases among them, each with every platform that is there, in the order in which they come. */
export function releasesIn<T extends { readonly carried: Carried }>(
  entries: readonly T[],
): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const entry of entries) {
    const { tool, version, vendor, variant, source } = entry.carried;
    const name = JSON.stringify([tool, version, vendor, variant, source]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

/** The tags of the indexes over the releases among them. */
export function releaseTags(carried: readonly Carried[]): readonly string[] {
  return releasesIn(carried.map((one) => ({ carried: one }))).map(([first, ...rest]) =>
    releaseTag([first.carried, ...rest.map((one) => one.carried)]),
  );
}

/** The tag of a lock: by what it carries, so that comments, order and requests of other words do not change it. */
export function lockTag(carried: readonly Carried[]): string {
  return `lock-${hexOf([...new Set(carried.map(toolchainTag))].toSorted()).slice(0, 32)}`;
}

/** Under which an archive is found by a digest that no registry knows it by; `undefined` for sha256, which all do. */
export function archiveTag(digest: Digest): string | undefined {
  if (digest.kind === 'sha256') return undefined;
  const bytes = Buffer.from(digest.value, digest.kind === 'h1' ? 'base64' : 'hex');
  return `${digest.kind}-${bytes.toString('base64url')}`;
}

/** The tag of a release of polyenv itself: found by its version alone, as a release never changes. */
export function ownTag(version: string): string {
  return `polyenv-${escapeTagText(version)}`;
}

/** The version that such a tag names. */
export function ownVersionOf(tag: string): string | undefined {
  return tag.startsWith('polyenv-') && tagKind(tag) === undefined
    ? unescapeTagText(tag.slice('polyenv-'.length))
    : undefined;
}

export type TagKind = 'toolchain' | 'release' | 'lock' | 'archive';

/** What kind of tag of ours it is; `undefined` for whatever else stands in the repository. */
export function tagKind(tag: string): TagKind | undefined {
  if (tag.length > LONGEST) return undefined;
  if (/^lock-[0-9a-f]{32}$/.test(tag)) return 'lock';
  if (/^sha512-[A-Za-z0-9_-]{86}$/.test(tag) || /^h1-[A-Za-z0-9_-]{43}$/.test(tag)) return 'archive';
  const [, name] = /^([a-z][a-z0-9]*-.+)\.[0-9a-f]{12}$/.exec(tag) ?? [];
  if (name === undefined || !SAFE.test(name)) return undefined;
  return PLATFORMS.some((platform) => name.endsWith(`-${platform}`)) ? 'toolchain' : 'release';
}

/**
 * A text as a part of a tag. `+` becomes `_`, as Helm does; whatever else a tag cannot hold, `_` itself, and a full stop
 * before another become `..`, the code in hex, and `-`. No two texts come out alike: `unescapeTagText` gives the text back.
 */
export function escapeTagText(text: string): string {
  let escaped = '';
  for (const character of [...text].toReversed()) {
    const plain = /^[A-Za-z0-9-]$/.test(character) || (character === '.' && !escaped.startsWith('.') && escaped !== '');
    const code = character.codePointAt(0)?.toString(16) ?? '';
    escaped = `${plain ? character : character === '+' ? '_' : `..${code}-`}${escaped}`;
  }
  return escaped;
}

/** The inverse of `escapeTagText`. */
export function unescapeTagText(escaped: string): string {
  return escaped.replace(/\.\.([0-9a-f]{1,6})-|_/g, (found, code?: string) =>
    found === '_' ? '+' : String.fromCodePoint(Number.parseInt(code ?? '0', 16)),
  );
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
const LONGEST = 128;
const SAFE = /^[A-Za-z0-9._-]+$/;

function joinTag(name: string, identity: unknown): string {
  const end = `.${hexOf(identity).slice(0, 12)}`;
  if (name.length + end.length <= LONGEST) return `${name}${end}`;
  // The end says for which platform; the middle gives way.
  const [platform = ''] = PLATFORMS.filter((key) => name.endsWith(`-${key}`)).map((key) => `-${key}`);
  const kept = name.slice(0, LONGEST - end.length - platform.length).replace(/[.]+$/, '');
  return `${kept}${platform}${end}`;
}

function identityOf({ tool, version, vendor, variant, source, platform, archives }: Carried): unknown {
  const parts = archives.map(({ part, format }) => [
    part.at,
    formatDigest(part.digest),
    formatProof(part.proof),
    format,
  ]);
  return [tool, version, vendor ?? '', variant ?? '', source, platform, parts];
}

function hexOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
