import type { Runtime } from '../../domain/runtime/runtime';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import type { Version } from '../../domain/versions/version';
import type { Decision } from '../project/project';
import type { Resolution } from './resolve';

/** A decision with what it comes to on this machine now. */
export interface DecidedToolchain {
  readonly decision: Decision;
  readonly runtime: Runtime;
  readonly resolution?: Resolution;
  /** Absent while it is not installed. */
  readonly toolchain?: Toolchain;
  readonly lockPath: string;
}

/** Absent where nothing was resolved yet. */
export function versionOf({ toolchain, resolution }: DecidedToolchain): Version | undefined {
  return toolchain?.version ?? (resolution?.kind === 'entry' ? resolution.entry.version : undefined);
}
