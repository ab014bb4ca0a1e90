/** One figure of `npm run bench`: ours as a ratio of a floor or a rival that was measured in the same run, or in the unit that its name ends with. */
export interface BenchRow {
  readonly name: string;
  /** Ours by theirs; or a count, milliseconds or megabytes, as the name says. */
  readonly ratio: number;
  /** The goal: a row above it is over. Infinity for a figure that is only there to compare. */
  readonly limit: number;
  /** For rates, where more is better: a row below its goal is over. */
  readonly least?: true;
  /** What was measured of both sides: `574 ms against 820 ms`. */
  readonly detail: string;
}

/** A figure beside its goal, as one line of the table. */
export function rowLine({ name, ratio, limit, least, detail }: BenchRow, width: number): string {
  const goal = Number.isFinite(limit) ? `${least ? '>=' : '<='} ${limit}` : '-';
  return `${standing({ name, ratio, limit, detail, ...(least && { least }) }).padEnd(5)} ${name.padEnd(width)} ${ratio.toFixed(2).padStart(8)}  ${goal.padEnd(8)}  ${detail}`;
}

export function standing({ ratio, limit, least }: BenchRow): 'ok' | 'OVER' | '-' {
  if (!Number.isFinite(limit)) return '-';
  return (least ? ratio >= limit : ratio <= limit) ? 'ok' : 'OVER';
}
