import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Whereabouts } from '../../adapters/registry/team-store';
import { downloadName, type PartDownload } from '../../adapters/upstream/part-download';
import type { Part } from '../../domain/runtime/artifact';
import type { Carried } from '../../domain/team/carried';
import { lockTag, toolchainTag } from '../../domain/team/tag';
import type { Lockfile } from '../../domain/toolchain/lockfile';
import { type ErrorCode, PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import type { ConfiguredStore } from '../base/team-stores';
import { carriedByLock, carriedOf } from './carried';
import type { PlatformRelease } from './platform-release';

/** An archive, and how it is called in words: `node 20.11.1 for linux-x64`. */
export interface Sought {
  readonly part: Part;
  readonly name: string;
  /** The toolchain that it belongs to; absent for what is asked for by a sha256 alone. */
  readonly carried?: Carried;
  /** The lock that names it, where one does. */
  readonly lock?: Lockfile;
  /** The name of a store that is not asked: what goes there is not there yet. */
  readonly avoid?: string;
  /** Somebody gave the download up: no other place is asked. */
  readonly signal?: AbortSignal;
}

/** Where an archive is downloaded from. */
export type Place = Pick<PartDownload, 'http' | 'url' | 'headers'>;

/**
 * Runs the download at the places of an archive: the team's store and where its source has it, in the order of `store.mode`.
 * The store is a mirror: where it has nothing, cannot be reached, refuses or sends other bytes, the source is asked, with one
 * warning a run. Only a manifest that names other bytes than the lock means ends in `digest-mismatch`: somebody made it so.
 * Throws `store-missing` where nobody else may be asked.
 */
export async function downloadAt<T>(ctx: Context, sought: Sought, attempt: (at: Place) => Promise<T>): Promise<T> {
  const { upstream, http, stores } = await ctx.network();
  const source = async (): Promise<T> => attempt({ http, ...(await upstream.locate(sought.part.at)) });
  const configured = stores.configured();
  if (configured === undefined || configured.store.name === sought.avoid || ctx.settings.offline) return source();
  if (await isKept(ctx, sought.part)) return source();
  const { storeMode } = ctx.settings;
  if (storeMode === 'only') return await fromStore(configured, sought, attempt);
  if (storeMode === 'fallback') {
    try {
      return await source();
    } catch (error) {
      if (sought.signal?.aborted || !(error instanceof PolyenvError) || !UNREACHABLE.has(error.code)) throw error;
      // What the source said tells more than that the store did not help.
      return await fromStore(configured, sought, attempt).catch((second: unknown) => {
        throw second instanceof PolyenvError && isBad(second) ? second : error;
      });
    }
  }
  if (configured.givenUp !== undefined) return source();
  try {
    return await fromStore(configured, sought, attempt);
  } catch (error) {
    if (sought.signal?.aborted || !(error instanceof PolyenvError) || !mayAskSource(error)) throw error;
    tell(configured, error);
    return source();
  }
}

async function fromStore<T>(
  { store }: ConfiguredStore,
  sought: Sought,
  attempt: (at: Place) => Promise<T>,
): Promise<T> {
  const { part, name } = sought;
  const place = await store.place(part, whereabouts(sought));
  if (place === undefined) throw missing(store.name, name);
  try {
    return await attempt(place);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    if (error.status === 404 || error.status === 410) throw missing(store.name, name);
    if (place.by === 'manifest' && !error.elsewhere && isBad(error)) {
      const { message } = error;
      throw new PolyenvError(
        'digest-mismatch',
        `${store.name} has a manifest that names other bytes for ${name}: ${message}`,
        {
          hint: `nothing was installed; ask who can push to ${store.name}`,
          cause: error,
        },
      );
    }
    // A blob that is not its own digest is a damaged mirror, and says nothing against another place.
    if (isBad(error) && !error.elsewhere) {
      throw new PolyenvError(error.code, error.message, { ...error.details, elsewhere: true });
    }
    throw error;
  }
}

/**
 * Where the store has the signature and the keys of a release's archives. They are checked, so the store need not be
 * trusted for them.
 */
export async function carriedBeside(
  ctx: Context,
  release: PlatformRelease,
): Promise<((url: string) => Promise<Uint8Array | undefined>) | undefined> {
  const { stores } = await ctx.network();
  const configured = stores.configured();
  if (configured === undefined || ctx.settings.offline || ctx.settings.storeMode === 'fallback') return undefined;
  const at = whereabouts({ carried: carriedOf(release), ...present({ lock: release.lock }) });
  return async (url) => {
    if (configured.givenUp !== undefined) return undefined;
    try {
      return await configured.store.beside(url, at);
    } catch (error) {
      if (error instanceof PolyenvError) return undefined;
      throw error;
    }
  };
}

/** Under which tags the store may name it: a lock that was copied brings no other tag than its own. */
function whereabouts({ carried, lock }: Pick<Sought, 'carried' | 'lock'>): Whereabouts {
  return {
    toolchain: carried === undefined ? 'none' : toolchainTag(carried),
    lock: async () => (lock === undefined ? undefined : lockTag(await carriedByLock(lock))),
  };
}

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(['network', 'http-status', 'certificate-invalid', 'insecure-url']);

function isBad({ code }: PolyenvError): boolean {
  return code === 'digest-mismatch' || code === 'archive-invalid' || code === 'archive-refused';
}

function mayAskSource(error: PolyenvError): boolean {
  if (isBad(error)) return error.elsewhere;
  return UNREACHABLE.has(error.code) || error.code === 'store-missing' || error.code === 'upstream-malformed';
}

/** A store that fails in a way that the next archive would meet too is not asked again. */
function tell(configured: ConfiguredStore, error: PolyenvError): void {
  const { name } = configured.store;
  if (error.code === 'store-missing') {
    configured.warnOnce(`${error.message}; the official sites are asked instead`, `polyenv push ${name}`);
    return;
  }
  const { status = 0 } = error;
  if (!isBad(error) && (error.code !== 'http-status' || status === 401 || status === 403 || status === 429)) {
    configured.giveUp(error.message);
  }
  const text = `the store ${name} is of no help (${error.message}); the official sites are asked instead`;
  configured.warnOnce(text, error.hint ?? 'polyenv store status');
}

function missing(store: string, name: string): PolyenvError {
  return new PolyenvError('store-missing', `the store ${store} does not have ${name}`, {
    hint: `where the official sites can be reached: polyenv push ${store}`,
    elsewhere: true,
  });
}

/** An archive that is here as a whole needs no request. */
async function isKept(ctx: Context, part: Part): Promise<boolean> {
  return existsSync(join(ctx.home.downloads, downloadName(part.digest)));
}
