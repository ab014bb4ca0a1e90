/** What a verb has to say: `data` for `--json`, `text` for people, on stdout; and the exit status. */
export interface Outcome {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly text?: string;
  /** Of text that a shell or a program reads: printed as it is, except on a terminal. */
  readonly verbatim?: true;
  readonly exit?: number;
}
