import type { Artifact } from '../runtime/artifact';
import type { PlatformKey } from '../runtime/platform';
import type { RequestOptions, ToolRequest } from '../versions/request';
import type { Version } from '../versions/version';
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

/** What answers the request, as the lock names it. */
export function entryFor(
  { tool, text, options, vendor, variant }: ToolRequest,
  found: Pick<LockEntry, 'version' | 'source' | 'artifacts' | 'gaps'> & {
    readonly vendor?: string | undefined;
    readonly variant?: string | undefined;
  },
): LockEntry {
  const { version, source, artifacts, gaps } = found;
  return {
    tool,
    request: { text, options, ...present({ vendor, variant }) },
    version,
    ...present({ vendor: found.vendor, variant: found.variant }),
    source,
    artifacts,
    gaps,
  };
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

export const FORMAT = 1;

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
export function usedOptions(options: RequestOptions): readonly (readonly [string, readonly string[]])[] {
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
export function sortEntries(entries: readonly LockEntry[]): readonly LockEntry[] {
  return entries.toSorted((a, b) => (a.tool < b.tool ? -1 : a.tool > b.tool ? 1 : 0));
}
