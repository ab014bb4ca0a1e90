import type { Decoder } from '../formats/decoders';
import type { Version } from '../versions/version';
import type { ToolId } from '../words/tool-id';
import type { Url } from './artifact';
import type { EditorAdvice, EditorPlace } from './editor';
import type { Tree } from './layout';

/** What a runtime's file knows beside the toolchain itself: for messages, editors, completions and checks. */
export interface Advice {
  /** Files that show that a folder holds a project of it, the most telling first. */
  readonly evidence?: readonly Evidence[];
  /** Moving versions that have a name of their own (`lts`, `nightly`), the usual one first: offered where a request is typed. */
  readonly channels?: readonly { readonly word: string; readonly describe: string }[];
  /** Of the usual vendor, where there are several. */
  readonly lifecycle?: Lifecycle;
  /** Of the others, by vendor, where they say when their lines end. */
  readonly vendors?: Readonly<Record<string, Lifecycle>>;
  /** Where people read what is new in a version. Pure. */
  releaseNotes?(version: Version): Url;
  /** What editors have to be told to use it. Pure. */
  editor?(tree: Tree, at: EditorPlace): EditorAdvice;
  /** How files that pin nothing here (images, steps of continuous integration) name a version of it. */
  readonly mentions?: Mentions;
  /** What builds leave in a project that only the line of releases can use with which it was made. */
  readonly builds?: readonly BuildTrace[];
  /** Files for tools that choose among all toolchains of this machine by themselves, by the kind that `polyenv generate` takes. */
  readonly listings?: Readonly<Record<string, (toolchains: readonly ListedToolchain[]) => string>>;
  /** Variables of a shell that lead its programs elsewhere, and that are left alone: `NODE_PATH`. */
  readonly misleading?: readonly string[];
  /** The runtime that a version of this one runs on, as its publisher's table has it. Pure. */
  runsOn?(version: Version): RunsOn | undefined;
  /** System libraries that packages of the ecosystem are built against. */
  readonly needs?: LibraryNeeds;
}

/** A toolchain of this machine, the newest of its line and vendor first. */
export interface ListedToolchain {
  readonly version: Version;
  readonly vendor?: string;
  /** Absolute. */
  readonly root: string;
  readonly tree: Tree;
}

/** Versions of another runtime that a version runs on, by the first of their numbers. */
export interface RunsOn {
  readonly tool: ToolId;
  readonly least?: number;
  readonly most?: number;
}

/** A file that only a project of the runtime has. */
export interface Evidence {
  /** A base name; `*` stands for any text. */
  readonly file: string;
  /** What it is: `the lock file of npm`. */
  readonly describe: string;
  /** A range that the file repeats from elsewhere: the first group, in the runtime's request grammar. */
  readonly range?: RegExp;
}

/** A file that says by which line of the runtime the folder that holds it was made. */
export interface BuildTrace {
  /** Relative to the project; `*` stands for any text within one component. */
  readonly files: readonly string[];
  /** The line that the file names (`18`), in the spelling of `line`; `undefined` where it names none that is known. Pure. */
  maker(text: string): string | undefined;
  /** The line of a version. Pure. */
  line(version: Version): string;
  /** What was made, relative to the project, for the file's path there. Pure. */
  made(file: string): string;
  /** The command by which it is made anew, for what `made` names. Pure. */
  fix(made: string): string;
}

/** The lock of a package manager, and what its packages ask of pkg-config. */
export interface LibraryNeeds {
  readonly file: string;
  /** Names of packages in the file, with their lines (from 1). Pure. */
  packages(lines: readonly string[]): readonly { readonly name: string; readonly line: number }[];
  /** Package to the names that it asks pkg-config for. */
  readonly libraries: Readonly<Record<string, readonly string[]>>;
  /** Package to those that spare it the system's library where they are there too. */
  readonly spared?: Readonly<Record<string, readonly string[]>>;
}

/** Tables for `domain/pins/mentions.ts`. What they find is a text in the runtime's request grammar, or one of `words`. */
export interface Mentions {
  /** Patterns of images with their tag, without a registry's host: `node:20-alpine`. The first group is the version. */
  readonly images?: readonly RegExp[];
  /** Names of steps (GitHub's actions, Azure's tasks) with their inputs, the one that wins first. */
  readonly steps?: Readonly<Record<string, StepInputs>>;
  /** Names of features of development containers that take a `version`: https://containers.dev/features. */
  readonly features?: readonly string[];
  /** By the name of a YAML file without its ending (`.readthedocs`), paths of keys: `build.tools.nodejs`. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** What words mean that stand where a version does, lower case: `iron` is `20`. Others are no version. */
  readonly words?: Readonly<Record<string, string>>;
}

export interface StepInputs {
  readonly inputs: readonly string[];
  /** Where no input says it, the step's own version is the runtime's: `dtolnay/rust-toolchain@1.88`. */
  readonly ref?: true;
}

/** Ends of support by release line. What is shipped comes from https://endoflife.date */
export interface Lifecycle {
  /** `20` -> the line of a version. */
  line(version: Version): string;
  /** What polyenv is shipped with, newest first. */
  readonly lines: readonly LifecycleLine[];
  /** Where they are published, for what came since. */
  readonly published?: PublishedLines;
}

/** A line of releases. Dates as `2029-04-30`; none where none is set. */
export interface LifecycleLine {
  readonly line: string;
  readonly lts?: boolean;
  /** The day on which full support ends. */
  readonly support?: string;
  /** The last day of all support. */
  readonly end?: string;
}

export interface PublishedLines {
  readonly url: Url;
  readonly decode: Decoder<readonly LifecycleLine[]>;
}
