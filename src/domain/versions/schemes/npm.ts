import compareBuild from 'semver/functions/compare-build';
import parse from 'semver/functions/parse';
import satisfies from 'semver/functions/satisfies';
import validRange from 'semver/ranges/valid';
import type { Release } from '../release';
import type { VersionRequest } from '../request';
import type { VersionScheme } from '../scheme';
import { type Version, versionFrom } from '../version';
import { ltsAmong, matchesLts, readLts } from './lts-lines';
import { hasPrefix, readNumbers, readPrefix } from './numbers';
import { cleanRequest, invalidRequest, unsupportedRequest, withoutForm } from './request-text';

/**
 * Node.js: npm's versions and ranges (https://github.com/npm/node-semver), nvm's and fnm's names of long-term lines,
 * and setup-node's of other channels (`rc/22`, `22-nightly`).
 */
export const npmScheme: VersionScheme = {
  version: readVersion,
  compare: (a, b) => compareBuild(a, b),
  prerelease: (version) => (parse(version)?.prerelease.length ?? 0) > 0,
  request: (text) => ({ version: readRequest(withoutForm(cleanRequest(text))) }),
  matches,
  among: (request, releases) => ltsAmong(npmScheme, request, releases),
};

function readVersion(text: string): Version | undefined {
  const parsed = parse(text.trim(), LOOSE);
  if (parsed === null) return undefined;
  const build = parsed.build.length === 0 ? '' : `+${parsed.build.join('.')}`;
  return versionFrom(`${parsed.version}${build}`);
}

/** As in the tools whose files are read: `v1.2.3`, `3.12.0a1`. */
const LOOSE = { loose: true };

const NEWEST = ['latest', 'node', 'current', 'stable', '*', 'x'];

/** nodejs.org's channels beside its releases, and `dev`, as other managers name them. */
const CHANNELS = 'rc|nightly|test|v8-canary|dev';
const CHANNEL_FIRST = new RegExp(`^(${CHANNELS})(?:/(.+))?$`);
const CHANNEL_LAST = new RegExp(`^v?(\\d+(?:\\.\\d+)*)-(${CHANNELS})$`);

function readRequest(written: string): VersionRequest {
  const channel = readChannel(written.toLowerCase());
  if (channel !== undefined) return channel;
  const text = written.replace(/^[vV](?=\d)/, '');
  const word = text.toLowerCase();
  if (NEWEST.includes(word)) return { kind: 'latest' };
  if (word === 'system') return { kind: 'system' };
  if (word.startsWith('iojs')) throw unsupportedRequest(written, 'io.js is not offered');
  return readLts(text) ?? readNumbered(text) ?? readCodename(word) ?? readRange(written, text);
}

function readChannel(word: string): VersionRequest | undefined {
  const first = CHANNEL_FIRST.exec(word);
  const last = CHANNEL_LAST.exec(word);
  const name = first?.[1] ?? last?.[2];
  const wanted = (first?.[2] ?? last?.[1] ?? '').replace(/^v(?=\d)/, '').replace(/^(?:latest|\*)$/, '');
  if (name === undefined) return undefined;
  if (wanted !== '' && readNumbers(wanted) === undefined) {
    throw invalidRequest(word, `after ${name}/ stands a version, or nothing`);
  }
  return { kind: 'channel', name: wanted === '' ? name : `${name}/${wanted}` };
}

function readNumbered(text: string): VersionRequest | undefined {
  const numbers = readPrefix(text);
  if (numbers !== undefined && numbers.length > 0 && (numbers.length < 3 || readNumbers(text) === undefined)) {
    return { kind: 'prefix', numbers };
  }
  const version = /^\d/.test(text) ? readVersion(text) : undefined;
  return version === undefined ? undefined : { kind: 'exact', version };
}

/** What nvm and fnm keep on one machine, under a name that says nothing on another. */
const LOCAL_ALIASES = ['default', 'unstable'];

/** `iron` for `lts/iron`. Which codenames there are, only the index knows. */
function readCodename(word: string): VersionRequest | undefined {
  if (LOCAL_ALIASES.includes(word)) {
    throw unsupportedRequest(word, 'it is an alias of nvm, which names another version on each machine');
  }
  return /^[a-z]+$/.test(word) ? { kind: 'channel', name: `lts/${word}` } : undefined;
}

function readRange(written: string, text: string): VersionRequest {
  // Not loosely: that would leave out what it does not understand.
  if (validRange(text) !== null) return { kind: 'range', text };
  const clauses = text
    .split('||')
    .flatMap((part) => part.replace(/([<>=~^]+) +/g, '$1').split(/ - | +/))
    .filter((clause) => clause !== '');
  const bad = clauses.find((clause) => validRange(clause) === null);
  if (/^[A-Za-z][\w-]*$/.test(text)) {
    throw unsupportedRequest(written, 'it is no version; an alias of nvm or fnm names another one on each machine');
  }
  throw invalidRequest(written, `${JSON.stringify(bad ?? text)} is neither a version nor a range of npm's grammar`);
}

function matches(request: VersionRequest, release: Release): boolean {
  const parsed = parse(release.version);
  if (parsed === null) return false;
  const early = release.prerelease ?? parsed.prerelease.length > 0;
  const numbers = [parsed.major, parsed.minor, parsed.patch];
  switch (request.kind) {
    case 'latest':
      return !early;
    case 'prefix':
      return !early && hasPrefix(numbers, request.numbers);
    case 'range':
      return satisfies(parsed, request.text);
    case 'exact':
      return isSame(release.version, request.version);
    case 'channel': {
      if (request.name.startsWith('lts')) return !early && matchesLts(request.name, release);
      const [name = '', wanted = ''] = request.name.split('/');
      const tag = parsed.prerelease.join('.');
      const onChannel = release.channel === undefined ? tag.startsWith(name) : release.channel === name;
      return onChannel && hasPrefix(numbers, readNumbers(wanted) ?? []);
    }
    case 'system':
      return false;
  }
}

/** Build metadata only counts where it was asked for. */
function isSame(version: Version, wanted: Version): boolean {
  const exactly = wanted.includes('+');
  return (exactly ? compareBuild(version, wanted) : parse(version)?.compare(wanted)) === 0;
}
