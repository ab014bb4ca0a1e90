import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
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
  const system = SYSTEM_STORES.find((file) => {
    const read = certificatesIn(file);
    for (const certificate of read) found.add(certificate);
    return read.length > 0;
  });
  for (const folder of (env.SSL_CERT_DIR ?? '').split(':').filter((part) => part !== '')) {
    for (const certificate of certificatesBelow(folder, system)) found.add(certificate);
  }
  return contextOf([...found]);
}

/** What update-ca-certificates makes, and of what: https://manpages.debian.org/update-ca-certificates */
const DEBIAN_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const DEBIAN_PARTS = '/usr/share/ca-certificates/';

/** Debian, Fedora, SUSE, Alpine and macOS: https://go.dev/src/crypto/x509/root_linux.go */
export const SYSTEM_STORES = [
  DEBIAN_BUNDLE,
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

/** Debian's folder is two links for each certificate of its one bundle: reading them all takes 30 ms, and adds nothing. */
function certificatesBelow(folder: string, system: string | undefined): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isSymbolicLink() || !isReadElsewhere(join(folder, entry.name), system))
      .flatMap(({ name }) => certificatesIn(join(folder, name)));
  } catch {
    return [];
  }
}

/** Whether a link leads to another entry of its folder, or to what the system's bundle was made of. */
function isReadElsewhere(link: string, system: string | undefined): boolean {
  const target = readlinkSync(link);
  return !target.includes('/') || (system === DEBIAN_BUNDLE && target.startsWith(DEBIAN_PARTS));
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
