/**
 * The quickest of each action in milliseconds, the actions taking turns: other work on the machine only ever makes a run
 * slower, so that the least disturbed one says most about the action itself. One round warms up.
 */
export function quickest(rounds: number, actions: readonly (() => void)[]): readonly number[] {
  const best = actions.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round <= rounds; round += 1) {
    actions.forEach((action, index) => {
      const started = performance.now();
      action();
      if (round > 0) best[index] = Math.min(best[index] ?? Number.POSITIVE_INFINITY, performance.now() - started);
    });
  }
  return best;
}
