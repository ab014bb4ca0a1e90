import { createHash } from 'node:crypto';

/** Below what systems give to outgoing connections, above what well-known servers use. */
export const PORTS = { from: 20_000, to: 29_999 } as const;

/** Ports to try in order, the same for the same service: from a hash of whose it is, then the next ones. */
export function* candidatePorts(key: string): Generator<number> {
  const span = PORTS.to - PORTS.from + 1;
  const first = createHash('sha256').update(key).digest().readUInt32BE(0) % span;
  for (let step = 0; step < span; step += 1) yield PORTS.from + ((first + step) % span);
}
