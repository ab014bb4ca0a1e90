import { asArray, asObject, asRecord, asString, optional } from '../formats/decoders';
import type { Release } from '../versions/release';
import type { ToolRequest } from '../versions/request';
import type { ListEntry, VersionScheme } from '../versions/scheme';
import { invalidRequest, LONGEST_REQUEST } from '../versions/schemes/request-text';
import { nearestReleases, selectRelease } from '../versions/select';
import { splitToolRequest } from '../versions/tool-request';
import type { Offering } from '../versions/vendors';
import { PolyenvError } from '../words/errors';
import { quoted } from '../words/printable';
import type { Runtime } from './runtime';

/**
 * What `TOOL@REQUEST` means among the versions of a file, `{"versions": [...], "lts": {"20.11.0": "Iron"}, "aliases":
 * {"stable": "alias:latest"}}`: the one chosen, as the file spells it. Throws `version-not-found`, `request-invalid`,
 * `request-unsupported`, and `usage` for a file that is not of that form.
 */
export function pickCandidate(
  runtime: Pick<Runtime, 'id' | 'scheme'> & Offering,
  text: string,
  { content, file }: { readonly content: string; readonly file: string },
): string {
  const candidates = decodeCandidates(content, file);
  const written = splitToolRequest(text).request;
  const meant = followAlias(written, candidates.aliases ?? {});
  const request: ToolRequest = { tool: runtime.id, text: meant, options: {}, ...runtime.scheme.request(meant) };
  const entries = readEntries(runtime.scheme, candidates);
  const releases = [...entries.keys()];
  const chosen = selectRelease(runtime, request, releases);
  if (chosen !== undefined) return entries.get(chosen) ?? chosen.version;
  const nearest = nearestReleases(runtime, request, releases).map((release) => entries.get(release));
  throw new PolyenvError('version-not-found', `no ${runtime.id} of that file answers ${quoted(written)}`, {
    where: { file },
    hint: nearest.length === 0 ? 'the file names no version that could' : `nearest: ${nearest.join(', ')}`,
  });
}

interface Candidates {
  readonly versions: readonly string[];
  /** Version to the codename of its long-term line. */
  readonly lts?: Readonly<Record<string, string>> | undefined;
  readonly aliases?: Readonly<Record<string, string>> | undefined;
}

const decode = asObject({
  versions: asArray(asString),
  lts: optional(asRecord(asString)),
  aliases: optional(asRecord(asString)),
});

function decodeCandidates(content: string, file: string): Candidates {
  try {
    return decode(JSON.parse(content));
  } catch (error) {
    throw new PolyenvError(
      'usage',
      `the candidates cannot be read: ${error instanceof Error ? error.message : error}`,
      {
        where: { file },
        hint: 'polyenv help resolve',
        cause: error,
      },
    );
  }
}

/** An alias's value is a request, another alias's name, or that with `alias:` in front. */
function followAlias(written: string, aliases: Readonly<Record<string, string>>): string {
  let name = written;
  for (const seen = new Set<string>(); Object.hasOwn(aliases, name); ) {
    if (seen.has(name)) throw invalidRequest(written, `its aliases lead back to ${quoted(name)}`);
    seen.add(name);
    const value = aliases[name] ?? '';
    const target = value.startsWith('alias:') ? value.slice('alias:'.length) : value;
    if (target !== value && !Object.hasOwn(aliases, target)) {
      throw invalidRequest(written, `it is an alias of ${quoted(target)}, and there is none of that name`);
    }
    name = target;
  }
  return name;
}

function readEntries(scheme: VersionScheme, { versions, lts }: Candidates): ReadonlyMap<Release, string> {
  const short = versions.filter((text) => text.length <= LONGEST_REQUEST);
  const read = scheme.entries?.(short) ?? short.map((text) => plainEntry(scheme, text));
  const result = new Map<Release, string>();
  for (const [index, entry] of read.entries()) {
    const text = short[index] ?? '';
    if (entry !== undefined) result.set(withLts(entry.release, text, lts), entry.spelling ?? text);
  }
  return result;
}

function plainEntry(scheme: VersionScheme, text: string): ListEntry | undefined {
  const version = scheme.version(text);
  return version === undefined ? undefined : { release: { version } };
}

/** Where the file says which lines are long-term, nothing else does. */
function withLts(release: Release, text: string, lts: Candidates['lts']): Release {
  if (lts === undefined) return release;
  const { lts: _, ...rest } = release;
  const name = Object.hasOwn(lts, text)
    ? lts[text]
    : Object.hasOwn(lts, release.version)
      ? lts[release.version]
      : undefined;
  return name === undefined ? rest : { ...rest, lts: name.toLowerCase() };
}
