import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import type { Locator } from './artifact';

/** A registry's package, without the registry's host: each person's own registry serves it. */
export type RegistryPackage =
  | { readonly registry: 'npm'; readonly name: string; readonly version: string }
  | { readonly registry: 'goproxy'; readonly module: string; readonly version: string }
  | {
      readonly registry: 'maven';
      readonly group: string;
      readonly artifact: string;
      readonly version: string;
      readonly classifier?: string;
      /** `jar`, `tar.gz`. */
      readonly extension: string;
    }
  | {
      readonly registry: 'pypi';
      /** In its normal form: https://packaging.python.org/en/latest/specifications/name-normalization/ */
      readonly name: string;
      readonly version: string;
      /** A release has a wheel for each platform. */
      readonly file: string;
    };

/**
 * `npm:NAME@VERSION`, `goproxy:MODULE@VERSION`, `maven:GROUP:ARTIFACT:VERSION[:CLASSIFIER]@EXT` or `pypi:NAME@VERSION:FILE`,
 * or `undefined` if the text is not exactly one of these. What it returns is safe as parts of a path and of a URL.
 */
export function parseLocator(text: string): RegistryPackage | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  if (text.startsWith('npm:')) return parseNpm(text.slice('npm:'.length));
  if (text.startsWith('goproxy:')) return parseGo(text.slice('goproxy:'.length));
  if (text.startsWith('maven:')) return parseMaven(text.slice('maven:'.length));
  if (text.startsWith('pypi:')) return parsePypi(text.slice('pypi:'.length));
  return undefined;
}

/** The locator's text. Throws `path-refused` if a part could not be read back: an upstream's word never becomes a path unchecked. */
export function formatLocator(found: RegistryPackage): Locator {
  const text = joinParts(found);
  const again = parseLocator(text);
  if (again === undefined || joinParts(again) !== text) {
    throw new PolyenvError('path-refused', `${JSON.stringify(text.slice(0, 200))} cannot name a package`);
  }
  return text;
}

/** A module path or version as the module proxy wants it in URLs: capitals as `!` and the small letter (https://go.dev/ref/mod#goproxy-protocol). */
export function escapeGoPath(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

/** Whether the text is a name that the npm registry can hold: https://github.com/npm/validate-npm-package-name */
export function isNpmName(text: string): boolean {
  return text.length <= 214 && NPM_NAME.test(text) && !text.includes('..');
}

/** https://go.dev/ref/mod#module-path: what a module path may be. */
export function isGoModule(text: string): boolean {
  const elements = text.split('/');
  return (
    elements[0]?.includes('.') === true &&
    elements.every((element) => /^[A-Za-z0-9_~-](?:[A-Za-z0-9._~-]*[A-Za-z0-9_~-])?$/.test(element)) &&
    !text.includes('..')
  );
}

export function isGoVersion(text: string): boolean {
  return /^v\d+\.\d+\.\d+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+incompatible)?$/.test(text);
}

/** A Maven group, artifact, version or classifier: https://maven.apache.org/pom.html#Maven_Coordinates */
export function isMavenWord(text: string): boolean {
  return /^[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_])?$/.test(text) && !text.includes('..');
}

/** A project of a Python package index in its normal form. */
export function isPypiName(text: string): boolean {
  return text.length <= 200 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text);
}

/** A file that an index offers for a version: the version follows the name in it. */
function isPypiFile(text: string, version: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]*\.(?:whl|tar\.gz|zip)$/.test(text) && text.includes(`-${version}`);
}

const MAX_LENGTH = 500;

const NPM_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

const SEMVER = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

function joinParts(found: RegistryPackage): string {
  if (found.registry === 'npm') return `npm:${found.name}@${found.version}`;
  if (found.registry === 'goproxy') return `goproxy:${found.module}@${found.version}`;
  if (found.registry === 'pypi') return `pypi:${found.name}@${found.version}:${found.file}`;
  const classifier = found.classifier === undefined ? [] : [found.classifier];
  return `maven:${[found.group, found.artifact, found.version, ...classifier].join(':')}@${found.extension}`;
}

function parseNpm(text: string): RegistryPackage | undefined {
  const [name, version] = splitLast(text, '@');
  return isNpmName(name) && SEMVER.test(version) ? { registry: 'npm', name, version } : undefined;
}

function parseGo(text: string): RegistryPackage | undefined {
  const [module, version] = splitLast(text, '@');
  return isGoModule(module) && isGoVersion(version) ? { registry: 'goproxy', module, version } : undefined;
}

function parseMaven(text: string): RegistryPackage | undefined {
  const [coordinates, extension] = splitLast(text, '@');
  const words = coordinates.split(':');
  const [group, artifact, version, classifier] = words;
  if (group === undefined || artifact === undefined || version === undefined) return undefined;
  if (words.length > 4 || !words.every(isMavenWord) || !/^[a-z0-9]+(?:\.[a-z0-9]+)*$/.test(extension)) return undefined;
  return { registry: 'maven', group, artifact, version, ...present({ classifier }), extension };
}

function parsePypi(text: string): RegistryPackage | undefined {
  const [name, rest] = splitLast(text, '@');
  const [version, file] = splitLast(rest, ':');
  const isVersion = /^\d+(?:\.\d+)*(?:[a-z]+\d+)?(?:\.[a-z]+\d+)*$/.test(version);
  return isPypiName(name) && isVersion && isPypiFile(file, version)
    ? { registry: 'pypi', name, version, file }
    : undefined;
}

/** Both sides of the last separator; the second is empty where there is none. */
function splitLast(text: string, separator: string): readonly [string, string] {
  const at = text.lastIndexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
