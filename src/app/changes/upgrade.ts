import { basename, sep } from 'node:path';
import { parseToml } from '../../adapters/documents/toml';
import { editToml } from '../../adapters/documents/toml-edit';
import type { TomlValue } from '../../adapters/documents/toml-text';
import { isTable } from '../../domain/formats/document-value';
import { MANIFEST_NAMES } from '../../domain/project/manifest';
import { leadingNumbers } from '../../domain/runtime/lifecycle';
import type { Runtime } from '../../domain/runtime/runtime';
import {
  findAlternatives,
  type LockEntry,
  type Lockfile,
  withEntry,
  withoutTool,
} from '../../domain/toolchain/lockfile';
import { renderLockfile } from '../../domain/toolchain/lockfile-render';
import type { Release } from '../../domain/versions/release';
import type { ToolRequest } from '../../domain/versions/request';
import { isMoving, lineBeyond, restyle } from '../../domain/versions/restyle';
import { readNumbers } from '../../domain/versions/schemes/numbers';
import { selectRelease } from '../../domain/versions/select';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { describeOrigin, type Origin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { chosenToolchains, currentVersion } from '../checks/outdated';
import { type FolderLock, readLock } from '../project/locks';
import { type ReadManifest, serviceRequests } from '../project/manifests';
import { findProject } from '../project/project';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { provideAll, type ReadyToolchain } from '../toolchains/provide';
import { type AskedSources, newestRelease } from '../toolchains/releases';
import { mayTryElsewhere, type ResolveOptions, resolveFromSources } from '../toolchains/resolve';
import { changeFolder, type FileChange } from './change-folder';
import type { FolderView } from './folder-view';
import { alternativesOf } from './relock';

/** How far: within the request, beyond it by a new pin, or to another patch of the same minor version only. */
export type Reach = 'request' | 'latest' | 'patch';

/** What becomes of one pin. */
export type Step = Kept | Change;

export interface Kept {
  readonly decided: DecidedToolchain;
  /** As locked or installed now. */
  readonly before?: Version;
  readonly why: string;
  readonly hint?: string;
  /** Where no source could be asked. */
  readonly failure?: PolyenvError;
}

export interface Change {
  readonly decided: DecidedToolchain;
  readonly before?: Version;
  /** As it will be pinned; the same as before unless the pin is rewritten. */
  readonly request: ToolRequest;
  /** Alternatives of one version, the preferred one first. */
  readonly entries: readonly [LockEntry, ...LockEntry[]];
}

export interface Upgraded {
  readonly steps: readonly Step[];
  readonly provided: readonly ReadyToolchain[];
  readonly wrote: readonly string[];
  /** Files beside the manifest that say something else than it now does. */
  readonly disagreements: readonly string[];
}

export function isChange(step: Step): step is Change {
  return 'entries' in step;
}

export interface UpgradeOptions {
  readonly folder: string;
  /** Only these; all where there are none. */
  readonly tools: readonly Runtime[];
  readonly reach: Reach;
  readonly install: 'install' | 'no-install';
}

/** What an upgrade of the folder's pins, or of those of the tools named, would do. Writes nothing but cached indexes. */
export async function planUpgrade(ctx: Context, of: Omit<UpgradeOptions, 'install'>): Promise<readonly Step[]> {
  const allDecided = await chosenToolchains(ctx, of.folder, of.tools);
  return Promise.all(
    allDecided.map(async (decided): Promise<Step> => {
      try {
        return await planStep(ctx, decided, of.reach);
      } catch (error) {
        // A runtime whose sources cannot be reached does not keep the others from being upgraded.
        if (decided.resolution?.kind !== 'linked' || !(error instanceof PolyenvError) || !mayTryElsewhere(error))
          throw error;
        const { root, version } = decided.resolution.toolchain;
        return { decided, before: version, why: `it is linked from ${root}, and ${error.message}`, failure: error };
      }
    }),
  );
}

/** Plans and carries it out, all of it or nothing: bits first, then locks, then manifests, then routes. */
export async function upgrade(ctx: Context, of: UpgradeOptions): Promise<Upgraded> {
  const { folder, install } = of;
  const routes = install === 'install' ? 'prepare' : 'compile';
  const { result, wrote } = await changeFolder(ctx, { folder, verb: 'upgrade', routes }, async (view) => {
    // Read before the plan is made: what it is made from has to be what is compared under the lock.
    const { decisions } = await view.project(folder);
    for (const { folder: site, from } of decisions) await view.lock(site, manifestNamed(from));
    const steps = await planUpgrade(ctx, of);
    const sites = await sitesOf(view, steps.filter(isChange));
    const provided = install === 'install' ? await provideSites(ctx, sites) : [];
    return { files: sites.flatMap((site) => filesOf(site, provided)), result: { steps, provided } };
  });
  const { disagreements } = await findProject(ctx, folder);
  return {
    ...result,
    wrote: wrote.filter((path) => !path.startsWith(ctx.home.root + sep)),
    disagreements: result.steps.some(isChange) ? disagreements : [],
  };
}

function filesOf(
  { folder, at, changes, next, kept, manifest }: Site,
  provided: readonly ReadyToolchain[],
): readonly FileChange[] {
  const proved = provided.filter(({ request }) => changes.some((change) => change.request === request));
  const entries = proved.flatMap(({ resolution }) => (resolution.kind === 'entry' ? [resolution.entry] : []));
  const lock = {
    folder,
    path: at.path,
    text: renderLockfile(entries.reduce((lock, entry) => withEntry(lock, entry, kept), next)),
  };
  return manifest === undefined ? [lock] : [lock, { folder, path: manifest.before.path, text: manifest.after }];
}

/** What is to be asked of the sources, and how the pin reads once their answer is known. */
interface Aim {
  readonly request: ToolRequest;
  readonly within?: (release: Release) => boolean;
  /** The pin's new text; `undefined` where its style cannot say what was found. Absent where the pin stays. */
  readonly pin?: (found: Release) => string | undefined;
}

type Why = Pick<Kept, 'why' | 'hint'>;

async function planStep(ctx: Context, decided: DecidedToolchain, reach: Reach): Promise<Step> {
  const { decision, runtime, resolution } = decided;
  const { request, from, folder } = decision;
  const before = currentVersion(decided);
  const keep = ({ why, hint }: Why): Kept => ({
    decided,
    why,
    ...present({ before, hint }),
  });
  const place = describeOrigin(from);
  if (from.kind !== 'file') return keep({ why: `it is ${place}`, hint: `polyenv use ${runtime.id}@${request.text}` });
  if (ctx.settings.preference === 'only-system') {
    return keep({ why: 'sources.preference is only-system', hint: 'polyenv settings get sources.preference' });
  }
  const aim = await aimAt(ctx, decided, { before, reach });
  if ('why' in aim) return keep(aim);
  const { lock } = await readLock(ctx, folder, basename(from.file));
  const known = findAlternatives(lock, request);
  if (aim.pin === undefined && known.length === 0 && resolution?.kind === 'linked') {
    return keep({ why: `it is linked from ${resolution.toolchain.root}`, hint: 'polyenv lock --renew' });
  }
  const inManifest = MANIFEST_NAMES.some((name) => name === basename(from.file));
  if (!inManifest && known.length === 0 && aim.pin === undefined) {
    return keep({ why: `${place} pins it, and nothing is locked`, hint: 'polyenv install' });
  }
  const found = await resolveAim(ctx, aim, { runtime, lock, folder });
  const order = found === undefined ? -1 : before === undefined ? 1 : runtime.scheme.compare(found.version, before);
  if (found === undefined || order < 0) return keep({ why: `nothing newer than ${before ?? 'that'} is known` });
  const text = aim.pin === undefined ? request.text : aim.pin(found);
  if (text === undefined) {
    return keep({
      why: `${found.version} is there, and ${JSON.stringify(request.text)} cannot be written for it in its own style`,
      hint: `polyenv use ${runtime.id}@${found.version}`,
    });
  }
  if (order === 0 && text === request.text && known.length > 0) return keep({ why: 'it is the newest' });
  if (text !== request.text && !inManifest) {
    return keep({
      why: `${found.version} is there, and ${place} pins ${request.text}`,
      hint: `polyenv use ${runtime.id}@${text} && polyenv sync, or change that line`,
    });
  }
  const next: ToolRequest = { ...request, ...runtime.scheme.request(text), text };
  const entry: LockEntry = { ...found, request: { ...found.request, text } };
  const others = known.length > 1 ? await alternativesOf(ctx, { runtime, request: next, lock }, entry) : [];
  return { decided, ...present({ before }), request: next, entries: [entry, ...others] };
}

async function aimAt(
  ctx: Context,
  { decision: { request, folder }, runtime }: DecidedToolchain,
  { before, reach }: { readonly before: Version | undefined; readonly reach: Reach },
): Promise<Aim | Why> {
  switch (reach) {
    case 'request':
      return request.version.kind === 'exact'
        ? { why: 'it is pinned exactly', hint: `polyenv upgrade --latest ${runtime.id}` }
        : { request };
    case 'patch':
      return before === undefined
        ? { why: 'it is neither locked nor installed', hint: 'polyenv install' }
        : aimAtPatch(runtime, request, before);
    case 'latest':
      return isMoving(request) ? { request } : aimAtLatest(ctx, { runtime, request, before, folder });
  }
}

/** Releases of a line are asked for by its numbers: a source's answer to what moves may hold the newest ones only. */
function aimAtPatch(runtime: Runtime, request: ToolRequest, before: Version): Aim | Why {
  const numbers = readNumbers(leadingNumbers(before, 2));
  if (numbers === undefined) return { why: `${before} has no minor version` };
  const version = { kind: 'prefix', numbers } as const;
  if (request.version.kind === 'exact') {
    const pin = (found: Release) => restyle(runtime, request, found);
    return { request: { ...request, version }, pin };
  }
  const matches = (release: Release) => runtime.scheme.matches(request.version, release);
  return { request: { ...request, version }, ...(request.version.kind !== 'channel' && { within: matches }) };
}

async function aimAtLatest(
  ctx: Context,
  of: AskedSources & { readonly before: Version | undefined },
): Promise<Aim | Why> {
  const { runtime, request, before } = of;
  const line: ToolRequest = { ...request, version: lineBeyond(runtime, request) };
  const { release } = await newestRelease(ctx, { ...of, request: line });
  const older = release === undefined || (before !== undefined && runtime.scheme.compare(release.version, before) < 0);
  if (older || selectRelease(runtime, request, [release]) !== undefined) {
    return request.version.kind === 'exact' ? { why: 'it is the newest' } : { request };
  }
  const text = restyle(runtime, request, release);
  const exact: ToolRequest = { ...request, version: { kind: 'exact', version: release.version } };
  if (text === undefined) return { request: exact, pin: () => undefined };
  return { request: { ...request, ...runtime.scheme.request(text), text }, pin: () => text };
}

async function resolveAim(
  ctx: Context,
  { request, within }: Aim,
  at: Pick<ResolveOptions, 'runtime' | 'lock' | 'folder'>,
): Promise<LockEntry | undefined> {
  try {
    return await resolveFromSources(ctx, { ...at, request, ...present({ within }) });
  } catch (error) {
    if (error instanceof PolyenvError && error.code === 'version-not-found') return undefined;
    throw error;
  }
}

/** Changes of one lock, and of the manifest beside it. */
interface Site {
  readonly folder: string;
  readonly at: FolderLock;
  readonly changes: readonly Change[];
  readonly next: Lockfile;
  /** What services and further versions in a file ask for besides. */
  readonly kept: readonly ToolRequest[];
  readonly manifest?: EditedManifest;
}

interface EditedManifest {
  readonly before: ReadManifest;
  readonly after: string;
}

/** The manifest that says it, or that a pin of another file is kept beside. */
function manifestNamed(from: Origin): string {
  const name = from.kind === 'file' ? basename(from.file) : '';
  return MANIFEST_NAMES.find((one) => one === name) ?? 'polyenv.toml';
}

/** A manifest that cannot be edited is reported here, before anything is downloaded. */
async function sitesOf(view: FolderView, changes: readonly Change[]): Promise<readonly Site[]> {
  const groups = new Map<string, { folder: string; file: string; changes: Change[] }>();
  for (const change of changes) {
    const { folder, from } = change.decided.decision;
    const file = manifestNamed(from);
    const group = groups.get(`${folder}\0${file}`) ?? { folder, file, changes: [] };
    group.changes.push(change);
    groups.set(`${folder}\0${file}`, group);
  }
  return Promise.all(
    [...groups.values()].map(async ({ folder, file, changes: own }): Promise<Site> => {
      const at = await view.lock(folder, file);
      const before = await view.manifest(folder, file);
      const { companions } = await view.project(folder);
      const kept = [...(await serviceRequests(before?.manifest)), ...companions.map(({ request }) => request)];
      const next = own.reduce((lock, change) => relocked(lock, change, kept), at.lock);
      if (before === undefined) return { folder, at, changes: own, next, kept };
      let after = before.text;
      for (const change of own) after = await repinned(before, after, change);
      return { folder, at, changes: own, next, kept, manifest: { before, after } };
    }),
  );
}

function relocked(lock: Lockfile, { entries }: Change, kept: readonly ToolRequest[]): Lockfile {
  return entries.reduce((next, entry) => withEntry(next, entry, kept), withoutTool(lock, entries[0].tool, kept));
}

/** The manifest's text with the new pin: in a table of options, only its version changes. */
async function repinned(manifest: ReadManifest, text: string, change: Change): Promise<string> {
  const { tool, request } = change.decided.decision;
  const pin = manifest.manifest.runtimes.find((one) => one.tool === tool);
  if (request.text === change.request.text) return text;
  const top = parseToml(text, manifest.path).value;
  if (pin === undefined) return repinnedServices(manifest, { text, top, change });
  const runtimes = isTable(top) ? top.runtimes : undefined;
  const said = isTable(runtimes) ? runtimes[pin.key] : undefined;
  const value = isTable(said) ? { ...said, version: change.request.text } : change.request.text;
  return editToml(text, manifest.path, { keys: ['runtimes', pin.key], value: value as TomlValue });
}

/** A service that names its version is what pins its kind where `[runtimes]` does not. */
async function repinnedServices(
  manifest: ReadManifest,
  { text, top, change }: { readonly text: string; readonly top: unknown; readonly change: Change },
): Promise<string> {
  const { tool, request } = change.decided.decision;
  const table = isTable(top) ? top.services : undefined;
  let after = text;
  for (const { name } of manifest.manifest.services.filter(
    (one) => one.tool === tool && one.version === request.text,
  )) {
    const said = isTable(table) ? table[name] : undefined;
    const use = isTable(said) ? said.use : said;
    if (typeof use !== 'string') continue;
    const next = `${use.slice(0, use.indexOf('@'))}@${change.request.text}`;
    const value = isTable(said) ? { ...said, use: next } : next;
    after = await editToml(after, manifest.path, { keys: ['services', name], value: value as TomlValue });
  }
  return after;
}

async function provideSites(ctx: Context, sites: readonly Site[]): Promise<readonly ReadyToolchain[]> {
  const asked = sites.flatMap(({ changes, next }) =>
    changes.map(({ decided, request }) => ({ runtime: decided.runtime, request, lock: next })),
  );
  const { provided, failed } = await provideAll(ctx, asked);
  if (failed[0] !== undefined) throw failed[0].error;
  return provided;
}
