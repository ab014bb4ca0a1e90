import satisfies from 'semver/functions/satisfies';
import validRange from 'semver/ranges/valid';
import type { Release } from '../release';
import type { VersionRequest } from '../request';
import type { VersionScheme } from '../scheme';
import { type Version, versionFrom } from '../version';
import { compareNumbers, hasPrefix, readNumbers, readPrefix } from './numbers';
import { cleanRequest, invalidRequest, unsupportedRequest, withoutForm } from './request-text';

/**
 * Go: `1.20`, `1.21.0`, `1.25rc1` (https://go.dev/doc/toolchain#version), and npm's ranges over them, as setup-go has
 * them. Before 1.21 the first release of a line has two numbers: `1.20` is `1.20.0`.
 */
export const goScheme: VersionScheme = {
  version: readVersion,
  compare: (a, b) => compareParts(readParts(a), readParts(b)),
  prerelease: (version) => readParts(version)?.early !== undefined,
  request: (text) => ({ version: readRequest(withoutForm(cleanRequest(text))) }),
  matches,
  among: (request, releases) =>
    request.kind === 'channel' && request.name === 'oldstable' ? previousLine(releases) : undefined,
};

interface Parts {
  readonly numbers: readonly number[];
  /** Alpha, beta or rc with its number; final releases have none. */
  readonly early?: { readonly stage: string; readonly number: number };
}

const VERSION = /^(\d+(?:\.\d+){0,2})(?:-?(alpha|beta|rc)\.?(\d+))?$/;

function readParts(text: string): Parts | undefined {
  const match = VERSION.exec(text);
  const numbers = match?.[1] === undefined ? undefined : readNumbers(match[1]);
  const [, , stage, number] = match ?? [];
  if (numbers === undefined) return undefined;
  return stage === undefined ? { numbers } : { numbers, early: { stage, number: Number(number) } };
}

/** `1.14.0-rc.1`, as semver has to spell it, is Go's `1.14rc1`. */
function readVersion(text: string): Version | undefined {
  const parts = readParts(withoutGo(text.trim()));
  if (parts === undefined) return undefined;
  const { numbers, early } = parts;
  if (early === undefined) return versionFrom(numbers.join('.'));
  const line = numbers.length === 3 && numbers[2] === 0 ? numbers.slice(0, 2) : numbers;
  return versionFrom(`${line.join('.')}${early.stage}${early.number}`);
}

function withoutGo(text: string): string {
  return text.replace(/^(?:go|v)(?=\d)/i, '');
}

function compareParts(a: Parts | undefined, b: Parts | undefined): number {
  const numbers = compareNumbers(a?.numbers ?? [], b?.numbers ?? []);
  if (numbers !== 0) return numbers;
  if (a?.early === undefined || b?.early === undefined) {
    return (a?.early === undefined ? 1 : 0) - (b?.early === undefined ? 1 : 0);
  }
  if (a.early.stage !== b.early.stage) return a.early.stage < b.early.stage ? -1 : 1;
  return a.early.number - b.early.number;
}

function readRequest(written: string): VersionRequest {
  const text = withoutGo(written.toLowerCase());
  if (['latest', 'stable', '*', 'x'].includes(text)) return { kind: 'latest' };
  if (text === 'oldstable') return { kind: 'channel', name: 'oldstable' };
  if (text === 'system') return { kind: 'system' };
  if (['tip', 'gotip', 'master'].includes(text)) {
    throw unsupportedRequest(written, 'Go is offered in releases, not from its repository');
  }
  const numbers = readPrefix(text);
  if (numbers !== undefined && numbers.length > 0 && (numbers.length < 3 || readNumbers(text) === undefined)) {
    return { kind: 'prefix', numbers };
  }
  const version = readVersion(text);
  if (version !== undefined) return { kind: 'exact', version };
  if (/[<>=~^ |]/.test(text) && validRange(asSemver(text)) !== null) return { kind: 'range', text };
  throw invalidRequest(
    written,
    'it is neither a version of Go (1.24, 1.24.3, 1.25rc1), nor stable or oldstable, nor a range',
  );
}

/** Go's versions in semver's spelling, within a range too: `>=go1.20rc1` is `>=1.20.0-rc.1`. */
function asSemver(text: string): string {
  return text
    .replace(/\b(?:go|v)(?=\d)/g, '')
    .replace(/(\d+\.\d+)(\.\d+)?-?(alpha|beta|rc)\.?(\d+)/g, (_, line, patch = '.0', stage, number) => {
      return `${line}${patch}-${stage}.${number}`;
    });
}

function matches(request: VersionRequest, release: Release): boolean {
  const parts = readParts(release.version);
  if (parts === undefined) return false;
  const early = release.prerelease ?? parts.early !== undefined;
  switch (request.kind) {
    case 'latest':
    case 'channel':
      return !early;
    case 'prefix':
      return !early && hasPrefix(parts.numbers, request.numbers);
    case 'range': {
      const [major = 0, minor = 0, patch = 0] = parts.numbers;
      const stage = parts.early === undefined ? '' : `-${parts.early.stage}.${parts.early.number}`;
      return satisfies(`${major}.${minor}.${patch}${stage}`, asSemver(request.text));
    }
    case 'exact':
      return goScheme.compare(release.version, request.version) === 0;
    case 'system':
      return false;
  }
}

/** Go supports its two newest lines: the older of these. */
function previousLine(releases: readonly Release[]): readonly Release[] {
  const newestFirst = releases
    .filter((release) => matches({ kind: 'latest' }, release))
    .sort((a, b) => goScheme.compare(b.version, a.version));
  const wanted = [...new Set(newestFirst.map(lineOf))][1];
  return newestFirst.filter((release) => lineOf(release) === wanted);
}

function lineOf({ version }: Release): string {
  const [major = 0, minor = 0] = readParts(version)?.numbers ?? [];
  return `${major}.${minor}`;
}
