import { createHash } from 'node:crypto';
import type { Part, Proof, Recipe } from '../runtime/artifact';
import { formatDigest } from '../runtime/digest';
import type { PlatformKey } from '../runtime/platform';
import type { RequestOptions } from '../versions/request';
import type { Version } from '../versions/version';
import type { ToolId } from '../words/tool-id';
import { compareProof } from './proof-kinds';

/** An unpacked release: in the store, read-only, or linked where this machine already had it. */
export interface Toolchain {
  readonly key: string;
  readonly tool: ToolId;
  readonly version: Version;
  readonly vendor?: string;
  readonly variant?: string;
  readonly options: RequestOptions;
  readonly platform: PlatformKey;
  /** The source's id, or the manager's name of a linked one. */
  readonly source: string;
  /** Absolute. */
  readonly root: string;
  /** Empty for a linked one. */
  readonly parts: readonly Part[];
  readonly linked?: { readonly manager: string };
  /** What it was built with on this machine, where it came as source: `go 1.26.2`. */
  readonly built?: string;
  /** Bytes on disk; absent for a linked one. */
  readonly bytes?: number;
  /** ISO time. */
  readonly installed: string;
}

/** `signature by 4ED7...`, `checksum database`, `linked`: for people. */
export function describeProof({ parts, linked, built }: Pick<Toolchain, 'parts' | 'linked' | 'built'>): string {
  if (linked !== undefined) return 'linked, not verified';
  const weakest = weakestProof(parts);
  const proof = weakest === undefined ? 'unproved' : proofText(weakest);
  return built === undefined ? proof : `${proof}, built here by ${built}`;
}

export function proofText(proof: Proof): string {
  switch (proof.kind) {
    case 'signature':
      return `signed by ${proof.by.slice(-16)}`;
    case 'transparency':
      return `checksum database ${proof.by}`;
    case 'registry-signature':
      return `signed by the registry's key ${proof.by}`;
    case 'digest':
      return `digest from ${proof.by}`;
  }
}

/** A toolchain is as well proved as its worst part. */
export function weakestProof(parts: readonly Part[]): Proof | undefined {
  return parts.map((part) => part.proof).sort((a, b) => compareProof(a.kind, b.kind))[0];
}

/**
 * The name of a tree in the store: readable, then twelve hex digits over everything that shapes the tree, so that two
 * requests that end in the same bytes share one folder and different bytes never do. Safe as one path component.
 */
export function storeKey(identity: {
  readonly tool: ToolId;
  readonly version: Version;
  readonly platform: PlatformKey;
  readonly parts: readonly { readonly part: Part; readonly recipe: Recipe }[];
}): string {
  const hash = createHash('sha256');
  for (const { part, recipe } of identity.parts)
    hash.update(`${formatDigest(part.digest)}\n${JSON.stringify(recipe)}\n`);
  return `${identity.tool}-${identity.version}-${identity.platform}-${hash.digest('hex').slice(0, 12)}`;
}

/** The key of a linked toolchain: by where it is. */
export function linkKey(tool: ToolId, version: Version, root: string): string {
  return `${tool}-${version}-linked-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`;
}

const KEY = /^[a-z][a-z0-9]*-[0-9A-Za-z.+_-]+-(?:[a-z0-9-]+)-[0-9a-f]{12}$/;

export function isStoreKey(text: string): boolean {
  return KEY.test(text) && !text.includes('..');
}
