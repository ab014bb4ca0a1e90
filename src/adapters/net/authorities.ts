import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Emit } from '../../domain/words/events';

/**
 * Whom we believe about a server's name: Node's own list, and in addition the system's store, `NODE_EXTRA_CA_CERTS`,
 * `SSL_CERT_FILE`, `SSL_CERT_DIR` and `more`, where companies put theirs. A named file that cannot be read is a warning.
 */
export function openAuthorities(
  env: Readonly<Record<string, string | undefined>>,
  emit: Emit,
  more: readonly string[] = [],
): SecureContext {
  const found = new Set<string>(rootCertificates);
  for (const file of more) {
    const read = certificatesIn(file);
    if (read.length === 0) emit({ type: 'warning', text: `there are no readable certificates in ${file}` });
    for (const certificate of read) found.add(certificate);
  }
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'] as const) {
    const file = env[name];
    if (file === undefined || file === '') continue;
    const read = certificatesIn(file);
    if (read.length === 0) emit({ type: 'warning', text: `${name} names no readable certificates: ${file}` });
    for (const certificate of read) found.add(certificate);
  }
  for (const folder of (env.SSL_CERT_DIR ?? '').split(':').filter((part) => part !== '')) {
    for (const certificate of certificatesBelow(folder)) found.add(certificate);
  }
  for (const file of SYSTEM_STORES) {
    const read = certificatesIn(file);
    for (const certificate of read) found.add(certificate);
    if (read.length > 0) break;
  }
  return contextOf([...found]);
}

/** Debian, Fedora, SUSE, Alpine and macOS: https://go.dev/src/crypto/x509/root_linux.go */
export const SYSTEM_STORES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** One certificate that OpenSSL cannot read would refuse the whole list: then each is tried by itself. */
function contextOf(certificates: string[]): SecureContext {
  try {
    return createSecureContext({ ca: certificates });
  } catch {
    return createSecureContext({ ca: certificates.filter(isReadable) });
  }
}

function isReadable(certificate: string): boolean {
  try {
    createSecureContext({ ca: certificate });
    return true;
  } catch {
    return false;
  }
}

function certificatesBelow(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => certificatesIn(join(folder, name)));
  } catch {
    return [];
  }
}

function certificatesIn(file: string): readonly string[] {
  try {
    if (!statSync(file).isFile()) return [];
    const text = readFileSync(file, 'latin1');
    return (
      text.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ??
      []
    );
  } catch {
    return [];
  }
}
