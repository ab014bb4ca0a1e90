import { type ArchiveFormat, isArchiveFormat } from '../runtime/artifact';
import type { Digest } from '../runtime/digest';
import { formatDigest, parseDigest } from '../runtime/digest';
import { isPlatformKey, type PlatformKey } from '../runtime/platform';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import type { ToolId } from '../words/tool-id';

/** What a bundle of polyenv's first form holds: `polyenv-bundle.json` first, then each archive as `archives/<its place in the list>`. */
export interface BundleList {
  readonly archives: readonly BundledArchive[];
}

/** An archive that was taken in, by whatever form it came. */
export type TakenArchive = Omit<BundledArchive, 'platform'> & { readonly platform: string };

export interface BundledArchive {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly tool: ToolId;
  readonly version: string;
  readonly platform: PlatformKey;
  /** Of the archive; an `h1` is over what is in it. */
  readonly format: ArchiveFormat;
}

export const BUNDLE_LIST = 'polyenv-bundle.json';

/** Bytes of the list, and its entries: a bundle comes from elsewhere. */
export const BUNDLE_LIMITS = { list: 4 * 2 ** 20, archives: 10_000, bytes: 4 * 2 ** 30 } as const;

export function archiveName(index: number): string {
  return `archives/${index}`;
}

/** Throws `archive-invalid`, naming the file, for anything else than `{"schema":1,"archives":[...]}`. */
export function decodeBundleList(text: string, file: string): BundleList {
  let value: { readonly schema?: unknown; readonly archives?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw invalid(file, 'its list cannot be read', error);
  }
  if (typeof value !== 'object' || !value || value.schema !== 1)
    throw invalid(file, 'its list is of another version of polyenv');
  const rows = value.archives;
  if (!Array.isArray(rows) || rows.length > BUNDLE_LIMITS.archives) throw invalid(file, 'its list holds no archives');
  const archives = rows.map((row: unknown, index): BundledArchive => {
    const { digest, size, tool, version, platform, format } = (row ?? {}) as Readonly<Record<string, unknown>>;
    const known = typeof digest === 'string' ? parseDigest(digest) : undefined;
    const fits =
      typeof size === 'number' &&
      Number.isSafeInteger(size) &&
      size > 0 &&
      size <= BUNDLE_LIMITS.bytes &&
      typeof tool === 'string' &&
      typeof version === 'string' &&
      typeof platform === 'string' &&
      isPlatformKey(platform) &&
      typeof format === 'string' &&
      isArchiveFormat(format);
    if (known === undefined || !fits) throw invalid(file, `archive ${index} of its list cannot be read`);
    return { digest: known, size, tool, version, platform, format };
  });
  const digests = new Set(archives.map((one) => formatDigest(one.digest)));
  if (digests.size !== archives.length) throw invalid(file, 'its list names an archive twice');
  return { archives };
}

export function invalid(file: string, why: string, cause?: unknown): PolyenvError {
  return new PolyenvError('archive-invalid', `the bundle cannot be used: ${why}`, {
    where: { file },
    hint: 'fetch it again, or make it anew: polyenv bundle create',
    ...present({ cause }),
  });
}
