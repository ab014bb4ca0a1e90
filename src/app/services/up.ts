import { dirname } from 'node:path';
import { isFolderAt, readState } from '../../adapters/services/folders';
import type { Manifest } from '../../domain/project/manifest';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { describePlace } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { publishExports } from './exports';
import { type KnownService, knownServices, noServices, readyToolchain, titleOf, wantedToolchain } from './known';
import { findServer } from './server';
import { type Started, startService } from './start';

/**
 * Starts these services, all at once, and waits until they are ready. Throws where there are none. One that fails
 * does not keep the others from starting; its error is thrown at the end.
 */
export async function up(
  ctx: Context,
  services: readonly KnownService[],
  options: { readonly fresh?: true } = {},
): Promise<readonly Started[]> {
  if (services.length === 0) throw noServices(ctx);
  return startAll(ctx, services, options);
}

/** Starts what a task of the manifest needs, and says so where something had to be started. */
export async function upForTask(ctx: Context, manifest: Manifest, names: readonly string[]): Promise<void> {
  const there = { ...ctx, directory: dirname(manifest.path) };
  const started = await up(there, await knownServices(there, names));
  for (const { known, state, action, differs } of started) {
    if (action === 'started') ctx.emit({ type: 'note', text: `${titleOf(known)} ${state.version} was started` });
    for (const { text, hint } of differs) {
      ctx.emit({ type: 'warning', text: `${known.declared.name} runs, but ${text}`, hint });
    }
  }
}

/** Each toolchain is made ready once, however many services want it: then all are started at once. */
async function startAll(
  ctx: Context,
  services: readonly KnownService[],
  options: { readonly fresh?: true } = {},
): Promise<readonly Started[]> {
  const toolchains = new Map<string, Promise<Toolchain>>();
  const results = await Promise.allSettled(
    services.map((known) => {
      const key = `${known.declared.folder}\0${known.runtime.id}\0${known.decision?.request.text ?? known.declared.version ?? ''}`;
      return startService(ctx, known, {
        ...options,
        toolchain: () => {
          const ready = toolchains.get(key) ?? readyToolchain(ctx, known);
          toolchains.set(key, ready);
          return ready;
        },
      });
    }),
  );
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const project of new Set(started.filter(({ action }) => action === 'started').map(projectOf))) {
    await publishExports(ctx, project);
  }
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  for (const error of failed.slice(1)) warnOf(ctx, error);
  if (failed.length > 0) {
    for (const { known, action } of started) {
      if (action === 'started') ctx.emit({ type: 'note', text: `${titleOf(known)} was started` });
    }
    throw failed[0];
  }
  return started;
}

/** Of several failures one is thrown: the others are told with their place too. */
function warnOf({ emit }: Context, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const { where, hint } = error instanceof PolyenvError ? error : {};
  emit({
    type: 'warning',
    text: where === undefined ? text : `${describePlace(where)}: ${text}`,
    ...present({ hint }),
  });
}

function projectOf({ known }: Started): string {
  return known.folder.project;
}

export interface PlannedService {
  readonly name: string;
  readonly kind: string;
  readonly action: 'install and start' | 'make data and start' | 'start' | 'do nothing: it runs';
}

/** What `up` would do. Changes nothing, and never uses the network. */
export async function planUp(ctx: Context, names: readonly string[]): Promise<readonly PlannedService[]> {
  const services = await knownServices(ctx, names);
  if (services.length === 0) throw noServices(ctx);
  return Promise.all(
    services.map(async (known): Promise<PlannedService> => {
      const base = { name: known.declared.name, kind: known.runtime.id };
      const state = await readState(known.folder);
      if ((await findServer(ctx, known.folder, state)).kind === 'server')
        return { ...base, action: 'do nothing: it runs' };
      if ((await wantedToolchain(ctx, known)).toolchain === undefined) return { ...base, action: 'install and start' };
      return { ...base, action: (await isFolderAt(known.folder.data)) ? 'start' : 'make data and start' };
    }),
  );
}
