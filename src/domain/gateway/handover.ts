/** What the two ends of the control socket must agree on. */
export const CONTROL_FORMAT = 1;

/** A gateway's word about itself. */
export interface Hello {
  readonly format: number;
  readonly version: string;
  readonly pid: number;
  readonly port: number;
  /** ISO time. */
  readonly since: string;
}

/** Whether a program of version `mine` takes the place of a gateway of version `running`: the newer one serves, never the older. */
export function replaces(mine: string, running: string): boolean {
  const [a, b] = [numbersOf(mine), numbersOf(running)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // A release follows those that prepare it.
  return !mine.includes('-') && running.includes('-');
}

function numbersOf(version: string): readonly number[] {
  return (version.split('-')[0] ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0);
}

/** Ports to choose from, in order. */
export const GATEWAY_PORTS: readonly number[] = [8443, ...Array.from({ length: 56 }, (_, index) => 8444 + index)];
