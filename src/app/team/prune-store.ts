import { deleteManifest, findManifest, listTags } from '../../adapters/registry/manifests';
import type { Registry } from '../../adapters/registry/registry';
import type { Carried } from '../../domain/team/carried';
import type { Reference } from '../../domain/team/reference';
import { archiveTag, lockTag, releaseTags, tagKind, toolchainTag } from '../../domain/team/tag';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { isLeftOut, type NamedLock, wholeCargo } from './cargo';

export interface Unnamed {
  readonly registry: Registry;
  /** What would go, indexes first: some registries keep what an index still names. */
  readonly going: readonly { readonly tag: string; readonly digest: string }[];
  readonly kept: number;
  /** Tags that polyenv did not make: they are left alone. */
  readonly foreign: number;
}

/** The tags of ours in the store that none of the locks names. Others' tags, and what shares a manifest with a kept one, stay. */
export async function findUnnamed(
  ctx: Context,
  asked: { readonly reference: Reference; readonly locks: readonly NamedLock[] },
): Promise<Unnamed> {
  if (asked.locks.length === 0) {
    throw new PolyenvError('lock-missing', 'no lock says what is to be kept, so nothing is taken away', {
      hint: 'polyenv store prune LOCK..., or: polyenv store prune --all',
    });
  }
  const { stores } = await ctx.network();
  const registry = stores.registry(asked.reference, []);
  const wanted = new Set<string>();
  for (const { lock } of asked.locks) for (const tag of await tagsOf(ctx, lock)) wanted.add(tag);
  const tags = await listTags(registry);
  const ours = tags.filter((tag) => tagKind(tag) !== undefined);
  const keptDigests = new Set<string>();
  const kept = ours.filter((tag) => wanted.has(tag));
  for (const tag of kept) {
    const found = await findManifest(registry, tag, 'delete');
    if (found !== undefined) keptDigests.add(found.digest);
  }
  const going: { tag: string; digest: string }[] = [];
  for (const tag of ours.filter((one) => !wanted.has(one)).toSorted((a, b) => rank(a) - rank(b))) {
    const found = await findManifest(registry, tag, 'delete');
    // guard: prune-kept
    if (found === undefined || keptDigests.has(found.digest)) continue;
    going.push({ tag, digest: found.digest });
  }
  return { registry, going, kept: kept.length, foreign: tags.length - ours.length };
}

/** Takes them away, each with its manifest. The archives themselves go when the registry collects its garbage. */
export async function pruneStore({ registry, going }: Unnamed): Promise<void> {
  for (const digest of new Set(going.map((one) => one.digest))) await deleteManifest(registry, digest);
}

/** Every tag that a push of the lock would make. */
async function tagsOf(ctx: Context, lock: NamedLock['lock']): Promise<readonly string[]> {
  const whole = (await wholeCargo(lock)).map(({ carried }) => carried);
  const pushed = whole.filter((carried) => !isLeftOut(ctx, carried));
  const tagsFor = (carried: readonly Carried[]): readonly string[] => [lockTag(carried), ...releaseTags(carried)];
  return [
    ...whole.map(toolchainTag),
    ...tagsFor(whole),
    ...tagsFor(pushed),
    ...whole.flatMap(({ archives }) => archives.flatMap(({ part }) => archiveTag(part.digest) ?? [])),
  ];
}

function rank(tag: string): number {
  const kind = tagKind(tag);
  return kind === 'lock' ? 0 : kind === 'release' ? 1 : 2;
}
