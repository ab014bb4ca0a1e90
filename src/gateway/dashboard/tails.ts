import type { LogTail } from '../../adapters/services/log-tail';
import { printedLine } from './printed';

/** The log of a service that somebody looks at. */
export interface Tail {
  readonly topic: string;
  readonly lines: readonly string[];
}

export interface TailsOptions {
  /** Starts to read; gives the last lines first. */
  follow(of: { readonly project: string; readonly name: string }, hear: (lines: readonly string[]) => void): LogTail;
  heard(topic: string, lines: readonly string[]): void;
  /** How many pages look at it. */
  readersOf(topic: string): number;
  closed(topic: string): void;
}

interface Kept extends Tail {
  log: LogTail | undefined;
  lines: readonly string[];
  /** Looks in a row at which nobody was there. */
  alone: number;
}

const LINES = 500;
/** Milliseconds for which a page waits for the last lines. */
const FIRST = 500;
/** Milliseconds between two looks at who is there, and looks after which a log is let go: a page that lost its stream comes back. */
const LOOK = 2000;
const PATIENCE = 5;

/** Reads a log as long as a page shows it, and no longer, however many pages there are. */
export class Tails {
  readonly #of: TailsOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #timer: NodeJS.Timeout;

  constructor(of: TailsOptions) {
    this.#of = of;
    this.#timer = setInterval(() => this.#letGo(), LOOK);
    this.#timer.unref();
  }

  /** Resolves with its last lines. */
  async open(of: { readonly project: string; readonly name: string; readonly topic: string }): Promise<Tail> {
    const { topic } = of;
    const found = this.#kept.get(topic);
    if (found !== undefined) {
      found.alone = 0;
      return found;
    }
    let first: () => void = () => undefined;
    const begun = new Promise<void>((done) => {
      first = done;
      setTimeout(done, FIRST).unref();
    });
    const kept: Kept = { topic, log: undefined, lines: [], alone: 0 };
    this.#kept.set(topic, kept);
    kept.log = this.#of.follow(of, (lines) => {
      const printed = lines.map(printedLine);
      kept.lines = [...kept.lines, ...printed].slice(-LINES);
      this.#of.heard(topic, printed);
      first();
    });
    await begun;
    return kept;
  }

  get size(): number {
    return this.#kept.size;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { log } of this.#kept.values()) log?.close();
    this.#kept.clear();
  }

  #letGo(): void {
    for (const [topic, kept] of this.#kept) {
      kept.alone = this.#of.readersOf(topic) > 0 ? 0 : kept.alone + 1;
      if (kept.alone < PATIENCE) continue;
      kept.log?.close();
      this.#kept.delete(topic);
      this.#of.closed(topic);
    }
  }
}
