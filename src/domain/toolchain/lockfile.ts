import { type DocumentValue, isTable, type KeyPath, valueAt } from '../formats/document-value';
import type { Artifact, Packing, Part, Proof } from '../runtime/artifact';
import { formatDigest, parseDigest } from '../runtime/digest';
import { parseLocator } from '../runtime/locator';
import { isPlatformKey, PLATFORMS, type PlatformKey } from '../runtime/platform';
import type { RequestOptions, ToolRequest } from '../versions/request';
import { type Version, versionFrom } from '../versions/version';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import { printable, quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';

export const LOCKFILE_NAME = 'polyenv.lock';

/** Bytes. A larger lock is refused before it is parsed. */
export const LOCKFILE_LIMIT = 4 * 1024 * 1024;

/** `polyenv.lock`, decoded: what was resolved, for every platform that the source has. Nothing of it is believed until a source owns it. */
export interface Lockfile {
  /** By tool in alphabetical order. Entries of one request are alternatives, in order of preference. */
  readonly entries: readonly LockEntry[];
}

export interface LockEntry {
  readonly tool: ToolId;
  readonly request: LockRequest;
  readonly version: Version;
  /** Of the release that was chosen, where the runtime has several. */
  readonly vendor?: string;
  readonly variant?: string;
  /** A source's id. */
  readonly source: string;
  /** In the order of `PLATFORMS`, one a platform at most. */
  readonly artifacts: readonly Artifact[];
  /** Platforms that the source does not have. */
  readonly gaps: readonly PlatformKey[];
}

/** What was asked, as far as it decides what is locked. */
export type LockRequest = Pick<ToolRequest, 'text' | 'vendor' | 'variant' | 'options'>;

/** How a lock falls short of what is asked. */
export interface LockDifference {
  readonly tool: ToolId;
  /** `missing`: no entry at all; `request`: locked for another request; `platform`: not for this platform. */
  readonly kind: 'missing' | 'request' | 'platform';
  /** `node is locked for "20", and "22" is asked`: one line. */
  readonly text: string;
}

export const EMPTY_LOCKFILE: Lockfile = { entries: [] };

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

/** The text of a lock: the same for the same lock, one line a part, so that differences and merges can be read. */
export function renderLockfile(lock: Lockfile): string {
  return `${HEADER}version = ${FORMAT}\n${sortEntries(lock.entries).map(renderEntry).join('')}`;
}

/** All entries that answer exactly this request, in order of preference: the same version from other sources. */
export function findAlternatives(lock: Lockfile, request: ToolRequest): readonly LockEntry[] {
  return lock.entries.filter((entry) => entry.tool === request.tool && sameRequest(entry.request, request));
}

/** The lock with the entry in the place of what the tool had; alternatives of the same request and version stay, and what `kept` asks for besides. */
export function withEntry(lock: Lockfile, entry: LockEntry, kept: readonly ToolRequest[] = []): Lockfile {
  const others = withoutTool(lock, entry.tool, kept).entries.filter(
    (old) => old.tool !== entry.tool || !sameRequest(old.request, entry.request),
  );
  const alternatives = lock.entries.filter((old) => old.tool === entry.tool && isAlternative(old, entry));
  const place = alternatives.findIndex((old) => old.source === entry.source);
  const together = place === -1 ? [...alternatives, entry] : alternatives.with(place, entry);
  return { entries: sortEntries([...others, ...together]) };
}

/** `kept` are other requests of the tool that somebody still has: services may want several versions. */
export function withoutTool(lock: Lockfile, tool: ToolId, kept: readonly ToolRequest[] = []): Lockfile {
  return {
    entries: lock.entries.filter(
      (entry) =>
        entry.tool !== tool || kept.some((request) => request.tool === tool && sameRequest(entry.request, request)),
    ),
  };
}

/** The part of an entry for one platform, or `undefined` where it is a gap. */
export function artifactFor(entry: LockEntry, platform: PlatformKey): Artifact | undefined {
  return entry.artifacts.find((artifact) => artifact.platform === platform);
}

/** What of the requests the lock does not hold; entries that nobody asks for are no difference. */
export function lockDifferences(
  lock: Lockfile,
  requests: readonly ToolRequest[],
  platform?: PlatformKey,
): readonly LockDifference[] {
  return requests.flatMap((request): readonly LockDifference[] => {
    const { tool } = request;
    const asked = describeRequest(request);
    const alternatives = findAlternatives(lock, request);
    if (alternatives.length > 0) {
      if (platform === undefined || alternatives.some((entry) => artifactFor(entry, platform) !== undefined)) return [];
      const text = `${tool} ${alternatives[0]?.version ?? ''} is not locked for ${platform}`;
      return [{ tool, kind: 'platform', text: printable(text) }];
    }
    const other = lock.entries.find((entry) => entry.tool === tool);
    if (other === undefined) {
      return [{ tool, kind: 'missing', text: printable(`${tool} is not locked, and ${asked} is asked`) }];
    }
    const text = `${tool} is locked for ${describeRequest(other.request)}, and ${asked} is asked`;
    return [{ tool, kind: 'request', text: printable(text) }];
  });
}

/** Below zero if `a` proves less than `b`. Who proved it does not count. */
export function compareProof(a: Proof['kind'], b: Proof['kind']): number {
  return PROOFS.indexOf(a) - PROOFS.indexOf(b);
}

/** `signature:C0D6248439F1D5604AAFFB4021D900FFDB233756`: the form of the lock and of receipts. */
export function formatProof(proof: Proof): string {
  return `${proof.kind}:${proof.by}`;
}

/** The inverse of `formatProof`; `undefined` for anything else. */
export function parseProof(text: string): Proof | undefined {
  const colon = text.indexOf(':');
  const kind = proofKind(text.slice(0, colon));
  const by = text.slice(colon + 1);
  return kind !== undefined && BY.test(by) ? { kind, by } : undefined;
}

/** A kind of proof by its word; locks and receipts of polyenv 0.1 say `index` for `digest`. */
export function proofKind(word: string): Proof['kind'] | undefined {
  return word === 'index' ? 'digest' : PROOFS.find((known) => known === word);
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

const FORMAT = 1;

const HEADER = `# What polyenv.toml was resolved to, for every platform. Written by polyenv: commit it, and change it with
# \`polyenv use\`, \`polyenv lock\` or \`polyenv upgrade\`. After a merge conflict take either side and run \`polyenv lock\`.
`;

/** Weakest first. */
const PROOFS = [
  'digest',
  'registry-signature',
  'transparency',
  'signature',
] as const satisfies readonly Proof['kind'][];

const TOOL = /^[a-z][a-z0-9]{0,31}$/;
const WORD = /^[A-Za-z0-9][A-Za-z0-9._+/-]{0,127}$/;
const BY = /^[A-Za-z0-9@][A-Za-z0-9@._+:=/ -]{0,199}$/;
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

function isAlternative(old: LockEntry, entry: LockEntry): boolean {
  return (
    sameRequest(old.request, entry.request) &&
    old.version === entry.version &&
    old.vendor === entry.vendor &&
    old.variant === entry.variant
  );
}

function sameRequest(a: LockRequest, b: LockRequest): boolean {
  return (
    a.text === b.text &&
    a.vendor === b.vendor &&
    a.variant === b.variant &&
    canonicalOptions(a.options) === canonicalOptions(b.options)
  );
}

function canonicalOptions(options: RequestOptions): string {
  return JSON.stringify(usedOptions(options));
}

/** By name; an option without values says nothing. */
function usedOptions(options: RequestOptions): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(options)
    .filter(([, words]) => words.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function describeRequest(request: LockRequest): string {
  const options = usedOptions(request.options).map(([name, words]) => `${name} ${words.join(', ')}`);
  const words = [...(request.vendor === undefined ? [] : [`vendor ${request.vendor}`]), ...options];
  return words.length === 0 ? quoted(request.text) : `${quoted(request.text)} with ${words.join(' and ')}`;
}

/** By tool only, and stable: the order within a tool is the order of preference. */
function sortEntries(entries: readonly LockEntry[]): readonly LockEntry[] {
  return entries.toSorted((a, b) => (a.tool < b.tool ? -1 : a.tool > b.tool ? 1 : 0));
}

function renderEntry(entry: LockEntry): string {
  const usual = entry.artifacts[0]?.parts[0].proof;
  const lines = [
    '',
    `[[runtimes.${entry.tool}]]`,
    `request = ${renderRequest(entry.request)}`,
    `version = ${renderText(entry.version)}`,
  ];
  if (entry.vendor !== undefined) lines.push(`vendor = ${renderText(entry.vendor)}`);
  if (entry.variant !== undefined) lines.push(`variant = ${renderText(entry.variant)}`);
  lines.push(`source = ${renderText(entry.source)}`);
  if (usual !== undefined) lines.push(`proof = ${renderText(formatProof(usual))}`);
  lines.push(`gaps = ${renderTexts(PLATFORMS.filter((key) => entry.gaps.includes(key)))}`);
  if (entry.artifacts.length > 0) lines.push('', `[runtimes.${entry.tool}.platforms]`);
  for (const key of PLATFORMS) {
    for (const artifact of entry.artifacts.filter(({ platform }) => platform === key)) {
      lines.push(`${key} = [`, ...artifact.parts.map((part) => `  ${renderPart(part, usual)},`), ']');
    }
  }
  return `${lines.join('\n')}\n`;
}

function renderRequest(request: LockRequest): string {
  const options = usedOptions(request.options);
  if (request.vendor === undefined && request.variant === undefined && options.length === 0)
    return renderText(request.text);
  const pairs = [`version = ${renderText(request.text)}`];
  if (request.vendor !== undefined) pairs.push(`vendor = ${renderText(request.vendor)}`);
  if (request.variant !== undefined) pairs.push(`variant = ${renderText(request.variant)}`);
  return `{ ${[...pairs, ...options.map(([name, words]) => `${name} = ${renderTexts(words)}`)].join(', ')} }`;
}

function renderPart(part: Part, usual: Proof | undefined): string {
  const pairs = packingPairs(part);
  const proof = formatProof(part.proof);
  if (usual === undefined || proof !== formatProof(usual)) pairs.push(`proof = ${renderText(proof)}`);
  if (part.smaller !== undefined) pairs.push(`smaller = { ${packingPairs(part.smaller).join(', ')} }`);
  return `{ ${pairs.join(', ')} }`;
}

function packingPairs({ at, digest, size }: Packing): string[] {
  const pairs = [`at = ${renderText(at)}`, `digest = ${renderText(formatDigest(digest))}`];
  return size === undefined ? pairs : [...pairs, `size = ${size}`];
}

function renderTexts(texts: readonly string[]): string {
  return `[${texts.map(renderText).join(', ')}]`;
}

/** A basic string: JSON's escapes are TOML's, but for DEL, which TOML wants escaped. */
function renderText(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
