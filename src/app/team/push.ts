import { prepareHome } from '../../adapters/home/home';
import { findManifest, putManifest } from '../../adapters/registry/manifests';
import type { Registry } from '../../adapters/registry/registry';
import { PLATFORMS, type PlatformKey } from '../../domain/runtime/platform';
import { type Blob, type Carried, carriedText } from '../../domain/team/carried';
import { archiveManifest, type Entry, lockIndex, releaseIndex, toolchainManifest } from '../../domain/team/manifest';
import { formatReference, type Reference } from '../../domain/team/reference';
import { archiveTag, lockTag, releasesIn, releaseTag } from '../../domain/team/tag';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { limit } from '../toolchains/slots';
import { askSize, type Cargo, cargoOf, isLeftOut, type NamedLock, wholeCargo } from './cargo';
import { openFreight, type StoredCargo } from './freight';

export interface PushOptions {
  readonly reference: Reference;
  readonly locks: readonly NamedLock[];
  /** Empty for every one that the locks have. */
  readonly platforms: readonly PlatformKey[];
  /** Other repositories of that registry, whose archives are not sent again. */
  readonly mountFrom: readonly Reference[];
}

/** What a push would do, or did. */
export interface PushRow {
  readonly cargo: Cargo;
  /** Of the archives, where every one is known. */
  readonly bytes: number | undefined;
  readonly state: 'there' | 'missing';
  /** What stands under its tag. */
  readonly manifest?: Blob;
}

export interface PushPlan {
  readonly registry: Registry;
  readonly rows: readonly PushRow[];
  readonly gaps: readonly string[];
  /** What `store.leave_out` keeps back, in words. */
  readonly leftOut: readonly string[];
}

export interface Pushed extends PushPlan {
  /** Bytes of archives that went over the line; what was there, or mounted, did not. */
  readonly sent: number;
  /** Tags of locks that stand in the store as a whole now, by the lock's path. */
  readonly locks: readonly { readonly path: string; readonly tag: string }[];
  /** Locks of which something is not there, with what. */
  readonly incomplete: readonly { readonly path: string; readonly lacks: readonly string[] }[];
}

/** Looks at what the store has: one request a toolchain and platform. Writes nothing. */
async function planPush(ctx: Context, options: PushOptions): Promise<PushPlan> {
  const { reference, locks, platforms, mountFrom } = options;
  const asked = platforms.length === 0 ? PLATFORMS : [...new Set(platforms)];
  const { cargoes, gaps } = await cargoOf(
    locks.flatMap(({ lock }) => lock.entries),
    asked,
  );
  const kept = cargoes.filter(({ carried }) => !isLeftOut(ctx, carried));
  const leftOut = cargoes.filter((cargo) => !kept.includes(cargo)).map(({ carried }) => carriedText(carried));
  if (kept.length === 0) {
    throw new PolyenvError('lock-missing', 'nothing is locked, so there is nothing to push', { hint: 'polyenv lock' });
  }
  const { stores } = await ctx.network();
  const registry = stores.registry(reference, mountFrom);
  const rows = await Promise.all(
    kept.map(async (cargo): Promise<PushRow> => {
      const found = await findManifest(registry, cargo.tag, 'push');
      const state = found === undefined ? 'missing' : 'there';
      return { cargo, bytes: bytesOf(cargo), state, ...present({ manifest: found }) };
    }),
  );
  // What a platform lacks is news only where that platform was asked for.
  return { registry, rows, gaps: platforms.length === 0 ? [] : gaps, leftOut };
}

/** The plan with the sizes that a lock leaves out, of what would be sent. */
export async function planWithSizes(ctx: Context, options: PushOptions): Promise<PushPlan> {
  const plan = await planPush(ctx, options);
  const rows = await Promise.all(
    plan.rows.map(async (row): Promise<PushRow> => {
      if (row.state === 'there' || row.bytes !== undefined) return row;
      const sizes = await Promise.all(
        row.cargo.pieces.map(({ part }) => limit(ctx.settings.jobs, () => askSize(ctx, part))),
      );
      const known = sizes.filter((size) => size !== undefined);
      return known.length < sizes.length ? row : { ...row, bytes: known.reduce((sum, size) => sum + size, 0) };
    }),
  );
  return { ...plan, rows };
}

/**
 * Sends what the store lacks: archives, then the manifests that name them, each under a tag that never moves; at last the index
 * of each lock that is there as a whole. Broken off, it goes on where it stopped. Throws `http-status`, `network`, and what
 * fetching an archive throws.
 */
