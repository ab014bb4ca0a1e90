import { join } from 'node:path';
import type { Home } from '../home/paths';

/** Where the authority is kept. This file is read at every start, so it names places and loads nothing. */
export function authorityFolder(home: Home): string {
  return join(home.gateway, 'authority');
}

/** The certificate that a person trusts. */
export function rootFileOf(home: Home): string {
  return join(authorityFolder(home), 'root.pem');
}

/** Everything that the system believes, and our authority: for programs whose variable replaces the system's list. */
export function bundleFileOf(home: Home): string {
  return join(home.gateway, 'bundle.pem');
}

/** What a project with names tells its programs: one variable adds to Node's list, the other replaces OpenSSL's. */
export function certificateVariables(home: Home): Readonly<Record<string, string>> {
  return { NODE_EXTRA_CA_CERTS: rootFileOf(home), SSL_CERT_FILE: bundleFileOf(home) };
}
