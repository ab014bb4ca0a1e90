import type { Release } from '../release';
import type { VersionRequest } from '../request';
import type { ListEntry, ParsedRequest, VersionScheme } from '../scheme';
import { type Version, versionFrom } from '../version';
import { hasPrefix, readNumbers, readPrefix } from './numbers';
import { readSpecifiers, satisfiesSpecifiers } from './python-specifier';
import { asPython, comparePython, isEarly, readPython } from './python-version';
import { cleanRequest, invalidRequest, unsupportedRequest, withoutForm } from './request-text';

/**
 * Python: PEP 440 (https://packaging.python.org/en/latest/specifications/version-specifiers/), the short forms of uv
 * (`3.13`, `313`, `3.13t`, `cpython@3.13`) and of setup-python (`3.14-dev`, `^3.11`).
 */
export const pep440Scheme: VersionScheme = {
  version: (text) => {
    const parts = readPython(text.trim());
    return parts === undefined ? undefined : versionFrom(asPython(parts));
  },
  compare: (a, b) => comparePython(partsOf(a), partsOf(b)),
  prerelease: (version) => isEarly(partsOf(version)),
  request: (text) => readRequest(withoutForm(cleanRequest(text))),
  matches,
  among,
  entries: (texts) => texts.map(readEntry),
};

function partsOf(version: Version): ReturnType<typeof readPython> & object {
  return readPython(version) ?? { epoch: 0, numbers: [], local: [] };
}

const FREE_THREADED = 'freethreaded';

function readRequest(written: string): ParsedRequest {
  const lower = written.toLowerCase();
  const other =
    /^(?:pypy|pp(?=\d)|graalpy|gp(?=\d)|graalpython|pyodide|micropython|jython|ironpython|stackless|cinder|nogil|activepython|anaconda|miniconda|miniforge|mambaforge|micromamba)/.exec(
      lower,
    );
  if (other !== null)
    throw unsupportedRequest(
      written,
      `${other[0].replace(/^pp$/, 'pypy').replace(/^gp$/, 'graalpy')} is not CPython, which is all that is offered`,
    );
  const text = withoutImplementation(lower);
  if (['', 'latest', 'stable', 'any', 'default', '*', 'x'].includes(text)) return { version: { kind: 'latest' } };
  if (text === 'system') return { version: { kind: 'system' } };
  if (/\d(?:t?d|\+debug)$/.test(text)) throw unsupportedRequest(written, 'debug builds are not offered');
  const free = /^(.*\d)(?:t|\+freethreaded)(-dev)?$/.exec(text);
  const bare = free === null ? text : `${free[1]}${free[2] ?? ''}`;
  const version = readVersionRequest(written, bare);
  return free === null ? { version } : { version, variant: FREE_THREADED };
}

/**
 * `cpython@3.12`, `cpython-3.12`, `python3.12`, `cp312`, `v3.12`, and uv's whole key, whose platform is this machine's to
 * say: `cpython-3.13.1+freethreaded-linux-x86_64-gnu` (https://docs.astral.sh/uv/concepts/python-versions/).
 */
function withoutImplementation(written: string): string {
  const key = /^(?:cpython|cp|python)-(\d[^-]*)((?:-[a-z0-9_]+){1,3})$/.exec(written);
  const text = key === null || key[2] === '-dev' ? written : (key[1] as string);
  return text.replace(/^(?:cpython|python|cp)(?:$|[@-](?=\d)|(?=\d))/, '').replace(/^v(?=\d)/, '');
}

function readVersionRequest(written: string, text: string): VersionRequest {
  const moving = /^(\d+\.\d+)-dev$/.exec(text)?.[1];
  if (moving !== undefined) return { kind: 'channel', name: `${moving}-dev` };
  if (/^\d{2,}$/.test(text)) return { kind: 'prefix', numbers: readTag(written, text) };
  const numbers = readPrefix(text);
  const plain = readNumbers(text);
  if (numbers !== undefined && numbers.length > 0 && (plain === undefined || plain.length < 3)) {
    return { kind: 'prefix', numbers };
  }
  if (/^\d+\.\d+\.\d+$|^\d+\.\d+(?:\.\d+)?[._-]?(?:a|b|c|rc|alpha|beta|preview|pre)[._-]?\d+$/.test(text)) {
    const version = pep440Scheme.version(text);
    if (version !== undefined) return { kind: 'exact', version };
  }
  if (!/[<>=~^!|,* ]/.test(text)) {
    throw invalidRequest(written, 'it is neither a version of Python (3.13, 3.13.1, 3.14.0rc1) nor a range');
  }
  const specifiers = readSpecifiers(text);
  if ('bad' in specifiers) {
    throw invalidRequest(written, `${JSON.stringify(specifiers.bad)} is no version specifier of PEP 440`);
  }
  return { kind: 'range', text };
}

/** `313` as in the tag of a wheel: one digit of the major version, up to three of the minor one. */
function readTag(written: string, text: string): readonly number[] {
  const minor = Number(text.slice(1));
  if (minor > 255) throw invalidRequest(written, `${text} would be Python ${text[0]}.${minor}`);
  return [Number(text[0]), minor];
}

function matches(request: VersionRequest, release: Release): boolean {
  const parts = readPython(release.version);
  if (parts === undefined) return false;
  const early = release.prerelease ?? isEarly(parts);
  switch (request.kind) {
    case 'latest':
      return !early;
    case 'prefix':
      return !early && parts.epoch === 0 && hasPrefix(parts.numbers, request.numbers);
    case 'channel': {
      const line = /^(\d+\.\d+)-dev$/.exec(request.name)?.[1];
      return line !== undefined && parts.epoch === 0 && hasPrefix(parts.numbers, readNumbers(line) ?? []);
    }
    case 'range': {
      const specifiers = readSpecifiers(request.text);
      return !('bad' in specifiers) && satisfiesSpecifiers(specifiers, { parts, early, text: release.version });
    }
    case 'exact': {
      const wanted = partsOf(request.version);
      return comparePython(wanted.local.length === 0 ? { ...parts, local: [] } : parts, wanted) === 0;
    }
    case 'system':
      return false;
  }
}

/**
 * Where nothing but pre-releases answers a range, they do:
 * https://packaging.python.org/en/latest/specifications/version-specifiers/#handling-of-pre-releases
 */
function among(request: VersionRequest, releases: readonly Release[]): readonly Release[] | undefined {
  if (request.kind !== 'range' || releases.some((release) => matches(request, release))) return undefined;
  const specifiers = readSpecifiers(request.text);
  if ('bad' in specifiers) return undefined;
  const early = releases.filter(({ version }) =>
    satisfiesSpecifiers(specifiers, { parts: partsOf(version), early: false, text: version }),
  );
  return early.length === 0 ? undefined : early;
}

/** `3.13.1t` is the free-threaded build of 3.13.1. */
function readEntry(text: string): ListEntry | undefined {
  const [, bare = text, free] = /^(.*\d)(t)$/.exec(text.trim()) ?? [];
  const version = pep440Scheme.version(bare);
  if (version === undefined) return undefined;
  return { release: free === undefined ? { version } : { version, variant: FREE_THREADED } };
}
