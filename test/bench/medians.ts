/** The median milliseconds of each action, taken in turn so that a drifting machine is fair to all. One round warms up. */
export function medians(rounds: number, actions: readonly (() => void)[]): readonly number[] {
  const times = actions.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    actions.forEach((action, index) => {
      const started = performance.now();
      action();
      if (round > 0) times[index]?.push(performance.now() - started);
    });
  }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN);
}
