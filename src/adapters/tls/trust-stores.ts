import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../host';
import { capture } from '../children/capture';
import type { Home } from '../home/paths';
import { findPrograms } from '../system/programs';

/** A list of authorities that programs of this person believe, which can be changed without more rights. */
export interface TrustStore {
  readonly kind: 'nss' | 'keychain';
  /** Who reads it. */
  readonly readers: string;
  readonly path: string;
  /** One that is made when it is needed. */
  readonly missing?: true;
}

export type StoreState = 'trusted' | 'not-trusted' | 'unknown';

/** A browser reads the old place where it exists, else the new one: making the old one would hide what lies in the other. */
export function trustStores(host: Host): readonly TrustStore[] {
  if (host.os === 'darwin') {
    const path = join(host.personHome, 'Library', 'Keychains', 'login.keychain-db');
    return [{ kind: 'keychain', readers: 'Safari, Chrome', path }, ...firefoxStores(host)];
  }
  const places = [join(host.personHome, '.pki', 'nssdb'), join(host.personHome, '.local', 'share', 'pki', 'nssdb')];
  const there = places.filter((path) => existsSync(join(path, 'cert9.db')));
  const readers = 'Chromium, Chrome, Edge';
  const chromium: readonly TrustStore[] =
    there.length > 0
      ? there.map((path) => ({ kind: 'nss', readers, path }))
      : [{ kind: 'nss', readers, path: places[1] ?? '', missing: true }];
  return [...chromium, ...firefoxStores(host)];
}

function firefoxStores({ os, personHome }: Host): readonly TrustStore[] {
  const folders =
    os === 'darwin'
      ? [join(personHome, 'Library', 'Application Support', 'Firefox', 'Profiles')]
      : [
          join(personHome, '.mozilla', 'firefox'),
          join(personHome, '.config', 'mozilla', 'firefox'),
          join(personHome, 'snap', 'firefox', 'common', '.mozilla', 'firefox'),
        ];
  return folders.flatMap((folder) => {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names
      .map((name) => join(folder, name))
      .filter((path) => existsSync(join(path, 'cert9.db')))
      .map((path): TrustStore => ({ kind: 'nss', readers: 'Firefox', path }));
  });
}

/** What the certificate is called in a store. */
export function storedName(root: string): string {
  return `polyenv ${createHash('sha256').update(new X509Certificate(root).raw).digest('hex').slice(0, 12)}`;
}

/** What authorities of polyenv are called in an NSS store, by its bytes: SQLite keeps texts as they are. */
export async function namesInStore(path: string): Promise<readonly string[]> {
  const bytes = await readFile(join(path, 'cert9.db'), 'latin1').catch(() => '');
  return [...new Set(bytes.match(/\bpolyenv [0-9a-f]{12}/g))];
}

/** The program that reads and changes an NSS store; `undefined` where it is missing. */
export function certutil(host: Host, home: Home): string | undefined {
  return findPrograms(host, home, 'certutil')[0];
}

export interface StoreChange {
  readonly host: Host;
  readonly home: Home;
  readonly store: TrustStore;
  readonly root: string;
  readonly rootFile: string;
}

export async function stateOf(change: StoreChange): Promise<StoreState> {
  const { store, root } = change;
  if (store.missing) return 'not-trusted';
  if (store.kind === 'keychain') {
    const found = await run(change, '/usr/bin/security', ['verify-cert', '-c', change.rootFile, '-p', 'ssl']);
    return found.exit === 0 ? 'trusted' : 'not-trusted';
  }
  const program = certutil(change.host, change.home);
  if (program === undefined) return 'unknown';
  const found = await run(change, program, ['-L', '-d', `sql:${store.path}`, '-n', storedName(root)]);
  return found.exit === 0 ? 'trusted' : 'not-trusted';
}

/** `undefined`: done. Otherwise what the program said. */
export async function addTo(change: StoreChange): Promise<string | undefined> {
  const { store, root, rootFile } = change;
  if (store.kind === 'keychain') {
    const args = ['add-trusted-cert', '-r', 'trustRoot', '-p', 'ssl', '-k', store.path, rootFile];
    return failure(await run(change, '/usr/bin/security', args));
  }
  const program = certutil(change.host, change.home) ?? 'certutil';
  if (store.missing) {
    await mkdir(store.path, { recursive: true, mode: 0o700 });
    const made = await run(change, program, ['-N', '--empty-password', '-d', `sql:${store.path}`]);
    if (made.exit !== 0) return failure(made);
  }
  const args = ['-A', '-d', `sql:${store.path}`, '-t', 'C,,', '-n', storedName(root), '-i', rootFile];
  return failure(await run(change, program, args));
}

export async function removeFrom(change: StoreChange): Promise<string | undefined> {
  const { store, root, rootFile } = change;
  if (store.kind === 'keychain') {
    return failure(await run(change, '/usr/bin/security', ['remove-trusted-cert', rootFile]));
  }
  const args = ['-D', '-d', `sql:${store.path}`, '-n', storedName(root)];
  return failure(await run(change, certutil(change.host, change.home) ?? 'certutil', args));
}

function run({ host }: StoreChange, file: string, args: readonly string[]) {
  const env = { PATH: '/usr/bin:/bin', HOME: host.personHome, LANG: 'C' };
  return capture({ file, args, env, cwd: '/' }, 20_000);
}

function failure({
  exit,
  stdout,
  stderr,
}: {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}) {
  return exit === 0 ? undefined : (stderr.trim() || stdout.trim() || `exit ${exit}`).split('\n')[0];
}
