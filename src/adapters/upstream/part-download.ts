import type { Part } from '../../domain/runtime/artifact';
import type { Digest } from '../../domain/runtime/digest';
import { PolyenvError } from '../../domain/words/errors';
import { joinInside } from '../home/paths';
import type { Http } from '../net/http';
import type { LineSpeeds } from '../net/line-speed';

export interface PartDownload {
  readonly http: Http;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly part: Part;
  /** polyenv's `downloads/`: partial and whole archives by digest. */
  readonly downloads: string;
  /** Bytes of the archive that were just received or read. */
  onBytes(count: number): void;
  readonly signal?: AbortSignal;
  readonly offline: boolean;
  /** Bytes at most, of an archive whose size nobody tells. */
  readonly limit?: number;
  /** How large it is, as the server says when it answers. */
  onSize?(bytes: number): void;
  /** So much of it was here already, from a download that broke off. */
  onResume?(bytes: number): void;
  /** Remembers what the line gives. */
  readonly lines?: LineSpeeds;
  /** Bytes a second. A line that gives less in the first half second is given up with `SlowLine`, while most is still to come. */
  readonly leastRate?: number;
}

/** Another packing of the same would be here sooner. */
export class SlowLine extends Error {}

/** `sha256-ab12...`: the file name of an archive in `downloads/`. */
export function downloadName(digest: Digest): string {
  const value = digest.kind === 'h1' ? Buffer.from(digest.value, 'base64').toString('hex') : digest.value;
  if (!/^[0-9a-f]{64,128}$/.test(value))
    throw new PolyenvError('digest-missing', 'a part has no digest that can be used');
  return `${digest.kind}-${value}`;
}

export function wholePath({ downloads, part }: PartDownload): string {
  return joinInside(downloads, downloadName(part.digest));
}
