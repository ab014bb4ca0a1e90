import { join } from 'node:path';
import type { Part, Proof } from '../runtime/artifact';
import { formatDigest, parseDigest } from '../runtime/digest';
import { isPlatformKey } from '../runtime/platform';
import type { RequestOptions } from '../versions/request';
import { versionFrom } from '../versions/version';
import { proofKind } from './proof-kinds';
import type { Toolchain } from './toolchain';

/** The receipt beside a tree: `{"schema":1,"tool",...}`. Only what cannot be derived from its own name and place. */
export function encodeReceipt(toolchain: Toolchain): string {
  const { key: _, root, parts, ...rest } = toolchain;
  const body = {
    schema: 1,
    ...rest,
    ...(toolchain.linked !== undefined && { root }),
    parts: parts.map(({ smaller: _, ...part }) => ({ ...part, digest: formatDigest(part.digest) })),
  };
  return `${JSON.stringify(body, undefined, 2)}\n`;
}

/** The toolchain that a receipt describes, or `undefined` if the text is not a receipt that we understand. */
export function decodeReceipt(
  text: string,
  at: { readonly key: string; readonly store: string },
): Toolchain | undefined {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || (body as unknown) === null || body.schema !== 1) return undefined;
  const { tool, version, vendor, variant, platform, source, installed, bytes, linked, root, built } = body;
  const known = typeof version === 'string' ? versionFrom(version) : undefined;
  if (typeof tool !== 'string' || known === undefined || typeof platform !== 'string' || !isPlatformKey(platform))
    return undefined;
  if (typeof source !== 'string' || typeof installed !== 'string') return undefined;
  if (!at.key.startsWith(`${tool}-${known}-`)) return undefined;
  const parts = decodeParts(body.parts);
  const manager = (linked as { manager?: unknown } | undefined)?.manager;
  if (parts === undefined || (typeof manager === 'string' && typeof root !== 'string')) return undefined;
  return {
    key: at.key,
    tool,
    version: known,
    ...(typeof vendor === 'string' && { vendor }),
    ...(typeof variant === 'string' && { variant }),
    options: decodeOptions(body.options),
    platform,
    source,
    root: typeof manager === 'string' ? (root as string) : join(at.store, at.key),
    parts,
    ...(typeof manager === 'string' && { linked: { manager } }),
    ...(typeof built === 'string' && { built }),
    ...(typeof bytes === 'number' && { bytes }),
    installed,
  };
}

function decodeParts(value: unknown): readonly Part[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const parts: Part[] = [];
  for (const item of value as readonly Record<string, unknown>[]) {
    const digest = typeof item?.digest === 'string' ? parseDigest(item.digest) : undefined;
    const proof = decodeProof(item?.proof);
    if (digest === undefined || typeof item.at !== 'string' || proof === undefined) return undefined;
    parts.push({ at: item.at, digest, proof, ...(typeof item.size === 'number' && { size: item.size }) });
  }
  return parts;
}

function decodeProof(value: unknown): Proof | undefined {
  const { kind, by } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const known = typeof kind === 'string' ? proofKind(kind) : undefined;
  return known !== undefined && typeof by === 'string' ? { kind: known, by } : undefined;
}

function decodeOptions(value: unknown): RequestOptions {
  if (typeof value !== 'object' || !value) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, list]) =>
      Array.isArray(list) && list.every((item) => typeof item === 'string') ? [[name, list as string[]]] : [],
    ),
  );
}
