/** What an archive's reader found. Names are the archive's own, unchecked. */
export interface Member {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'hardlink';
  /** Permission bits; `undefined` where the format carries none. */
  readonly mode: number | undefined;
  /** Bytes that follow, of a file; else 0. */
  readonly size: number;
  /** Of links, as written in the archive. */
  readonly target?: string;
}

/** A reader calls `begin`, then `data` until the size is reached, then `end`, for each member in turn. */
export interface MemberSink {
  begin(member: Member): void;
  data(chunk: Uint8Array): void;
  end(): void;
  /** Between two chunks of input, which may be given away: waits while too much is waiting to be written. */
  flush?(given?: Uint8Array): Promise<void>;
}

export interface Limits {
  /** Members of any kind. */
  readonly entries: number;
  /** Of all files together. */
  readonly bytes: number;
  /** Folders within folders. */
  readonly depth: number;
  /** Of one name, and of a whole path or target. */
  readonly nameBytes: number;
  readonly pathBytes: number;
}

/** The largest toolchain known has 60,000 files and 1.5 GB. */
export const LIMITS: Limits = {
  entries: 300_000,
  bytes: 8 * 2 ** 30,
  depth: 100,
  nameBytes: 255,
  pathBytes: 4096,
};
