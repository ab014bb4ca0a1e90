import { join } from 'node:path';
import { editToml, newManifest, type TomlEdit } from '../../adapters/documents/toml-edit';
import type { TomlValue } from '../../adapters/documents/toml-text';
import { refuseUnwritable } from '../../adapters/files/room';
import { refuseDeepProject } from '../../adapters/home/paths';
import { findToolchain } from '../../adapters/store/store';
import type { Runtime } from '../../domain/runtime/runtime';
import { LOCKFILE_NAME, type Lockfile, withEntry, withoutTool } from '../../domain/toolchain/lockfile';
import { renderLockfile } from '../../domain/toolchain/lockfile-render';
import type { ToolRequest } from '../../domain/versions/request';
import type { Context } from '../base/context';
import { readLock } from '../project/locks';
import { type ReadManifest, readManifest, serviceRequests } from '../project/manifests';
import { findProject } from '../project/project';
import type { RuntimeRequest } from '../project/requests';
import { endedNotes } from '../toolchains/ended';
import { releaseKey } from '../toolchains/install';
import { orderFor, provideAll, type ReadyToolchain } from '../toolchains/provide';
import { resolveRequest } from '../toolchains/resolve';
import { changeFolder } from './change-folder';

export interface UseOptions {
  readonly requests: readonly RuntimeRequest[];
  readonly folder: string;
  /** `polyenv.local.toml` is one person's and enters no lock. */
  readonly file: 'polyenv.toml' | 'polyenv.local.toml';
  /** The one source to take it from. */
  readonly source?: string;
}

export interface Used {
  readonly manifest: string;
  readonly created: boolean;
  readonly provided: readonly ReadyToolchain[];
  readonly wrote: readonly string[];
  readonly notes: readonly { readonly text: string; readonly hint?: string }[];
}

export interface Planned {
  readonly tool: string;
  readonly request: string;
  readonly version: string;
  readonly source: string;
  readonly action: 'install' | 'present' | 'link';
}

/** Pins the requests in the folder's manifest: bits first, then the lock, then the manifest, then the routes. */
export async function use(ctx: Context, options: UseOptions): Promise<Used> {
  const { folder, file } = options;
  refuseDeepProject(ctx.home, folder);
  for (const place of [folder, ctx.home.root]) refuseUnwritable(place);
  const manifest = join(folder, file);
  const order = options.source === undefined ? {} : { order: [options.source] };
  const { result, wrote } = await changeFolder(ctx, { folder, verb: 'use', routes: 'prepare' }, async (view) => {
    const read = await view.manifest(folder, file);
    const requests = withOwnOptions(options.requests, read);
    const { lock, path: lockFile, place } = await view.lock(folder, file);
    // A manifest that cannot be edited is reported before anything is downloaded.
    const after = await edited(read, manifest, requests);
    const { provided, failed } = await provideAll(
      ctx,
      requests.map(({ runtime, request }) => ({ runtime, request, lock, folder, ...order })),
    );
    if (failed[0] !== undefined) throw failed[0].error;
    const kept = await serviceRequests(read?.manifest);
    const target = place === 'project' || file === 'polyenv.local.toml' ? lockFile : join(folder, LOCKFILE_NAME);
    return {
      files: [
        { folder, path: target, text: renderLockfile(relock(lock, provided, kept)) },
        { folder, path: manifest, text: after },
      ],
      result: { created: read === undefined, provided },
    };
  });
  const chosen = result.provided.flatMap(({ request, toolchain }) => {
    const runtime = options.requests.find((wanted) => wanted.request.tool === request.tool)?.runtime;
    return runtime === undefined ? [] : [{ runtime, version: toolchain.version, vendor: toolchain.vendor }];
  });
  const notes = [...(await notesOf(ctx, folder)), ...(await endedNotes(ctx, chosen))];
  return { manifest, ...result, wrote, notes };
}

/** What `use` would do: resolves, and neither downloads nor writes anything but the cached indexes. */
export async function planUse(ctx: Context, options: UseOptions): Promise<readonly Planned[]> {
  const { lock } = await readLock(ctx, options.folder, options.file);
  const requests = withOwnOptions(options.requests, await readManifest(options.folder, options.file));
  const order = options.source === undefined ? {} : { order: [options.source] };
  return Promise.all(
    requests.map(async ({ runtime, request }): Promise<Planned> => {
      const resolution = await resolveRequest(ctx, { runtime, request, lock, folder: options.folder, ...order });
      const base = { tool: request.tool, request: request.text };
      if (resolution.kind === 'linked') {
        return { ...base, version: resolution.toolchain.version, source: resolution.toolchain.source, action: 'link' };
      }
      const { entry } = resolution;
      const present = await findToolchain(ctx.home, releaseKey(orderFor(ctx, runtime, entry)));
      return {
        ...base,
        version: entry.version,
        source: entry.source,
        action: present === undefined ? 'install' : 'present',
      };
    }),
  );
}

/** Linked toolchains are this machine's state and leave no entry; an older entry of theirs would be a lie. */
export function relock(lock: Lockfile, provided: readonly ReadyToolchain[], kept: readonly ToolRequest[]): Lockfile {
  return provided.reduce<Lockfile>(
    (result, { request, resolution }) =>
      resolution.kind === 'linked'
        ? withoutTool(result, request.tool, kept)
        : resolution.from === 'lock'
          ? result
          : withEntry(result, resolution.entry, kept),
    lock,
  );
}

async function edited(
  read: ReadManifest | undefined,
  manifest: string,
  requests: readonly RuntimeRequest[],
): Promise<string> {
  const edits = requests.map(({ runtime, request }): TomlEdit => {
    const key = read?.manifest.runtimes.find((pin) => pin.tool === runtime.id)?.key ?? runtime.id;
    return { keys: ['runtimes', key], value: manifestValue(runtime, request) };
  });
  if (read === undefined) return newManifest(edits);
  let text = read.text;
  for (const edit of edits) text = await editToml(text, manifest, edit);
  return text;
}

/** Components and the like that the manifest already asks for stay, unless the command line names others. */
function withOwnOptions(
  requests: readonly RuntimeRequest[],
  read: ReadManifest | undefined,
): readonly RuntimeRequest[] {
  return requests.map(({ runtime, request }) => {
    const pin = read?.manifest.runtimes.find((one) => one.tool === runtime.id);
    return { runtime, request: { ...request, options: { ...pin?.options, ...request.options } } };
  });
}

/** Files of this folder that say something else than the manifest now does. */
async function notesOf(ctx: Context, folder: string): Promise<Used['notes']> {
  const { disagreements } = await findProject(ctx, folder);
  return disagreements.map((text) => ({ text, hint: 'polyenv sync' }));
}

/** How a manifest says the request. */
export function manifestValue(runtime: Runtime, request: ToolRequest): TomlValue {
  const single = new Set((runtime.options ?? []).filter((option) => option.single).map((option) => option.name));
  const options = Object.entries(request.options).filter(([, list]) => list.length > 0);
  if (options.length === 0) return request.text;
  return {
    version: request.text,
    ...Object.fromEntries(options.map(([name, list]) => [name, single.has(name) ? (list[0] ?? '') : list])),
  };
}
