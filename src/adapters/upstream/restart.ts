import { setTimeout as sleep } from 'node:timers/promises';
import type { PolyenvError } from '../../domain/words/errors';

/** The bytes may be mixed from two files, or cut. Another attempt from the start may succeed. */
export class Restart extends Error {
  readonly shown: PolyenvError;
  constructor(shown: PolyenvError) {
    super(shown.message);
    this.shown = shown;
  }
}

export async function withRestarts<R>(attempt: () => Promise<R>): Promise<R> {
  for (let round = 0; ; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Restart)) throw error;
      if (round >= MOST_RESTARTS) throw error.shown;
      await sleep(200 * 2 ** round);
    }
  }
}

const MOST_RESTARTS = 2;
