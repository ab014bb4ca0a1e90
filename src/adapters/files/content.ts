import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What a file holds, as a short digest; empty for what cannot be read. */
export function contentOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 32);
  } catch {
    return '';
  }
}
