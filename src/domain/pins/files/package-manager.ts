import satisfies from 'semver/functions/satisfies';
import valid from 'semver/functions/valid';
import validRange from 'semver/ranges/valid';
import { isTable } from '../../formats/document-value';
import type { Document, PinFile } from '../../runtime/runtime';
import { PolyenvError } from '../../words/errors';
import { quoted } from '../../words/printable';
import { at } from './fields';
import { readVolta } from './package-json';
import { invalidPin } from './pin-text';

/** The package manager that a `package.json` asks for. */
export interface PackageManagerPin {
  readonly name: PackageManagerName;
  /** A version as semver has it, without its hash. */
  readonly version: string;
  /** `sha512:ab12...`, hex, as it stands behind the version; not yet compared with anything. */
  readonly checksum?: string;
  /** Which field said it. */
  readonly field: 'packageManager' | 'devEngines.packageManager' | 'volta';
  readonly line: number;
}

const PACKAGE_MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'] as const;

export type PackageManagerName = (typeof PACKAGE_MANAGERS)[number];

export interface PackageManagerReading {
  readonly pins: readonly PackageManagerPin[];
  readonly warnings: readonly { readonly line: number; readonly text: string }[];
}

/**
 * Reads `packageManager` and `devEngines.packageManager` as corepack does
 * (https://github.com/nodejs/corepack#when-authoring-packages); where neither is, Volta's `yarn`, `pnpm` and `npm`.
 * Throws `pin-file-invalid` with the line.
 */
export function readPackageManager(document: Document): PackageManagerReading {
  const top = document.json();
  if (!isTable(top)) throw invalidPin(document, 1, 'package.json must hold an object');
  const warnings: { line: number; text: string }[] = [];
  const field = top.packageManager;
  const wanted = readWanted(document, top, warnings);
  if (field === undefined && wanted !== undefined) {
    const pin = readPin(document, `${wanted.name}@${wanted.version ?? '*'}`, {
      field: 'devEngines.packageManager',
      line: document.lineOf(...WANTED),
    });
    return { pins: [pin], warnings };
  }
  if (field === undefined) return { pins: voltaPins(document), warnings };
  const line = document.lineOf('packageManager');
  if (typeof field !== 'string') throw invalidPin(document, line, 'packageManager must be a text such as "pnpm@9.1.0"');
  if (wanted !== undefined) warnings.push(...compare(document, field, wanted));
  return { pins: [readPin(document, field, { field: 'packageManager', line })], warnings };
}

/**
 * `package.json` for the package manager of that name: what the file asks for, with the checksum of its archive. A file
 * that asks for another one says nothing here, so that one unknown name does not stop every package manager.
 */
export function packageManagerPin(name: PackageManagerName): PinFile {
  return {
    file: 'package.json',
    read: (document) => {
      const top = document.json();
      if (!isTable(top) || namedIn(top) !== name) return { pins: [] };
      if (name === 'npm' && asksForRange(top)) return { pins: [] };
      const { pins, warnings } = name === 'npm' ? readLeniently(document) : readPackageManager(document);
      return {
        pins: pins
          .filter((pin) => pin.name === name)
          .map(({ version, checksum, line }) => ({
            strength: 'pin',
            requests: [version],
            line,
            ...(checksum !== undefined && { options: { checksum: [checksum] } }),
          })),
        warnings,
      };
    },
  };
}

/** npm itself never looks at `packageManager`: what is no whole version there stops nothing. */
function readLeniently(document: Document): PackageManagerReading {
  try {
    return readPackageManager(document);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    return { pins: [], warnings: [{ line: error.where?.line ?? 1, text: error.message }] };
  }
}

/** npm reads `devEngines` by itself, where a range is as good as a version: it pins nothing. */
function asksForRange(top: Readonly<Record<string, unknown>>): boolean {
  const wanted = at(top, WANTED);
  if (top.packageManager !== undefined || !isTable(wanted)) return false;
  return typeof wanted.version !== 'string' || valid(wanted.version.replace(/\+.*$/, '')) === null;
}

/** The name of the package manager that is asked for, as far as it can be told without judging the rest. */
function namedIn(top: Readonly<Record<string, unknown>>): unknown {
  const { packageManager } = top;
  if (typeof packageManager === 'string') return packageManager.split('@')[0];
  const wanted = at(top, WANTED);
  if (packageManager === undefined && isTable(wanted)) return wanted.name;
  const volta = top.volta;
  return isTable(volta) ? (['yarn', 'pnpm', 'npm'] as const).find((one) => volta[one] !== undefined) : undefined;
}

