import { present } from '../../words/present';
import type { Release } from '../release';
import type { VersionRequest } from '../request';
import type { ListEntry, ParsedRequest, VersionScheme } from '../scheme';
import { type Version, versionFrom } from '../version';
import { compareNumbers, hasPrefix, readNumbers, readPrefix } from './numbers';
import { cleanRequest, invalidRequest, withoutForm } from './request-text';

/**
 * Rust: `CHANNEL[-DATE][-HOST]` as rustup has it (https://rust-lang.github.io/rustup/concepts/toolchains.html), CHANNEL
 * being `stable`, `beta`, `nightly`, `1.88`, `1.88.0` or `1.88.0-beta.2`. A host becomes the variant. No operators.
 * Versions are numbered (`1.88.0`, `1.89.0-beta.2`) or dated (`nightly-2025-06-01`).
 */
export const rustScheme: VersionScheme = {
  version: readVersion,
  compare: (a, b) => compareParts(readParts(a), readParts(b)),
  prerelease: (version) => readParts(version)?.stage !== undefined,
  request: (text) => readRequest(withoutForm(cleanRequest(text))),
  matches,
  entries: (texts) => readEntries(texts),
};

interface Parts {
  readonly numbers: readonly number[];
  /** `nightly` or `beta`, and which one; releases have none. */
  readonly stage?: string;
  readonly number?: number;
  readonly date?: string;
}

const NUMBER = '(?:0|[1-9]\\d{0,8})';
const DATE = '\\d{4}-\\d{2}-\\d{2}';
const NUMBERED = new RegExp(`^(${NUMBER}(?:\\.${NUMBER}){2})(?:-(alpha|beta|nightly)(?:\\.(${NUMBER}))?)?$`);
const DATED = new RegExp(`^(stable|beta|nightly)-(${DATE})$`);

function readVersion(text: string): Version | undefined {
  const bare = text.trim().replace(/^v(?=\d)/, '');
  return readParts(bare) === undefined ? undefined : versionFrom(bare);
}

function readParts(text: string): Parts | undefined {
  const dated = DATED.exec(text);
  if (dated !== null) {
    const [, stage = '', date = ''] = dated;
    return stage === 'stable' ? { numbers: [], date } : { numbers: [], stage, date };
  }
  const match = NUMBERED.exec(text);
  const numbers = readNumbers(match?.[1] ?? '');
  if (numbers === undefined) return undefined;
  const [, , stage, number] = match ?? [];
  return stage === undefined ? { numbers } : { numbers, stage, number: Number(number ?? 0) };
}

const STAGES = ['nightly', 'alpha', 'beta', undefined];

/** By number, then nightly, alpha, beta, release. Dated versions come after numbered ones, by date. */
function compareParts(a: Parts | undefined, b: Parts | undefined): number {
  if (a?.date !== b?.date) return (a?.date ?? '') < (b?.date ?? '') ? -1 : 1;
  return (
    compareNumbers(a?.numbers ?? [], b?.numbers ?? []) ||
    STAGES.indexOf(a?.stage) - STAGES.indexOf(b?.stage) ||
    (a?.number ?? 0) - (b?.number ?? 0)
  );
}

const REQUEST = new RegExp(
  `^(stable|beta|nightly|${NUMBER}(?:\\.${NUMBER}){0,2}(?:-(?:alpha|beta|nightly)(?:\\.${NUMBER})?(?![0-9A-Za-z.]))?)` +
    `(?:-(${DATE}))?(?:-([a-z0-9_]+(?:-[a-z0-9_.]+)*))?$`,
);

function readRequest(written: string): ParsedRequest {
  const text = written.toLowerCase().replace(/^v(?=\d)/, '');
  if (text === 'latest') return { version: { kind: 'channel', name: 'stable' } };
  if (text === 'system') return { version: { kind: 'system' } };
  const wildcard = /^\d.*\.[x*]$/.test(text) ? readPrefix(text) : undefined;
  if (wildcard !== undefined) return { version: { kind: 'prefix', numbers: wildcard } };
  const [, channel, date, host] = REQUEST.exec(text) ?? [];
  if (channel === undefined) throw invalidRequest(written, explain(text), HINT);
  return { version: readChannel(channel, date), ...present({ variant: host }) };
}

