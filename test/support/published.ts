import { createHash } from 'node:crypto';
import type { TarMember } from './archives';

/** What an upstream has published, small: the same for the upstream in memory and for the server on loopback. */
export interface Published {
  /** Canonical URL to content. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Where the detached signature of a file is, by the file's URL. */
  readonly signatures?: Readonly<Record<string, string>>;
  /** Where the material of the key that signs is published. */
  readonly material?: (fingerprint: string) => string;
  /** Packages by name and version, with the members of their archives. */
  readonly npm?: Readonly<Record<string, Readonly<Record<string, Package>>>>;
  readonly goproxy?: ModuleProxy;
  /** Further modules of the same proxy. */
  readonly modules?: readonly ModuleProxy[];
  /** `GROUP:ARTIFACT` to its versions, each with the sha512 of its archive. */
  readonly maven?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Project to its files, each with its content. */
  readonly pypi?: Readonly<Record<string, Readonly<Record<string, string | Buffer>>>>;
  readonly asks: readonly Ask[];
}

export interface Package {
  readonly members: readonly TarMember[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly time?: string;
}

export interface ModuleProxy {
  readonly module: string;
  /** What the list says. */
  readonly listed: readonly string[];
  /** Version to `h1:` digest: what is there, listed or not. */
  readonly versions: Readonly<Record<string, string>>;
}

/** A request and what it comes to on linux-x64. */
export interface Ask {
  readonly request: string;
  readonly source: string;
  readonly version: string;
  /** Another version by which the same archives are known. */
  readonly also?: string;
  readonly options?: Readonly<Record<string, readonly string[]>>;
  /** Platforms for which it is there, sorted. */
  readonly platforms: readonly string[];
  /** Whether the archives are published too, so that it can be installed from a server. */
  readonly installs?: true;
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A program that says something, for archives. */
export function saying(name: string, text: string): TarMember {
  return { name, content: `#!/bin/sh\necho '${text}'\n`, mode: 0o755 };
}
