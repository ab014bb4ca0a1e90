import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny, writeAtomic } from '../adapters/fs';
import { findToolchain } from '../adapters/store';
import { editToml, newManifest, type TomlEdit, type TomlValue } from '../adapters/toml';
import { type Lockfile, withEntry, withoutTool } from '../domain/lockfile';
import type { ToolRequest } from '../domain/request';
import type { Runtime } from '../domain/runtime';
import { compileFolder } from './compile';
import type { Context } from './context';
import { recordHistory } from './history';
import { orderKey } from './install';
import { readLock, writeLock } from './locks';
import { orderFor, type Provided, provideAll } from './provide';
import { resolveRequest } from './resolve';

export interface Wish {
  readonly runtime: Runtime;
  readonly request: ToolRequest;
}

export interface UseOptions {
  readonly wishes: readonly Wish[];
  readonly folder: string;
  /** `polyenv.local.toml` is one person's and enters no lock. */
  readonly file: 'polyenv.toml' | 'polyenv.local.toml';
  /** The one source to take it from. */
  readonly source?: string;
}

export interface Used {
  readonly manifest: string;
  readonly created: boolean;
  readonly provided: readonly Provided[];
  readonly wrote: readonly string[];
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
  const { folder, file, wishes } = options;
  const { lock, path: lockFile, place } = await readLock(ctx, folder, file);
  const order = options.source === undefined ? {} : { order: [options.source] };
  const asked = wishes.map(({ runtime, request }) => ({ runtime, request, lock, ...order }));
  const manifest = join(folder, file);
  const before = await readTextIfAny(manifest);
  // A manifest that cannot be edited is told before anything is downloaded.
  const after = await edited(before, manifest, wishes);
  const { provided, failed } = await provideAll(ctx, asked);
  if (failed[0] !== undefined) throw failed[0].error;
  const wrote: string[] = [];
  await recordHistory(ctx, folder);
  const target = place === 'project' || file === 'polyenv.local.toml' ? lockFile : join(folder, 'polyenv.lock');
  if ((await writeLock({ path: target }, relock(lock, provided))) === 'written') wrote.push(target);
  if (after !== before) {
    await writeAtomic(manifest, after);
    wrote.push(manifest);
  }
  await compileFolder(ctx, folder);
  return { manifest, created: before === undefined, provided, wrote };
}

/** What `use` would do: resolves, and neither downloads nor writes anything but the cached indexes. */
export async function planUse(ctx: Context, options: UseOptions): Promise<readonly Planned[]> {
  const { lock } = await readLock(ctx, options.folder, options.file);
  const order = options.source === undefined ? {} : { order: [options.source] };
  return Promise.all(
    options.wishes.map(async ({ runtime, request }): Promise<Planned> => {
      const resolution = await resolveRequest(ctx, { runtime, request, lock, ...order });
      const base = { tool: request.tool, request: request.text };
      if (resolution.kind === 'linked') {
        return { ...base, version: resolution.toolchain.version, source: resolution.toolchain.source, action: 'link' };
      }
      const { entry } = resolution;
      const present = await findToolchain(ctx.home, orderKey(orderFor(ctx, runtime, entry)));
      return {
        ...base,
        version: entry.version,
        source: entry.source,
        action: present === undefined ? 'install' : 'present',
      };
    }),
  );
}

/** Takes tools out of the folder's manifest and lock; their toolchains stay in the store until `prune`. */
export async function remove(
  ctx: Context,
  options: { readonly folder: string; readonly file: UseOptions['file']; readonly runtimes: readonly Runtime[] },
): Promise<readonly string[]> {
  const { folder, file, runtimes } = options;
  const manifest = join(folder, file);
  const before = await readTextIfAny(manifest);
  let after = before ?? '';
  for (const runtime of runtimes) {
    for (const name of [runtime.id, ...(runtime.aliases ?? [])])
      after = await editToml(after, manifest, { keys: ['runtimes', name], value: undefined });
  }
  const wrote: string[] = [];
  await recordHistory(ctx, folder);
  if (before !== undefined && after !== before) {
    await writeAtomic(manifest, after);
    wrote.push(manifest);
  }
  const { lock, ...at } = await readLock(ctx, folder, file);
  const left = runtimes.reduce<Lockfile>((rest, runtime) => withoutTool(rest, runtime.id), lock);
  if (existsSync(at.path) && (await writeLock(at, left)) === 'written') wrote.push(at.path);
  await compileFolder(ctx, folder);
  return wrote;
}

/** Linked toolchains are this machine's state and leave no entry; an older entry of theirs would be a lie. */
export function relock(lock: Lockfile, provided: readonly Provided[]): Lockfile {
  return provided.reduce<Lockfile>(
    (result, { request, resolution }) =>
      resolution.kind === 'linked'
        ? withoutTool(result, request.tool)
        : resolution.from === 'lock'
          ? result
          : withEntry(withoutTool(result, request.tool), resolution.entry),
    lock,
  );
}

async function edited(before: string | undefined, manifest: string, wishes: readonly Wish[]): Promise<string> {
  const edits = wishes.map(
    ({ runtime, request }): TomlEdit => ({
      keys: ['runtimes', keyIn(before, runtime)],
      value: manifestValue(runtime, request),
    }),
  );
  if (before === undefined) return newManifest(edits);
  let text = before;
  for (const edit of edits) text = await editToml(text, manifest, edit);
  return text;
}

/** The file's own spelling of the runtime (`nodejs`), if it has one. */
function keyIn(text: string | undefined, runtime: Runtime): string {
  const spelt = (runtime.aliases ?? []).find((alias) =>
    new RegExp(`^\\s*(runtimes\\.)?"?${alias}"?\\s*=`, 'm').test(text ?? ''),
  );
  return spelt ?? runtime.id;
}

function manifestValue(runtime: Runtime, request: ToolRequest): TomlValue {
  const single = new Set((runtime.options ?? []).filter((option) => option.single).map((option) => option.name));
  const options = Object.entries(request.options).filter(([, list]) => list.length > 0);
  if (options.length === 0) return request.text;
  return {
    version: request.text,
    ...Object.fromEntries(options.map(([name, list]) => [name, single.has(name) ? (list[0] ?? '') : list])),
  };
}
