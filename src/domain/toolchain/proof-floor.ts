import type { Part, Proof } from '../runtime/artifact';
import { formatDigest } from '../runtime/digest';
import type { PlatformKey } from '../runtime/platform';
import type { LockEntry, Lockfile } from './lockfile';
import { compareProof } from './proof-kinds';
import type { Toolchain } from './toolchain';

/** Where a new entry proves less than what the lock records. */
export interface Weakening {
  readonly platform: PlatformKey;
  readonly before: Proof;
  readonly after: Proof;
}

/** What is known already of releases and their proofs. */
export interface Recorded {
  readonly lock: Lockfile;
  /** What stands in the store. */
  readonly receipts: readonly Toolchain[];
}

/**
 * The first platform for which the entry is proved less than what is recorded: somebody may have taken a signature away,
 * or the way to the source that signs.
 */
export function findWeakening(recorded: Recorded, entry: LockEntry): Weakening | undefined {
  for (const artifact of entry.artifacts) {
    const after = weakest(artifact.parts);
    const known = proofFloor(recorded, entry, artifact.platform);
    // guard: proof-floor
    if (known !== undefined && compareProof(after.kind, known.kind) < 0)
      return { platform: artifact.platform, before: known, after };
  }
  return undefined;
}

/**
 * The least that a proof of this entry must be. The lock counts for the same source, and for the same version from any. A
 * receipt counts for the same version from the same source: other projects of this machine may go to other sources.
 */
export function proofFloor({ lock, receipts }: Recorded, entry: LockEntry, platform: PlatformKey): Proof | undefined {
  const locked = lock.entries
    .filter((old) => sameBuild(old, entry) && (old.source === entry.source || old.version === entry.version))
    .flatMap((old) => old.artifacts.filter((artifact) => artifact.platform === platform));
  const stored = receipts.filter(
    (old) =>
      sameBuild(old, entry) &&
      old.source === entry.source &&
      old.version === entry.version &&
      old.platform === platform &&
      old.parts.length > 0,
  );
  // Alternatives may be proved differently: the new one must not be below the least of those that it could replace.
  const least = (all: readonly { readonly parts: readonly Part[] }[]): Proof | undefined =>
    all.map(({ parts }) => weakest(parts)).sort((a, b) => compareProof(a.kind, b.kind))[0];
  const [ofLock, ofStore] = [least(locked), least(stored)];
  if (ofLock === undefined || ofStore === undefined) return ofLock ?? ofStore;
  return compareProof(ofLock.kind, ofStore.kind) < 0 ? ofStore : ofLock;
}

/** The entry with what the lock already knows of the very same archives: an archive that was proved by its own signature once stays so. */
export function carryProofs(lock: Lockfile, entry: LockEntry): LockEntry {
  const known = new Map<string, Proof>();
  for (const { tool, artifacts } of lock.entries)
    if (tool === entry.tool)
      for (const { parts } of artifacts) for (const { digest, proof } of parts) known.set(formatDigest(digest), proof);
  return withProofs(entry, ({ digest, proof }) => {
    const before = known.get(formatDigest(digest));
    return before !== undefined && compareProof(before.kind, proof.kind) > 0 ? before : proof;
  });
}

/** The entry with other proofs. */
export function withProofs(entry: LockEntry, proofOf: (part: Part) => Proof): LockEntry {
  return {
    ...entry,
    artifacts: entry.artifacts.map((artifact) => {
      const [first, ...rest] = artifact.parts;
      const proved = (part: Part): Part => ({ ...part, proof: proofOf(part) });
      return { ...artifact, parts: [proved(first), ...rest.map(proved)] };
    }),
  };
}

type Build = Pick<LockEntry, 'tool' | 'vendor' | 'variant'>;

function sameBuild(old: Build, entry: Build): boolean {
  return old.tool === entry.tool && old.vendor === entry.vendor && old.variant === entry.variant;
}

function weakest(parts: readonly Part[]): Proof {
  return parts.reduce((least, part) => (compareProof(part.proof.kind, least.proof.kind) < 0 ? part : least)).proof;
}
