import type { Decoder } from '../formats/decoders';
import type { XmlElement } from '../formats/xml-document';
import type { Release } from '../versions/release';
import type { RequestOptions, ToolRequest, VersionRequest } from '../versions/request';
import type { VersionScheme } from '../versions/scheme';
import type { Version } from '../versions/version';
import type { ToolId } from '../words/tool-id';
import type { Advice } from './advice';
import type { Artifact, Locator, Part, Proof, Recipe, Url } from './artifact';
import type { Digest } from './digest';
import type { Finish } from './finish';
import type { Layout, Place, Tree } from './layout';
import type { PlatformKey } from './platform';
import type { Service } from './service';

/** A language toolchain or a server that polyenv manages. One file in `runtimes/` exports one as `runtime`; nothing else knows its name. */
export interface Runtime {
  /** The file's name: lower-case letters. */
  readonly id: ToolId;
  readonly title: string;
  readonly homepage: Url;
  /** SPDX expression of what its publisher says of the whole: https://spdx.org/licenses. Absent where nobody says. */
  readonly license?: string;
  /** Other names by which people and other managers' files call it: `nodejs`, `golang`. */
  readonly aliases?: readonly string[];
  readonly scheme: VersionScheme;
  readonly options?: readonly RequestOption[];
  /** Commands that people type and its toolchains have: their shims stand before the first one is installed. */
  readonly commands?: readonly string[];
  /** Files of the ecosystem that already pin it, most specific first. */
  readonly pins: readonly PinFile[];
  /** Programs of the tool that projects keep in their repositories, which run before anything else of it does. */
  readonly published?: readonly PublishedFile[];
  /** The file of a version's tree whose hash a project gives (`packageManager`), where that is not the archive's. */
  hashedFile?(version: Version): string | undefined;
  /** Variables of the ecosystem by which the caller asks for a version for one call: `RUSTUP_TOOLCHAIN`. */
  readonly overrides?: readonly CallerVariable[];
  /** In order of preference, the official one first. */
  readonly sources: readonly Source[];
  /** Commands, variables and private homes of an unpacked tree. Pure. */
  layout(tree: Tree, place: Place): Layout;
  /** What a new tree gets before it is frozen. Pure. */
  finish?(tree: Tree): Finish;
  /** How to ask a toolchain for its version: run in `/` with a scrubbed environment. */
  readonly probe: Probe;
  readonly discover?: readonly Discovery[];
  /** Commands that take `+VERSION` as first argument (`cargo +1.88 build`). */
  readonly plusVersion?: readonly string[];
  /** Runtimes whose variables its programs go by, whoever brings them: a `mvn` of the machine runs on the project's Java. */
  readonly follows?: readonly ToolId[];
  /** Runtimes that bring commands of these names too: where this one is pinned, they are its own (`npm` over Node's). */
  readonly replaces?: readonly ToolId[];
  /** What only advises: no version is decided and nothing is installed by it. */
  readonly advice?: Advice;
  /** A server: each project gets one of its own, with its own data. */
  readonly service?: Service;
}

export interface CallerVariable {
  readonly variable: string;
  /** What its value asks for, in the runtime's request grammar; `undefined` where it asks for nothing. Pure. */
  request(value: string): string | undefined;
}

/** A list of words that a request may carry, in the manifest (`components = [...]`) and as a repeatable option (`--component clippy`). */
export interface RequestOption {
  /** The manifest's key: `components`. */
  readonly name: string;
  /** The command line's option without dashes: `component`. */
  readonly flag: string;
  readonly describe: string;
  /** At most one value (`profile`): written as a string in the manifest. */
  readonly single?: true;
  /** What a value may look like. */
  readonly pattern: RegExp;
}

/** One place that offers releases of a runtime: the official site, or a package registry. */
export interface Source {
  /** Its host or registry: `nodejs.org`, `npm`, `goproxy`. Written to the lock. */
  readonly id: string;
  /** Named at first use where it is not the project itself that publishes there. */
  readonly publisher?: string;
  /** Whose builds it offers, where the runtime has several vendors: a request that names another never asks it. The runtime's first is its usual one. */
  readonly vendors?: readonly string[];
  /** The ecosystem's own variables for a mirror: each replaces the URL prefix `from`. */
  readonly mirrors?: readonly MirrorVariable[];
  /** Newest first. May leave out what cannot answer the request, never more than that. */
  releases(upstream: Upstream, request: ToolRequest): Promise<readonly Release[]>;
  /** Every platform that it has, each part with its digest. Gaps are left out, never guessed. */
  artifacts(upstream: Upstream, release: Release, request: ToolRequest): Promise<readonly Artifact[]>;
  /** How to unpack what `at` names, if this source would itself name it for that version and platform; else `undefined`. Pure. */
  owns(claim: Claim): Recipe | undefined;
  /** Where the upstream signs the archive itself: its detached OpenPGP signature, for a claim that is owned. Pure. */
  signature?(claim: Claim): ArchiveSignature | undefined;
}

