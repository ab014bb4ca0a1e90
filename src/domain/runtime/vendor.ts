import type { Lifecycle } from './advice';
import type { Source } from './runtime';

/**
 * Somebody who builds a runtime that several build. One file in `runtimes/RUNTIME/` exports one as `vendor`; its name is the file's,
 * and nothing else has to know it.
 */
export interface Vendor {
  /** As it is asked for, and the name of its file: `graalvm-community`. */
  readonly id: string;
  /** Other words for it, in lower case: `amzn`, as SDKMAN has it. */
  readonly names?: readonly string[];
  /** Its own index first. */
  readonly sources: readonly Source[];
  /** What a toolchain's own file says of who built it. */
  readonly builder?: RegExp;
  /** When its lines end, where it says so. */
  readonly lifecycle?: Lifecycle;
}
