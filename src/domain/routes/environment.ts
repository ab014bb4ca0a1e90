import type { GlobalInstall, Overlay } from '../runtime/layout';
import type { EnvOp } from '../words/env-op';
import type { ErrorPlace } from '../words/errors';
import type { ToolId } from '../words/tool-id';

/** The compiled routing of one folder: all that a shim needs to know, and under which conditions it still holds. */
export interface Environment {
  /** As it is reached: absolute, without a slash at the end. */
  readonly directory: string;
  readonly runtimes: readonly RoutedToolchain[];
  /** Runtimes that are pinned here and not ready: their commands go to polyenv, never to another copy. */
  readonly pending: readonly ToolId[];
  /** What the project's services offer; absent where there are none, and in what an older polyenv compiled. */
  readonly services?: Readonly<Record<string, string>>;
  /** What a trusted manifest sets, after the runtimes' own. */
  readonly variables: readonly EnvOp[];
  /** Existing files that were read, absolute: a changed one makes the routes stale. */
  readonly inputs: readonly string[];
  /** Which of them are folders: one that changes has other entries. */
  readonly folders?: readonly string[];
  /** What each of these held, as a digest: an edit may keep a file's time. Absent in what an older polyenv compiled. */
  readonly contents?: readonly string[];
  /** Files that must stay absent, absolute. */
  readonly absences: readonly string[];
  /** Variables of the caller that must have this value; empty counts as unset. */
  readonly given?: Readonly<Record<string, string>>;
  /** Which of these concern only one runtime; the others concern all. */
  readonly traces: readonly {
    readonly tool: ToolId;
    readonly inputs: readonly string[];
    readonly absences: readonly string[];
  }[];
  /** Runtimes that nothing pins here, whose programs go by variables of others: absent in what an older polyenv compiled. */
  readonly followers?: readonly { readonly tool: ToolId; readonly variables: readonly EnvOp[] }[];
  /** Commands of one runtime that are another's where that is pinned, with what decides whether it is; absent where no other can be. */
  readonly claims?: readonly Claimed[];
  /** Variables of the caller by which another version is asked for than was compiled: absent in what an older polyenv compiled. */
  readonly asking?: readonly string[];
  /** What is wrong here, a line each, for who enters the folder: absent in what an older polyenv compiled. */
  readonly notes?: readonly string[];
  /** Tools and the runtimes under them that cannot work together: absent in what an older polyenv compiled. */
  readonly misfits?: readonly { readonly message: string; readonly where: string; readonly hint: string }[];
  /** polyenv's folder of shims. */
  readonly shims: string;
  /** polyenv's home. */
  readonly home: string;
}

export interface Claimed {
  readonly tool: ToolId;
  readonly commands: readonly string[];
  /** What the shims of the commands do not look at already, absolute. */
  readonly inputs: readonly string[];
  readonly absences: readonly string[];
}

export interface RoutedToolchain {
  readonly tool: ToolId;
  readonly version: string;
  /** Absolute. */
  readonly toolchain: string;
  /** Name to absolute path. */
  readonly commands: Readonly<Record<string, string>>;
  readonly variables: readonly EnvOp[];
  /** Absolute folders, private to the project, where installed commands appear. */
  readonly bins: readonly string[];
  readonly homes: readonly string[];
  readonly installs: readonly GlobalInstall[];
  /** The tool's caches and settings for all projects; absent in what an older polyenv compiled. */
  readonly shared?: readonly string[];
  readonly overlay?: RoutedOverlay;
  /** It stands beside the decided one: only commands that that one lacks are its, and it sets no variable. */
  readonly beside?: true;
  readonly linked: boolean;
  readonly plusVersion: readonly string[];
}

export interface RoutedOverlay extends Overlay {
  /** Absolute folder of the overlay. */
  readonly path: string;
  /** Whether it stands and belongs to the decided toolchain, and so is used. */
  readonly ready: boolean;
  /** The toolchain's program that makes it, absolute; absent in what an older polyenv compiled. */
  readonly maker?: string;
  /** Where it has each of its commands, by name, while it is used; absent in what an older polyenv compiled. */
  readonly provides?: Readonly<Record<string, string>>;
  /** Why what stands there is not used: then its commands fail, and no other copy answers. */
  readonly refused?: OverlayRefusal;
}

export interface OverlayRefusal {
  readonly message: string;
  readonly hint: string;
  /** What decided the version. */
  readonly where?: ErrorPlace;
}

/** Every input with the stamp of its time. */
export function stampedInputs(
  { inputs }: Environment,
  stamps: string,
): readonly (readonly [file: string, stamp: string])[] {
  return inputs.map((file, index) => [file, `${stamps}/${index}`]);
}