export interface ArchiveSignature {
  readonly url: Url;
  readonly keys: SigningKeys;
}

/** What a lock says: nothing of it is believed until a source owns it. */
export interface Claim {
  readonly version: Version;
  readonly platform: PlatformKey;
  readonly vendor?: string;
  readonly variant?: string;
  readonly at: Url | Locator;
}

export interface MirrorVariable {
  readonly variable: string;
  readonly from: Url;
  /** Appended to the variable's value before it replaces `from`: `/dist`. */
  readonly append?: string;
}

/** OpenPGP keys that may sign an upstream's lists. Pinned by primary fingerprint (40 upper-case hex digits). */
export interface SigningKeys {
  readonly fingerprints: readonly string[];
  /** Where the key's material is published; only used after its fingerprint was checked. */
  material(fingerprint: string): Url;
}

/** A runtime's only window on the world. Mirrors, proxies, cache, retry, offline and signature policy are behind it. */
export interface Upstream {
  /** This machine's platform. */
  readonly platform: PlatformKey;
  readonly now: Date;
  json<T>(url: Url, decode: Decoder<T>): Promise<T>;
  text(url: Url): Promise<string>;
  /** The text where the server has it; `undefined` on 404 and 410. */
  optionalText(url: Url): Promise<string | undefined>;
  /** The text with what proves it: a detached signature at `signatureUrl` (binary or armored) by one of the keys. Policy decides what a missing one means. */
  signedText(url: Url, signatureUrl: Url, keys: SigningKeys): Promise<{ readonly text: string; readonly proof: Proof }>;
  /** As `signedText`, for a text that is TOML. */
  signedToml<T>(
    url: Url,
    signatureUrl: Url,
    keys: SigningKeys,
    decode: Decoder<T>,
  ): Promise<{ readonly value: T; readonly proof: Proof }>;
  readonly npm: NpmRegistry;
  readonly goproxy: GoProxy;
  readonly maven: MavenRepository;
  readonly pypi: PypiIndex;
  /** What an archive hashes to, by reading it once; `undefined` on 404 and 410. Only where an upstream signs its archives and publishes no digest. */
  hashed(url: Url): Promise<{ readonly digest: Digest; readonly size: number } | undefined>;
  /** One small text member of a part's archive, by its path in the archive, for facts that only the archive holds. */
  member(part: Part, recipe: Recipe, path: string): Promise<string | undefined>;
}

/** The npm registry as npm is configured here: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
export interface NpmRegistry {
  /** `undefined` if there is no such package. `brief` is much smaller for long-lived packages, and has no `time`. */
  packument(name: string, form?: 'brief'): Promise<Packument | undefined>;
}

export interface Packument {
  readonly versions: Readonly<Record<string, PackageVersion>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Version to ISO time, where the registry says. */
  readonly time: Readonly<Record<string, string>>;
}

export interface PackageVersion {
  readonly name: string;
  readonly version: string;
  /** Absent where the registry gave none that we know: then the version cannot be installed. */
  readonly digest?: Digest;
  /** `registry-signature` where `dist.signatures` held, else `index`. */
  readonly proof: Proof;
  readonly engines: Readonly<Record<string, string>>;
}

/** The module proxy as Go is configured here: https://go.dev/ref/mod#module-proxy */
export interface GoProxy {
  /** `@v/list`, unsorted, possibly partial. */
  versions(module: string): Promise<readonly string[]>;
  /** Whether the proxy serves that version (`.info`). */
  has(module: string, version: string): Promise<boolean>;
  /** The `h1:` digest of the zip, proved by the checksum database; `undefined` if the database has no such record. */
  digest(module: string, version: string): Promise<{ readonly digest: Digest; readonly proof: Proof } | undefined>;
}

/** The Maven repository as Maven is configured here. */
export interface MavenRepository {
  /** Versions in `maven-metadata.xml`, as listed; empty if there is no such artifact. */
  versions(group: string, artifact: string): Promise<readonly string[]>;
  /** The `.sha512` (or `.sha256`) beside the file; `undefined` if there is none. */
  digest(group: string, artifact: string, version: string, file: string): Promise<Digest | undefined>;
}

/** The Python package index as pip is configured here: https://packaging.python.org/en/latest/specifications/simple-repository-api/ */
export interface PypiIndex {
  /** The wheels of a project, as listed; empty if there is no such project. Source archives and withdrawn files are left out. */
  wheels(name: string): Promise<readonly Wheel[]>;
}

/** https://packaging.python.org/en/latest/specifications/binary-distribution-format/ */
export interface Wheel {
  readonly file: string;
  readonly version: string;
  /** Of those that it runs on, what we know of. */
  readonly platforms: readonly PlatformKey[];
  readonly digest: Digest;
  readonly size?: number;
}

