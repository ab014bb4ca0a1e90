import type { Artifact, Part, Proof } from './artifact';
import { compareProof, type LockEntry, type Lockfile } from './lockfile';
import type { PlatformKey } from './platform';

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
    if (known !== undefined && compareProof(after.kind, known.kind) < 0)
      return { platform: artifact.platform, before: known, after };
  }
  return undefined;
}

function weakest({ parts }: Artifact): Proof {
  return parts.reduce((least: Part, part) => (compareProof(part.proof.kind, least.proof.kind) < 0 ? part : least))
    .proof;
}
