import type { Artifact, Part, Proof } from '../runtime/artifact';
import { formatDigest } from '../runtime/digest';
import type { PlatformKey } from '../runtime/platform';
import { compareProof, type LockEntry, type Lockfile } from './lockfile';

/** Where a new entry proves less than what the lock records. */
export interface Weakening {
  readonly platform: PlatformKey;
  readonly before: Proof;
  readonly after: Proof;
}

/**
 * The first platform for which the entry is proved less than the lock's entries of the tool from the same source, or of the
 * same version from any: somebody may have taken a signature away, or the way to the source that signs.
 */
export function findWeakening(lock: Lockfile, entry: LockEntry): Weakening | undefined {
  const comparable = lock.entries.filter(
    (old) =>
      old.tool === entry.tool &&
      old.vendor === entry.vendor &&
      old.variant === entry.variant &&
      (old.source === entry.source || old.version === entry.version),
  );
  for (const artifact of entry.artifacts) {
    const after = weakest(artifact);
    // Alternatives may be proved differently: the new one must not be below the least of those it could replace.
    const known = comparable
      .flatMap((old) => old.artifacts.filter(({ platform }) => platform === artifact.platform))
      .map(weakest)
      .sort((a, b) => compareProof(a.kind, b.kind))[0];
    // guard: proof-floor
    if (known !== undefined && compareProof(after.kind, known.kind) < 0)
      return { platform: artifact.platform, before: known, after };
  }
  return undefined;
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

function weakest({ parts }: Artifact): Proof {
  return parts.reduce((least: Part, part) => (compareProof(part.proof.kind, least.proof.kind) < 0 ? part : least))
    .proof;
}