export async function push(ctx: Context, options: PushOptions): Promise<Pushed> {
  const plan = await planPush(ctx, options);
  const { registry, rows } = plan;
  await prepareHome(ctx.home);
  const freight = openFreight(ctx, registry, options.mountFrom);
  const missing = rows.filter(({ state }) => state === 'missing').map(({ cargo }) => cargo);
  const form = missing.length === 0 ? 'artifact' : await freight.form();
  const stored = await settleAll(missing.map((cargo) => freight.store(cargo)));
  const known = new Map<string, Blob>();
  for (const { cargo, manifest } of rows) if (manifest !== undefined) known.set(cargo.tag, manifest);
  await settleAll(
    stored.map(async ({ cargo, archives }) => {
      const document = toolchainManifest(cargo.carried, archives, form);
      await putManifest(registry, document, cargo.tag);
      known.set(cargo.tag, { digest: document.digest, size: document.size });
    }),
  );
  await nameArchives(registry, { rows, stored, freight });
  const placed = await placeIndexes(ctx, { registry, locks: options.locks, known });
  if (stored.length > 0) await tellOpen(ctx, options.reference, stored);
  return { ...plan, sent: freight.sent(), ...placed };
}

/** Whose builds anybody can read now. Of what has no vendor, the licence lets everybody pass it on. */
async function tellOpen(ctx: Context, reference: Reference, stored: readonly StoredCargo[]): Promise<void> {
  const vendors = [...new Set(stored.flatMap(({ cargo }) => cargo.carried.vendor ?? []))];
  const tag = stored.find(({ cargo }) => cargo.carried.vendor !== undefined)?.cargo.tag;
  if (tag === undefined) return;
  const { stores } = await ctx.network();
  const seen = await findManifest(stores.asNobody(reference), tag, 'pull').catch((error: unknown) => {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  });
  if (seen === undefined) return;
  ctx.emit({
    type: 'warning',
    text: `${formatReference(reference)} can be read without a login: look whether the licences of ${vendors.join(', ')} allow to pass their builds on`,
    hint: `to leave them out: polyenv settings set store.leave_out ${vendors.join(' ')}`,
  });
}

/** Archives whose digest in the lock no registry knows get a tag of their own by that digest. */
async function nameArchives(
  registry: Registry,
  of: {
    readonly rows: readonly PushRow[];
    readonly stored: readonly StoredCargo[];
    readonly freight: ReturnType<typeof openFreight>;
  },
): Promise<void> {
  const { rows, stored, freight } = of;
  const named = new Map<string, Cargo>();
  for (const { cargo } of rows) {
    for (const { part } of cargo.pieces) {
      const tag = archiveTag(part.digest);
      if (tag !== undefined) named.set(tag, cargo);
    }
  }
  await settleAll(
    [...named].map(async ([tag, cargo]) => {
      if ((await findManifest(registry, tag, 'push')) !== undefined) return;
      const here = stored.find((one) => one.cargo.tag === cargo.tag) ?? (await freight.store(cargo));
      const archive = here.archives.find(({ part }) => archiveTag(part.digest) === tag);
      if (archive !== undefined) await putManifest(registry, archiveManifest(archive, await freight.form()), tag);
    }),
  );
}

/** The indexes of releases and locks whose every part is there. What others pushed counts too: each writes the same bytes. */
async function placeIndexes(
  ctx: Context,
  of: {
    readonly registry: Registry;
    readonly locks: readonly NamedLock[];
    readonly known: ReadonlyMap<string, Blob>;
  },
): Promise<Pick<Pushed, 'locks' | 'incomplete'>> {
  const { registry, locks, known } = of;
  const manifestOf = async (tag: string): Promise<Blob | undefined> =>
    known.get(tag) ?? (await findManifest(registry, tag, 'push'));
  const whole: { path: string; tag: string }[] = [];
  const incomplete: { path: string; lacks: readonly string[] }[] = [];
  for (const { path, lock } of locks) {
    const cargoes = (await wholeCargo(lock)).filter(({ carried }) => !isLeftOut(ctx, carried));
    const entries = await Promise.all(
      cargoes.map(async ({ tag, carried }) => ({ carried, manifest: await manifestOf(tag) })),
    );
    const placed = entries.filter(isPlaced);
    for (const release of releasesIn(entries)) {
      const [first, ...rest] = release.filter(isPlaced);
      if (first === undefined || rest.length + 1 < release.length) continue;
      const tag = releaseTag([first.carried, ...rest.map(({ carried }) => carried)]);
      await putOnce(registry, tag, () => releaseIndex([first, ...rest]));
    }
    if (placed.length === entries.length) {
      const tag = lockTag(cargoes.map(({ carried }) => carried));
      await putOnce(registry, tag, () => lockIndex(placed));
      whole.push({ path, tag });
    } else {
      const lacks = entries.filter(({ manifest }) => manifest === undefined).map(({ carried }) => carriedText(carried));
      incomplete.push({ path, lacks });
    }
  }
  return { locks: whole, incomplete };
}

async function putOnce(registry: Registry, tag: string, make: () => Parameters<typeof putManifest>[1]): Promise<void> {
  if ((await findManifest(registry, tag, 'push')) === undefined) await putManifest(registry, make(), tag);
}

function isPlaced(entry: { readonly carried: Carried; readonly manifest: Blob | undefined }): entry is Entry {
  return entry.manifest !== undefined;
}

function bytesOf({ pieces }: Cargo): number | undefined {
  const sizes = pieces.map(({ part }) => part.size);
  return sizes.every((size) => size !== undefined) ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
}

/** Waits for all, so that nothing goes on behind a failure, then throws the first. */
async function settleAll<T>(running: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(running);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
