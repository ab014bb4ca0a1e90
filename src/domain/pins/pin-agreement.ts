import type { ToolRequest, VersionRequest } from '../versions/request';
import type { Requestable } from '../versions/tool-request';
import { vendorsOf } from '../versions/vendors';
import type { Version } from '../versions/version';

/** What a version file is to mean: the manifest's request, and the release that it is resolved to where that is known. */
export interface Meaning {
  readonly request: ToolRequest;
  readonly version?: Version;
}

/**
 * Whether whoever reads the file gets what the manifest means: the same request, or a narrower one that the resolved
 * release answers. A wider one (`20` for `20.11.1`) does not do, though the release answers it.
 */
export function agrees(runtime: Requestable, said: ToolRequest, meant: Meaning): boolean {
  if (!sameBuild(runtime, said, meant.request)) return false;
  if (sameVersion(said.version, meant.request.version)) return true;
  const { scheme } = runtime;
  const { version } = meant;
  if (said.version.kind === 'exact' && version !== undefined)
    return scheme.compare(said.version.version, version) === 0;
  if (!isNarrower(runtime, said.version, meant.request.version)) return false;
  return version === undefined || scheme.matches(said.version, { version });
}

/** Whether the resolved release, or the only one that the manifest names, answers what the file says. */
export function isAnswered(runtime: Requestable, said: ToolRequest, meant: Meaning): boolean {
  const wanted = meant.request.version;
  const version = meant.version ?? (wanted.kind === 'exact' ? wanted.version : undefined);
  return (
    sameBuild(runtime, said, meant.request) &&
    (sameVersion(said.version, wanted) ||
      (version !== undefined && runtime.scheme.matches(said.version, { version })) ||
      (said.version.kind === 'prefix' && wanted.kind === 'prefix' && startsWith(wanted.numbers, said.version.numbers)))
  );
}

function sameBuild(runtime: Requestable, a: ToolRequest, b: ToolRequest): boolean {
  const [usual] = vendorsOf(runtime);
  return (a.vendor ?? usual) === (b.vendor ?? usual) && a.variant === b.variant;
}

function sameVersion(a: VersionRequest, b: VersionRequest): boolean {
  return JSON.stringify(ordered(a)) === JSON.stringify(ordered(b));
}

function ordered(request: VersionRequest): readonly (readonly [string, unknown])[] {
  return Object.entries(request).sort(([left], [right]) => (left < right ? -1 : 1));
}

function isNarrower({ scheme }: Requestable, said: VersionRequest, wanted: VersionRequest): boolean {
  if (said.kind === 'exact') return scheme.matches(wanted, { version: said.version });
  if (said.kind !== 'prefix') return false;
  if (wanted.kind === 'prefix') return startsWith(said.numbers, wanted.numbers);
  // Java's 21.0.5 is one release, which the build number only names more exactly.
  const whole = said.numbers.length > 2 ? scheme.version(said.numbers.join('.')) : undefined;
  return wanted.kind === 'range' && whole !== undefined && scheme.matches(wanted, { version: whole });
}

function startsWith(numbers: readonly number[], head: readonly number[]): boolean {
  return head.every((value, index) => numbers[index] === value);
}
