import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A recorded answer of a real upstream, where this machine has them beside the checkout. */
export function recorded(path: string): string | undefined {
  const file = fileURLToPath(new URL(`../../../shared/upstream-data/${path}`, import.meta.url));
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

export const NOT_HERE = 'the recorded answers of upstreams are not on this machine (../shared/upstream-data)';