/** One file that pins a runtime. */
export interface PinFile {
  /** Its base name, or a relative path: `.nvmrc`, `gradle/wrapper/x`. */
  readonly file: string;
  /** Throws `pin-file-invalid` with the line. Returns no pins where the file says nothing about this runtime. */
  read(document: Document): PinReading;
  /**
   * Whole texts with the pin's version replaced by what is wanted, in the file's own style, most fitting first: who writes
   * takes the first that `read` understands so. Empty where the format cannot say it. Absent where nothing is written.
   */
  write?(document: Document, pin: Pin, wanted: WantedVersion): readonly string[];
  /** A range there says what is allowed, not what is used: `write` leaves it alone. */
  readonly ranges?: 'kept';
  /** Variables of the caller by which it is read otherwise (`Document.variable`): what is decided then holds for this call only. */
  readonly variables?: readonly string[];
  /** A folder of that name is nothing unusual, and is left alone with a warning. Absent: it is an error. */
  readonly folder?: 'ignored';
  /** The file never holds more than floors: one that cannot be read matters only where nothing else pins. */
  readonly strength?: 'floor';
}

export interface PublishedFile {
  /** Relative to the project. */
  readonly file: string;
  /** The sha256 of every one that was ever released, in hex. */
  sha256(upstream: Upstream): Promise<readonly string[]>;
  /** The command that writes it anew. */
  readonly remake: string;
}

/** What a version file is to say. */
export interface WantedVersion {
  readonly request: VersionRequest;
  /** The request as it is written, where its numbers do not say all of it: `3.13t`. */
  readonly spelling?: string;
  /** What the request is resolved to, where that is known. */
  readonly version?: Version;
  readonly vendor?: string;
}

export interface PinReading {
  readonly pins: readonly Pin[];
  readonly warnings?: readonly { readonly line?: number; readonly text: string }[];
  /** A project of the ecosystem begins in this folder: its floor wins over the ecosystem's own pins further up that contradict it. */
  readonly boundary?: true;
}

export interface Pin {
  /** A `floor` (or range) decides only where nothing else pins, and is otherwise checked. */
  readonly strength: 'pin' | 'floor';
  /** In the runtime's request grammar; the first is the default. Empty: only options are given (a component list without a channel). */
  readonly requests: readonly string[];
  readonly line: number;
  /** Where another file says it than the one that is read: a workspace's. Absolute. */
  readonly file?: string;
  readonly vendor?: string;
  readonly options?: RequestOptions;
  /** Of a floor that names one version: everything newer answers it too. */
  readonly atLeast?: true;
  /** Of a floor: its owner works best with just that line, or the next one. Absent: with the newest. */
  readonly nearest?: true;
}

/** A file being read, parsed on demand by the adapters. Parsers throw `pin-file-invalid` with the line. */
export interface Document {
  /** As it is to be named in messages: relative to the project where it is below it. */
  readonly path: string;
  readonly text: string;
  /** The text's lines without their line ends (`\n`, `\r\n`, `\r`), a byte order mark dropped. */
  readonly lines: readonly string[];
  json(): unknown;
  toml(): unknown;
  /** Elements in document order, without namespaces: enough for pom.xml. */
  xml(): XmlElement;
  /** Line (from 1) of a key by its path in JSON or TOML; 1 where unknown. */
  lineOf(...keys: readonly (string | number)[]): number;
  /** A variable of the caller, for files whose owner looks at it. */
  variable(name: string): string | undefined;
  /** The machine that asks, in Node's words (`darwin`, `x64`); absent where the file is read for every machine. */
  readonly machine?: { readonly os: string; readonly arch: string };
  /** A file named relative to this one, if it exists as far up as the person's home folder. */
  sibling(path: string): Document | undefined;
}

export interface Probe {
  /** A command of the layout. */
  readonly command: string;
  readonly args: readonly string[];
  /** The version in what it printed (stdout then stderr), in the scheme's canonical spelling. */
  version(output: string): string | undefined;
  /** A file of the toolchain that says who built it, and which build it is. */
  readonly build?: BuildFile;
}

export interface BuildFile {
  /** Relative to the root; the first that exists speaks. */
  readonly files: readonly string[];
  /** Pure. */
  read(text: string, tree: Tree): { readonly vendor?: string; readonly variant?: string };
}

/** Where another manager, or the system, keeps toolchains of this runtime. */
export interface Discovery {
  /** `rustup`, `pyenv`, `system`. */
  readonly manager: string;
  /** Globs (`*` within one component) of folders that may be a toolchain's root. Absolute. Pure. */
  folders(facts: DiscoveryFacts): readonly string[];
  /** Where the manager says which of its toolchains is used when no project decides. */
  readonly choice?: DefaultChoice;
}

export interface DefaultChoice {
  /** Files that say it, or links that lead to the toolchain; absolute, the first that exists speaks. Pure. */
  files(facts: DiscoveryFacts): readonly string[];
  /** What such a file says: the name of a toolchain's folder, else a request. Pure; throws as `PinFile.read` does. */
  read(document: Document): string | undefined;
  /** The file that says what an alias of the manager means. Pure. */
  alias?(name: string, facts: DiscoveryFacts): string;
}

export interface DiscoveryFacts {
  readonly personHome: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: PlatformKey;
}
