import type { Release } from './release';
import type { VersionRequest } from './request';
import type { Version } from './version';

export interface ParsedRequest {
  readonly version: VersionRequest;
  readonly vendor?: string;
  readonly variant?: string;
}

/** An ecosystem's rules of reading versions and requests. One file each in `schemes/`. */
export interface VersionScheme {
  /** Vendors whose names it knows, offered or not: a toolchain of theirs may be linked. */
  readonly vendors?: readonly string[];
  /** The canonical spelling of a version that exists (`v20.1.0` -> `20.1.0`, `go1.21` -> `1.21`), or `undefined`. */
  version(text: string): Version | undefined;
  /** Below zero if `a` is older than `b`. */
  compare(a: Version, b: Version): number;
  prerelease(version: Version): boolean;
  /** What the text asks for. Throws `request-invalid` or `request-unsupported`, the message pointing at the bad part. */
  request(text: string): ParsedRequest;
  /** Whether the release answers the request; pre-releases only when they were asked for. Vendor and variant are compared elsewhere. */
  matches(request: VersionRequest, release: Release): boolean;
  /**
   * For requests that only a list can answer (`lts/-1`; a range that only pre-releases answer): those of the releases
   * that do, or `undefined` if `matches` decides alone.
   */
  among?(request: VersionRequest, releases: readonly Release[]): readonly Release[] | undefined;
  /**
   * One item for each text of a list made by hand or by another tool, where these say more than a version
   * (`temurin-21.0.10+7`, `3.13.1t`); `undefined` for what is no release. Without this, texts are versions.
   */
  entries?(texts: readonly string[]): readonly (ListEntry | undefined)[];
}

export interface ListEntry {
  readonly release: Release;
  /** How the list names that version, where that is not the whole text. */
  readonly spelling?: string;
}