function readChannel(channel: string, date: string | undefined): VersionRequest {
  if (date !== undefined) return { kind: 'channel', name: `${channel}-${date}` };
  const numbers = readNumbers(channel);
  if (numbers !== undefined && numbers.length < 3) return { kind: 'prefix', numbers };
  // Without a number behind it, a pre-release moves on: `1.89.0-beta` is the newest beta of 1.89.0.
  const fixed = numbers !== undefined || /-\w+\.\d+$/.test(channel);
  const version = fixed ? readVersion(channel) : undefined;
  return version === undefined ? { kind: 'channel', name: channel } : { kind: 'exact', version };
}

function explain(text: string): string {
  const operator = /[<>=~^*|,!]/.exec(text)?.[0];
  if (operator !== undefined) return `${JSON.stringify(operator)} is an operator, and Rust's requests have none`;
  const zero = /(?:^|\.)0\d+/.exec(text)?.[0];
  if (zero !== undefined) return `${JSON.stringify(zero.replace('.', ''))} has a zero in front`;
  return 'it does not begin with stable, beta, nightly or a version';
}

const HINT = 'write stable, beta, nightly, nightly-2025-06-01, 1.88 or 1.88.0';

function matches(request: VersionRequest, release: Release): boolean {
  const parts = readParts(release.version);
  if (parts === undefined) return false;
  const channel = release.channel ?? parts.stage ?? 'stable';
  const stable = channel === 'stable' && !(release.prerelease ?? parts.stage !== undefined);
  switch (request.kind) {
    case 'latest':
      return stable;
    case 'prefix':
      return stable && hasPrefix(parts.numbers, request.numbers) && parts.numbers.length > 0;
    case 'exact':
      return rustScheme.compare(release.version, request.version) === 0 && (stable || parts.stage !== undefined);
    case 'channel':
      return matchesChannel(request.name, { release, parts, channel });
    case 'range':
      return stable && isAtLeast(parts.numbers, request.text);
    case 'system':
      return false;
  }
}

/** `>=1.56`: how a floor is asked for. No person writes it, as rustup has no operators. */
function isAtLeast(numbers: readonly number[], text: string): boolean {
  const least = text.startsWith('>=') ? readNumbers(text.slice(2)) : undefined;
  return least !== undefined && numbers.length > 0 && compareNumbers(numbers, least) >= 0;
}

function matchesChannel(
  name: string,
  found: { readonly release: Release; readonly parts: Parts; readonly channel: string },
): boolean {
  const { release, parts, channel } = found;
  const [, base = name, date] = new RegExp(`^(.*)-(${DATE})$`).exec(name) ?? [];
  if (date !== undefined && date !== (parts.date ?? release.date)) return false;
  if (['stable', 'beta', 'nightly'].includes(base)) return channel === base;
  const [numbers = '', stage, number] = base.split(/-([a-z]+)\.?/);
  return (
    hasPrefix(parts.numbers, readNumbers(numbers) ?? []) &&
    parts.numbers.length > 0 &&
    parts.stage === stage &&
    (!number || parts.number === Number(number))
  );
}

const LISTED = new RegExp(`^(stable|beta|nightly) (\\S+) (${DATE})(?: \\(([^()]+)\\))?$`);

/**
 * Versions, and the lines of a distribution server's listing, `CHANNEL VERSION DATE [(COMMIT)]`, whose version is spelt
 * `VERSION (COMMIT)`. In such a listing a bare pre-release names a manifest (`channel-rust-1.89.0-beta.2.toml`) of what
 * will be 1.89.0.
 */
function readEntries(texts: readonly string[]): readonly (ListEntry | undefined)[] {
  const listing = texts.some((text) => LISTED.test(text.trim()));
  return texts.map((text) => {
    const [, channel, number = '', date, commit] = LISTED.exec(text.trim()) ?? [];
    const version = readVersion(channel === undefined ? text : number);
    if (version === undefined) return undefined;
    if (channel !== undefined && date !== undefined) {
      const release = { version, channel, date, prerelease: channel !== 'stable' };
      return { release, spelling: commit === undefined ? number : `${number} (${commit})` };
    }
    const early = listing && readParts(version)?.stage !== undefined;
    return early
      ? { release: { version }, spelling: `${version.split('-')[0]} (${version})` }
      : { release: { version } };
  });
}
