import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homeOf } from '../../src/adapters/home/paths';
import { openAuthority, readAuthority } from '../../src/adapters/tls/authority';
import { type Leaf, makeLeaf } from '../../src/adapters/tls/certificates';
import type { Host } from '../../src/host';
import { openssl } from '../support/certificates';
import { discard } from '../support/discard';

const base = mkdtempSync(join(tmpdir(), 'polyenv-authority-'));
afterAll(() => discard(base));

function hostIn(folder: string, now = new Date()): Host {
  return {
    env: { POLYENV_HOME: join(base, folder) },
    personHome: base,
    hostname: 'machine "of" someone',
    pid: process.pid,
    now: () => now,
  } as unknown as Host;
}

function open(folder: string, now?: Date) {
  const host = hostIn(folder, now);
  return openAuthority({ home: homeOf(host), host });
}

describe('the authority', () => {
  it('is one, however many make it at once', async () => {
    const roots = await Promise.all(Array.from({ length: 6 }, () => open('at-once')));
    expect(new Set(roots.map(({ root }) => root)).size).toBe(1);
    expect(readdirSync(join(base, 'at-once', 'gateway'))).toEqual(['authority']);
  });

  it('keeps one key, for its owner alone whatever the umask, and no key of the root', async () => {
    const before = process.umask(0);
    const authority = await open('modes').finally(() => process.umask(before));
    const folder = join(base, 'modes', 'gateway', 'authority');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const files = readdirSync(folder).sort();
    expect(files).toEqual(['issuer.key', 'issuer.pem', 'root.pem']);
    for (const name of files) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    const keys = files.filter((name) => readFileSync(join(folder, name), 'utf8').includes('PRIVATE KEY'));
    expect(keys).toEqual(['issuer.key']);
    expect(
      new X509Certificate(authority.root).publicKey.equals(new X509Certificate(authority.issuer.chain).publicKey),
    ).toBe(false);
  });

  it('carries the limit to this machine in root and issuer, as critical', async () => {
    const authority = await open('limits');
    const constraint = Buffer.from('0603551d1e0101ff', 'hex');
    for (const pem of [authority.root, authority.issuer.chain]) {
      expect(new X509Certificate(pem).raw.includes(constraint)).toBe(true);
    }
    expect(new X509Certificate(authority.root).subject).toContain('this machine only');
  });

  it('is made anew when it has run out, and refused when it is damaged', async () => {
    const first = await open('expired');
    const later = new Date(Date.now() + 3651 * 86_400_000);
    const second = await open('expired', later);
    expect(second.root).not.toBe(first.root);
    writeFileSync(join(base, 'expired', 'gateway', 'authority', 'root.pem'), 'x');
    await expect(readAuthority(homeOf(hostIn('expired')))).rejects.toMatchObject({ code: 'state-invalid' });
  });
});

describe.skipIf(!openssl)('what it signs (by openssl, skipped where there is none)', () => {
  const at = (name: string) => join(base, name);
  let rootFile: string;

  const verify = async (leaf: Leaf, host: string): Promise<string> => {
    writeFileSync(at('leaf.pem'), leaf.chain);
    const args = [
      'verify',
      '-x509_strict',
      '-CAfile',
      rootFile,
      '-untrusted',
      at('leaf.pem'),
      '-verify_hostname',
      host,
    ];
    const { stdout, stderr } = await promisify(execFile)('openssl', [...args, at('leaf.pem')]).catch((error) => error);
    return `${stdout}${stderr}`;
  };

  beforeAll(async () => {
    rootFile = (await open('openssl')).rootFile;
  });

  it('is accepted for a name of this machine', async () => {
    const { issuer } = await open('openssl');
    const leaf = await makeLeaf(issuer, { host: 'shop.localhost', now: new Date() });
    expect(await verify(leaf, 'shop.localhost')).toContain('OK');
    expect(await verify(leaf, 'blog.localhost')).toContain('hostname mismatch');
    expect((leaf.until.getTime() - leaf.from.getTime()) / 86_400_000).toBe(32);
    const text = execFileSync('openssl', [
      'x509',
      '-noout',
      '-ext',
      'subjectAltName',
      '-in',
      at('leaf.pem'),
    ]).toString();
    expect(text).toContain('critical');
  });

  it.each(['example.com', 'notlocalhost', 'localhost.example.com', '1.2.3.4'])('is refused for %s', async (host) => {
    const { issuer } = await open('openssl');
    expect(await verify(await makeLeaf(issuer, { host, now: new Date() }), host)).toContain(
      'permitted subtree violation',
    );
  });

  it('shares a key where that is asked', async () => {
    const { issuer } = await open('openssl');
    const first = await makeLeaf(issuer, { host: 'a.localhost', now: new Date() });
    const second = await makeLeaf(issuer, { host: 'b.localhost', now: new Date(), key: first.key });
    expect(second.key).toBe(first.key);
    expect(await verify(second, 'b.localhost')).toContain('OK');
  });
});
