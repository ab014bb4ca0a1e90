import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { readTextIfAny } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';
import { SYSTEM_STORES } from '../net/authorities';
import { bundleFileOf } from './trust-files';

/** Written anew where the system's list has changed. */
export async function writeBundle(home: Home, root: string): Promise<void> {
  const text = `${systemRoots().trim()}\n${root.trim()}\n`;
  const file = bundleFileOf(home);
  if ((await readTextIfAny(file)) !== text) await writeAtomic(file, text, { mode: 0o600 });
}

function systemRoots(): string {
  for (const file of SYSTEM_STORES) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // The next one.
    }
  }
  return rootCertificates.join('\n');
}
