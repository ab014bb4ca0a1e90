import type { ArchiveFormat, Part } from '../runtime/artifact';
import type { PlatformKey } from '../runtime/platform';
import type { Version } from '../versions/version';
import type { ToolId } from '../words/tool-id';

/** A release for one platform as a store carries it: the original archives, and whatever names them apart. */
export interface Carried {
  readonly tool: ToolId;
  readonly version: Version;
  readonly vendor?: string;
  readonly variant?: string;
  readonly source: string;
  readonly platform: PlatformKey;
  readonly archives: readonly CarriedArchive[];
}

export interface CarriedArchive {
  readonly part: Part;
  readonly format: ArchiveFormat;
}

/** A blob of a registry or of an image layout. */
export interface Blob {
  /** `sha256:` and hex in small letters. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** `java 21.0.2+13 of temurin for linux-x64`: for people. */
export function carriedText({ tool, version, vendor, variant, platform }: Carried): string {
  const words = [vendor, variant].filter((word) => word !== undefined);
  return `${tool} ${version}${words.length === 0 ? '' : ` of ${words.join(' ')}`} for ${platform}`;
}
