import type { Version } from '../versions/version';
import type { EnvOp } from '../words/env-op';
import type { PlatformKey } from './platform';

/** An unpacked toolchain as its runtime sees it: a snapshot, so that `layout` stays pure. Paths are relative, with `/`. */
export interface Tree {
  readonly version: Version;
  readonly platform: PlatformKey;
  has(path: string): boolean;
  /** Names directly in a folder, sorted; empty if there is no such folder. */
  list(folder: string): readonly string[];
}

/** Where one project's copy of a runtime lives. All paths are absolute. */
export interface Place {
  /** The toolchain's root: a store folder, or a linked one. */
  readonly toolchain: string;
  /** The runtime's private home for this project: its global installs go below it. */
  readonly home: string;
  readonly project: string;
  readonly personHome: string;
  readonly isolation: 'default' | 'strict';
  /** The person's variables, for settings that the ecosystem reads from there (`CARGO_HOME`); never the project's. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Arguments by which a command installs commands for everyone: `npm i -g`, `cargo install`. */
export interface GlobalInstall {
  readonly command: string;
  /** Any of these as the first word that is no option. */
  readonly words: readonly string[];
  /** At least one of these among the arguments; empty means none is needed. */
  readonly flags: readonly string[];
  /** An option and its value, given to the command unless the person gives that option: where it installs to. */
  readonly into?: readonly [option: string, value: string];
}

export interface Layout {
  /** Command name to path below the toolchain's root. */
  readonly commands: Readonly<Record<string, string>>;
  /** Set for every command of the project. */
  readonly variables: readonly EnvOp[];
  /** Absolute folders, private to the project, where installed commands appear; searched after `commands`. */
  readonly bins: readonly string[];
  /** Absolute folders that must exist before the tool runs. */
  readonly homes: readonly string[];
  readonly installs: readonly GlobalInstall[];
  /** Absolute folders outside the project that the tool itself fills: its caches and its own settings, for all projects. */
  readonly shared?: readonly string[];
  /** A folder of the project that holds a derived copy of the runtime, made on demand, whose commands win (`.venv`). */
  readonly overlay?: Overlay;
}

export interface Overlay {
  /** Relative to the project: `.venv`. */
  readonly folder: string;
  /** The file that makes the folder one, relative to it: `pyvenv.cfg`. */
  readonly marker: string;
  /** Folder of commands, relative to it: `bin`. */
  readonly bin: string;
  /** Command name (of `commands`) and arguments that make it; the folder's absolute path is appended. It leaves `seeds` out. */
  readonly make: readonly [string, ...string[]];
  /** Commands of the toolchain that mean the overlay's once it exists, each with the names under which the overlay may have it instead. */
  readonly commands: readonly string[];
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
  /** The variable that names the overlay's folder: `VIRTUAL_ENV`. */
  readonly variable: string;
  /** The variable that names the overlay's interpreter, one of `commands`: `UV_PYTHON`. */
  readonly interpreter?: { readonly variable: string; readonly command: string };
  readonly seeds?: Seeds;
}

/** What a new overlay holds from the start (pip). */
export interface Seeds {
  /** Wheels that the toolchain carries, relative to its root: unpacked into the overlay, which is a matter of a tenth of a second. */
  readonly wheels: readonly string[];
  /** Where packages will be in the overlay, relative to it, if it is known before `make` has run: the wheels are unpacked meanwhile. */
  readonly site?: string;
  /** Arguments of the overlay's interpreter that install the same, for a toolchain that carries no such wheels. */
  readonly otherwise: readonly string[];
}
