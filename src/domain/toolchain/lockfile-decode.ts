import { type DocumentValue, isTable, type KeyPath, valueAt } from '../formats/document-value';
import type { Packing, Part, Proof } from '../runtime/artifact';
import { parseDigest } from '../runtime/digest';
import { parseLocator } from '../runtime/locator';
import { isPlatformKey, PLATFORMS, type PlatformKey } from '../runtime/platform';
import { versionFrom } from '../versions/version';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import { printable, quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import { FORMAT, type LockEntry, type Lockfile, type LockRequest, sortEntries } from './lockfile';
import { PROOFS, parseProof } from './proof-kinds';

/** Throws `lockfile-newer` for another version of the format, `lockfile-invalid` with the line for anything that `renderLockfile` would not write. */
export function decodeLockfile(input: DocumentValue): Lockfile {
  const top = tableAt(input, []);
  checkFormat(input, top.version);
  refuseUnknown(input, [], ['version', 'runtimes']);
  const entries = Object.keys(tableAt(input, ['runtimes'])).flatMap((tool) => {
    const keys = ['runtimes', tool];
    if (!TOOL.test(tool)) fail(input, keys, `${quoted(tool)} is no name of a runtime`);
    const items = listAt(input, keys, MOST.entries);
    return items.map((_, index) => decodeEntry(input, [...keys, index], tool));
  });
  return { entries: sortEntries(entries) };
}

/**
 * What is wrong with the text as the place of a part, or `undefined`: https without credentials in its normal form, or a
 * locator (`parseLocator`).
 */
export function refusePlace(at: string): string | undefined {
  if (at.length > LONGEST) return `it is longer than ${LONGEST} characters`;
  if (!/^[\x21-\x7e]+$/.test(at) || /["'`\\<>^{}|]/.test(at)) return 'it has characters that no URL or locator has';
  if (!at.startsWith('https://')) {
    return parseLocator(at) !== undefined
      ? undefined
      : 'it is neither an https URL nor a locator of a package registry';
  }
  if (!URL.canParse(at)) return 'it is no URL';
  const url = new URL(at);
  if (url.username !== '' || url.password !== '') return 'it carries credentials';
  if ([...url.searchParams.keys()].some((name) => SECRET.test(name))) return 'it carries credentials';
  if (url.hash !== '') return 'it has a fragment';
  return url.href === at ? undefined : 'it is not in its normal form';
}

const TOOL = /^[a-z][a-z0-9]{0,31}$/;

const WORD = /^[A-Za-z0-9][A-Za-z0-9._+/-]{0,127}$/;

const SECRET = /token|secret|passw|credential|signature|api.?key|^key$|^sig$|^auth/i;

const LONGEST = 2048;

const MOST = { entries: 64, parts: 64, words: 256 } as const;

const RESERVED_OPTIONS = ['version', 'vendor', 'variant'];

function checkFormat(input: DocumentValue, version: unknown): void {
  if (version === FORMAT) return;
  const where = { file: input.path, line: input.lineOf('version') };
  if (typeof version === 'number' && Number.isInteger(version) && version > FORMAT) {
    throw new PolyenvError(
      'lockfile-newer',
      `the lock has format ${version}, and this polyenv reads format ${FORMAT}`,
      {
        where,
        hint: 'polyenv self update',
      },
    );
  }
  fail(
    input,
    ['version'],
    version === undefined ? 'the line `version = 1` is missing' : 'the version of the format must be 1',
  );
}

function decodeEntry(input: DocumentValue, keys: KeyPath, tool: ToolId): LockEntry {
  const table = tableAt(input, keys);
  refuseUnknown(input, keys, ['request', 'version', 'vendor', 'variant', 'source', 'proof', 'gaps', 'platforms']);
  const version = versionFrom(textAt(input, [...keys, 'version'], { pattern: WORD }));
  if (version === undefined) return fail(input, [...keys, 'version'], 'the version is no version');
  const proof = table.proof === undefined ? undefined : proofAt(input, [...keys, 'proof']);
  const platforms = Object.keys(tableAt(input, [...keys, 'platforms']));
  const artifacts = platforms.map((platform) => {
    const here = [...keys, 'platforms', platform];
    if (!isPlatformKey(platform)) return fail(input, here, `${quoted(platform)} is no platform`);
    return { platform, parts: decodeParts(input, here, proof) };
  });
  const gaps = table.gaps === undefined ? [] : listAt(input, [...keys, 'gaps'], PLATFORMS.length);
  return {
    tool,
    request: decodeRequest(input, [...keys, 'request']),
    version,
    ...optionalWord(input, keys, 'vendor'),
    ...optionalWord(input, keys, 'variant'),
    source: textAt(input, [...keys, 'source'], { pattern: WORD }),
    artifacts: PLATFORMS.flatMap((key) => artifacts.filter(({ platform }) => platform === key)),
    gaps: PLATFORMS.filter((key) =>
      gaps.map((gap, index) => platformAt(input, [...keys, 'gaps', index], gap)).includes(key),
    ),
  };
}

function decodeRequest(input: DocumentValue, keys: KeyPath): LockRequest {
  if (typeof valueAt(input, keys) === 'string') return { text: textAt(input, keys, {}), options: {} };
  const options: Record<string, readonly string[]> = {};
  for (const name of Object.keys(tableAt(input, keys))) {
    if (RESERVED_OPTIONS.includes(name)) continue;
    if (!/^[a-z][a-z_-]{0,31}$/.test(name)) fail(input, [...keys, name], `${quoted(name)} is no option of a request`);
    const words = listAt(input, [...keys, name], MOST.words);
    options[name] = words.map((_, index) => textAt(input, [...keys, name, index], {}));
  }
  return {
    text: textAt(input, [...keys, 'version'], {}),
    ...optionalWord(input, keys, 'vendor'),
    ...optionalWord(input, keys, 'variant'),
    options,
  };
}

function decodeParts(input: DocumentValue, keys: KeyPath, usual: Proof | undefined): readonly [Part, ...Part[]] {
  const [first, ...rest] = listAt(input, keys, MOST.parts).map((_, index) =>
    decodePart(input, [...keys, index], usual),
  );
  return first === undefined ? fail(input, keys, 'a platform without parts belongs into gaps') : [first, ...rest];
}

function decodePart(input: DocumentValue, keys: KeyPath, usual: Proof | undefined): Part {
  const table = tableAt(input, keys);
  refuseUnknown(input, keys, ['at', 'digest', 'size', 'proof', 'smaller']);
  const proof = table.proof === undefined ? usual : proofAt(input, [...keys, 'proof']);
  if (proof === undefined) return fail(input, keys, 'the part has no proof, and its entry has none either');
  const smaller = table.smaller === undefined ? undefined : decodePacking(input, [...keys, 'smaller']);
  return { ...decodePacking(input, keys), proof, ...present({ smaller }) };
}

function decodePacking(input: DocumentValue, keys: KeyPath): Packing {
  const table = tableAt(input, keys);
  if (keys.at(-1) === 'smaller') refuseUnknown(input, keys, ['at', 'digest', 'size']);
  const at = textAt(input, [...keys, 'at'], { limit: LONGEST });
  const reason = refusePlace(at);
  // Not shown: it may carry a password.
  if (reason !== undefined) fail(input, [...keys, 'at'], `a part cannot come from there: ${reason}`);
  const digest = parseDigest(textAt(input, [...keys, 'digest'], {}));
  if (digest === undefined)
    return fail(input, [...keys, 'digest'], 'the digest is none: sha256:, sha512: or h1: and its value');
  const size = table.size;
  const whole = typeof size === 'number' && Number.isSafeInteger(size) && size > 0;
  if (size !== undefined && !whole) fail(input, [...keys, 'size'], 'the size is no number of bytes');
  return { at, digest, ...(whole ? { size } : {}) };
}

function proofAt(input: DocumentValue, keys: KeyPath): Proof {
  const text = textAt(input, keys, {});
  return (
    parseProof(text) ?? fail(input, keys, `${quoted(text)} is no proof: ${PROOFS.join(', ')}, a colon, and by whom`)
  );
}

function platformAt(input: DocumentValue, keys: KeyPath, value: unknown): PlatformKey {
  if (typeof value === 'string' && isPlatformKey(value)) return value;
  return fail(input, keys, `${typeof value === 'string' ? quoted(value) : 'that'} is no platform`);
}

function optionalWord<N extends 'vendor' | 'variant'>(
  input: DocumentValue,
  keys: KeyPath,
  name: N,
): { [K in N]?: string } {
  if (valueAt(input, [...keys, name]) === undefined) return {};
  return { [name]: textAt(input, [...keys, name], { pattern: WORD }) } as { [K in N]: string };
}

function textAt(
  input: DocumentValue,
  keys: KeyPath,
  rule: { readonly pattern?: RegExp; readonly limit?: number },
): string {
  const value = valueAt(input, keys);
  const name = keys.findLast((key) => typeof key === 'string') ?? 'it';
  if (value === undefined) return fail(input, keys.slice(0, -1), `${name} is missing`);
  if (typeof value !== 'string') return fail(input, keys, `${name} must be a text in quotes`);
  if (value === '' || value.length > (rule.limit ?? 256) || /\p{Cc}/u.test(value)) {
    return fail(input, keys, `${name} is empty, too long, or has control characters: ${quoted(value)}`);
  }
  if (rule.pattern?.test(value) === false) fail(input, keys, `${name} cannot be ${quoted(value)}`);
  return value;
}

function listAt(input: DocumentValue, keys: KeyPath, most: number): readonly unknown[] {
  const value = valueAt(input, keys);
  if (!Array.isArray(value)) return fail(input, keys, `${keys.at(-1)} must be a list`);
  if (value.length > most) fail(input, keys, `${keys.at(-1)} has more than ${most} members`);
  return value;
}

function tableAt(input: DocumentValue, keys: KeyPath): Readonly<Record<string, unknown>> {
  const value = valueAt(input, keys) ?? {};
  return isTable(value) ? value : fail(input, keys, `${keys.at(-1) ?? 'a lock'} must be a table`);
}

function refuseUnknown(input: DocumentValue, keys: KeyPath, known: readonly string[]): void {
  for (const name of Object.keys(tableAt(input, keys))) {
    if (!known.includes(name)) fail(input, [...keys, name], `${quoted(name)} does not belong there`);
  }
}

function fail(input: DocumentValue, keys: KeyPath, what: string): never {
  throw new PolyenvError('lockfile-invalid', printable(what), {
    where: { file: input.path, line: input.lineOf(...keys) },
    hint: 'rm polyenv.lock && polyenv lock, or restore it from version control',
  });
}
