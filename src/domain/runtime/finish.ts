/** What is added to a new toolchain before it is frozen: afterwards nothing writes there. Paths are relative to its root, with `/`. */
export interface Finish {
  /** Texts by path; what the archive already has there stays. */
  readonly files: Readonly<Record<string, string>>;
  /** Files of the archive that a step may replace or take away, by their paths; all others it leaves as they are. */
  readonly replaces?: RegExp;
  /** In order. Only where the toolchain can run: on its own platform. */
  readonly steps: readonly FinishStep[];
}

/** A program of the toolchain that adds to it what makes it start faster. One that fails costs that speed, never the installation. */
export interface FinishStep {
  /** What is missing if it fails: `the compiled standard library`. */
  readonly makes: string;
  readonly program: string;
  args(at: FinishPlace): readonly string[];
  /** Besides a scrubbed environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Absolute paths: where the tree stands while the step runs, in `/`, and where it will stand. */
export interface FinishPlace {
  readonly staged: string;
  readonly final: string;
  /** Processes that it may use at once. */
  readonly jobs: number;
}
