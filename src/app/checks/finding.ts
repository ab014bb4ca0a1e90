/** One thing that is not as it should be, and the command that fixes it. */
export interface Finding {
  readonly kind: string;
  readonly level: 'error' | 'warning' | 'note';
  readonly message: string;
  /** `FILE:LINE`, or a path. */
  readonly where?: string;
  readonly hint: string;
  /** Safe: loses nothing that cannot be had again, and writes in no file that a person wrote. */
  readonly fix?: () => Promise<void>;
}
