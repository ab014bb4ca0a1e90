import type { Part, Proof } from '../../domain/runtime/artifact';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Lockfile } from '../../domain/toolchain/lockfile';
import type { RequestOptions } from '../../domain/versions/request';
import type { Version } from '../../domain/versions/version';

/** One release on one platform, as a lock or a source names it. */
export interface PlatformRelease {
  readonly runtime: Runtime;
  readonly source: string;
  readonly version: Version;
  readonly vendor?: string;
  readonly variant?: string;
  readonly options: RequestOptions;
  readonly platform: PlatformKey;
  readonly parts: readonly Part[];
  /** The digests stand in a lock or a receipt: a key that nobody knows here, or no network, does not block them. */
  readonly locked?: true;
  /** The lock that names it, where one does. */
  readonly lock?: Lockfile;
  /** The least that an archive's own signature must come to, as lock or receipts know it. */
  readonly floor?: Proof;
}
