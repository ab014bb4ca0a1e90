import type { ToolId } from '../words/tool-id';
import type { Version } from './version';

/** What a person wanted of a version. Which of these a text means is the ecosystem's own rule: see `scheme.ts`. */
export type VersionRequest =
  | { readonly kind: 'latest' }
  /** A moving line by name, lower case: `lts`, `lts/iron`, `lts/-1`, `stable`, `nightly`, `nightly-2025-06-01`, `21-ea`. */
  | { readonly kind: 'channel'; readonly name: string }
  | { readonly kind: 'prefix'; readonly numbers: readonly number[] }
  /** In the ecosystem's own grammar of ranges (npm's, PEP 440). */
  | { readonly kind: 'range'; readonly text: string }
  | { readonly kind: 'exact'; readonly version: Version }
  /** Whatever the machine has next on PATH; never installed. */
  | { readonly kind: 'system' };

/** Components, targets, profile and the like: the runtime declares the names, all values are lists, sorted, without repeats. */
export type RequestOptions = Readonly<Record<string, readonly string[]>>;

export interface ToolRequest {
  readonly tool: ToolId;
  /** As written, without the tool: `lts/iron`. */
  readonly text: string;
  readonly version: VersionRequest;
  /** One of the runtime's vendors, where it has several. */
  readonly vendor?: string;
  /** A build of the same version that is not the default one: `freethreaded`. */
  readonly variant?: string;
  readonly options: RequestOptions;
  /**
   * It only says which versions will do. Then the person's own version answers it where it does, else an installed one or the
   * `newest` that still has support; or, where the ecosystem means the line that it names, the `nearest` line that is offered.
   */
  readonly floor?: 'newest' | 'nearest';
}