const WANTED = ['devEngines', 'packageManager'];

interface Wanted {
  readonly name: string;
  readonly version: string | undefined;
  readonly onFail: unknown;
}

type Warnings = { line: number; text: string }[];

function readWanted(document: Document, top: unknown, warnings: Warnings): Wanted | undefined {
  const value = at(top, WANTED);
  if (value === undefined || value === null) return undefined;
  const line = document.lineOf(...WANTED);
  if (!isTable(value)) {
    const shape = Array.isArray(value) ? 'a list' : 'no object';
    warnings.push({ line, text: `devEngines.packageManager is ${shape}, which is not read` });
    return undefined;
  }
  const { name, version, onFail } = value;
  if (typeof name !== 'string' || name.includes('@')) {
    warnings.push(...complain(document, onFail, 'devEngines.packageManager.name is no name'));
    return undefined;
  }
  const bare = typeof version === 'string' ? version.replace(/\+.*$/, '') : version;
  if (version !== undefined && version !== null && (typeof bare !== 'string' || validRange(bare) === null)) {
    warnings.push(...complain(document, onFail, 'devEngines.packageManager.version is no range of npm'));
    return undefined;
  }
  return { name, version: typeof version === 'string' ? version : undefined, onFail };
}

function compare(document: Document, field: string, { name, version, onFail }: Wanted): Warnings {
  if (!field.startsWith(`${name}@`)) {
    const text = `packageManager ${quoted(field)} is not the ${quoted(name)} of devEngines.packageManager`;
    return complain(document, onFail, text);
  }
  const pinned = field.slice(name.length + 1);
  if (version === undefined || satisfies(pinned, version)) return [];
  return complain(
    document,
    onFail,
    `packageManager ${quoted(field)} is not in devEngines.packageManager's ${quoted(version)}`,
  );
}

/** `onFail` says how bad it is; without it, it is an error. */
function complain(document: Document, onFail: unknown, text: string): Warnings {
  const line = document.lineOf(...WANTED);
  if (onFail === 'ignore') return [];
  if (onFail === undefined || onFail === 'error') throw invalidPin(document, line, text);
  return [{ line, text }];
}

function readPin(
  document: Document,
  text: string,
  place: Pick<PackageManagerPin, 'field' | 'line'>,
): PackageManagerPin {
  const { field, line } = place;
  const sign = text.indexOf('@');
  const name = sign === -1 ? text : text.slice(0, sign);
  const rest = sign === -1 ? '' : text.slice(sign + 1);
  const known = PACKAGE_MANAGERS.find((one) => one === name);
  if (known === undefined) {
    throw invalidPin(
      document,
      line,
      `${field} names ${quoted(name)}, and only ${PACKAGE_MANAGERS.join(', ')} are known`,
    );
  }
  if (rest === '') throw invalidPin(document, line, `${field} names ${name} without a version: write ${name}@VERSION`);
  if (URL.canParse(rest))
    throw invalidPin(document, line, `${field} names a URL: a version is wanted, from the registry`);
  const plus = rest.indexOf('+');
  const version = plus === -1 ? rest : rest.slice(0, plus);
  if (rest.length > 512 || valid(version) === null || valid(version) !== version) {
    throw invalidPin(document, line, `${field} names ${quoted(rest)}, and a whole version is wanted, such as 9.1.0`);
  }
  if (plus === -1) return { name: known, version, ...place };
  const [, kind = '', hex = ''] = /^(sha1|sha224|sha256|sha384|sha512)\.([0-9a-f]+)$/.exec(rest.slice(plus + 1)) ?? [];
  if (hex === '') throw invalidPin(document, line, `${field} has a hash that is not read: write +sha512.HEX`);
  return { name: known, version, checksum: `${kind}:${hex}`, ...place };
}

function voltaPins(document: Document): readonly PackageManagerPin[] {
  return (['yarn', 'pnpm', 'npm'] as const).flatMap((name) => {
    const found = readVolta(document, name);
    if (found === undefined || found.value === 'bundled') return [];
    return [readPin(document, `${name}@${found.value}`, { field: 'volta', line: found.line })];
  });
}
