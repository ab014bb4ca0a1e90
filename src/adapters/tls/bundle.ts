import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { readTextIfAny, writeAtomic } from '../files/fs';
import type { Home } from '../home/paths';
import { SYSTEM_STORES } from '../net/authorities';
import { rootFileOf } from './authority';

/** Everything that the system believes, and our authority: for programs whose variable replaces the system's list. */
export function bundleFileOf(home: Home): string {
  return join(home.gateway, 'bundle.pem');
}

/** Written anew where the system's list has changed. */
export async function writeBundle(home: Home, root: string): Promise<void> {
  const text = `${systemRoots().trim()}\n${root.trim()}\n`;
  const file = bundleFileOf(home);
  if ((await readTextIfAny(file)) !== text) await writeAtomic(file, text, { mode: 0o600 });
}

/** What a project with names tells its programs: one variable adds to Node's list, the other replaces OpenSSL's. */
export function certificateVariables(home: Home): Readonly<Record<string, string>> {
  return { NODE_EXTRA_CA_CERTS: rootFileOf(home), SSL_CERT_FILE: bundleFileOf(home) };
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
