import { execFileSync, spawnSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, makeLeaf, type NewAuthority, type Signer } from '../../src/adapters/tls/certificates';
import { askClients, type ClientReport } from '../../src/adapters/tls/clients';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { freePort } from '../support/gateway';
import { newPerson } from '../support/network-fixture';

const DAY = 86_400_000;
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const base = mkdtempSync(join(tmpdir(), 'polyenv-tls-'));
afterAll(() => discard(base));

describe('clients of this machine (each that is there)', () => {
  let authority: NewAuthority;
  let reports: Readonly<Record<string, readonly ClientReport[]>>;

  beforeAll(async () => {
    authority = await makeAuthority({ now: new Date(), owner: 'test' });
    const { issuer } = authority;
    const leaf = (host: string, days = 0) => makeLeaf(issuer, { host, now: new Date(Date.now() + days * DAY) });
    const good = await leaf('shop.localhost');
    const cases: Readonly<Record<string, readonly [host: string, signer: Signer]>> = {
      good: ['shop.localhost', good],
      example: ['example.com', await leaf('example.com')],
      suffix: ['notlocalhost', await leaf('notlocalhost')],
      mixed: ['example.com', await mixed(issuer)],
      early: ['shop.localhost', await leaf('shop.localhost', 20)],
      expired: ['shop.localhost', await leaf('shop.localhost', -40)],
      bare: ['shop.localhost', { key: good.key, chain: good.chain.split(/(?<=END CERTIFICATE-----)/)[0] ?? '' }],
    };
    const root = join(base, 'root.pem');
    writeFileSync(root, authority.root);
    const person = newPerson({ PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' });
    const asking = { host: person.host, home: person.home };
    const variables: Record<string, string> = { NODE_EXTRA_CA_CERTS: root, SSL_CERT_FILE: root };
    if (has('keytool')) {
      const store = join(base, 'java.p12');
      const args = [
        '-importcert',
        '-noprompt',
        '-keystore',
        store,
        '-storepass',
        'changeit',
        '-alias',
        'x',
        '-file',
        root,
      ];
      execFileSync('keytool', args, { stdio: 'ignore' });
      variables.JAVA_TOOL_OPTIONS = `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=changeit`;
    }
    const entries: [string, readonly ClientReport[]][] = [];
    for (const [word, [name, signer]] of Object.entries(cases)) {
      const server = await serve(signer);
      const { port } = server.address() as AddressInfo;
      entries.push([word, await askClients({ ...asking, name, port, variables })]);
      server.close();
    }
    reports = Object.fromEntries(entries);
    person.remove();
  }, 180_000);

  const CLIENTS = { curl: 'curl', OpenSSL: 'openssl', 'Node.js': 'node', Python: 'python3', Java: 'java' } as const;
  for (const [client, program] of Object.entries(CLIENTS)) {
    describe.skipIf(!has(program))(`${client} (${program} must be there)`, () => {
      const seen = (word: string) => reports[word]?.find((one) => one.client === client);

      it('accepts the good one in a project, and by itself does not', () => {
        expect(seen('good')).toMatchObject({ alone: { accepted: false }, inProject: { accepted: true } });
      });

      it.each(['example', 'suffix', 'mixed', 'early', 'expired', 'bare'])('refuses: %s', (word) => {
        expect(seen(word)).toMatchObject({ inProject: { accepted: false } });
      });
    });
  }
});

/** A leaf for a name of this machine and a foreign one. */
async function mixed(issuer: Signer): Promise<Signer> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const der = Buffer.from(issuer.key.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  const leaf = await x509.X509CertificateGenerator.create({
    subject: 'CN=shop.localhost',
    issuer: new x509.X509Certificate(issuer.chain).subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'shop.localhost' },
        { type: 'dns', value: 'example.com' },
      ]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    key: `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`,
    chain: `${leaf.toString('pem')}\n${issuer.chain}`,
  };
}

function serve({ key, chain }: Signer): Promise<Server> {
  const server = createServer({ key, cert: chain }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'));
  });
  server.on('tlsClientError', () => undefined);
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

describe('polyenv tls', () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = newMachine({ PATH: process.env.PATH ?? '' });
    await machine.polyenv(['gateway', 'start', '--port', String(await freePort())]);
  });
  afterAll(async () => {
    await machine.polyenv(['gateway', 'stop']);
    machine.remove();
  });

  it('asks each program of this machine, and says what it saw', async () => {
    const status = (await machine.polyenv(['tls', '--json'])).json<{ clients: readonly ClientReport[] }>();
    for (const { client, alone, inProject } of status.clients) {
      expect([client, alone.accepted, inProject.accepted]).toEqual([client, false, client !== 'Java']);
    }
    expect(status.clients.length).toBeGreaterThan(0);
  }, 120_000);

  it('prints the certificate that a person may put elsewhere', async () => {
    const { stdout } = await machine.polyenv(['tls', 'ca']);
    expect(stdout.trim()).toBe(
      readFileSync(join(machine.polyenvHome, 'gateway', 'authority', 'root.pem'), 'utf8').trim(),
    );
  });

  it('tells programs of a project with names, and only of such, whom to believe; the caller wins', async () => {
    const project = machine.folder('shop');
    const plain = machine.folder('plain');
    writeFileSync(join(project, 'polyenv.toml'), '[domains]\nshop = { port = 4000 }\n');
    writeFileSync(join(plain, 'polyenv.toml'), '');
    const print = 'echo "$NODE_EXTRA_CA_CERTS $SSL_CERT_FILE"';
    const at = (cwd: string, env = {}) => machine.polyenv(['exec', '--', 'sh', '-c', print], { cwd, env });
    const folder = join(machine.polyenvHome, 'gateway');
    expect((await at(project)).stdout).toBe(`${folder}/authority/root.pem ${folder}/bundle.pem\n`);
    expect((await at(plain)).stdout).toBe(' \n');
    expect((await at(project, { SSL_CERT_FILE: '/mine' })).stdout).toBe(`${folder}/authority/root.pem /mine\n`);
    const bundle = readFileSync(join(folder, 'bundle.pem'), 'utf8');
    expect(bundle.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(20);
  });
});

describe.skipIf(!has('certutil'))('trust in browsers (certutil must be there)', () => {
  const OLD = '.pki/nssdb';
  const NEW = '.local/share/pki/nssdb';

  it.each([
    ['none', [], [NEW]],
    ['only the old one', [OLD], [OLD]],
    ['only the new one', [NEW], [NEW]],
    ['both', [OLD, NEW], [OLD, NEW]],
  ])('with %s of the databases is added where a browser reads, and taken back', async (_, there, expected) => {
    const machine = newMachine();
    for (const place of there) {
      mkdirSync(join(machine.home, place), { recursive: true });
      execFileSync('certutil', ['-N', '--empty-password', '-d', `sql:${join(machine.home, place)}`]);
    }
    const listed = (place: string) =>
      execFileSync('certutil', ['-L', '-d', `sql:${join(machine.home, place)}`])
        .toString()
        .includes('polyenv ');
    expect((await machine.polyenv(['tls', 'trust'])).exit).toBe(2);
    const added = await machine.polyenv(['tls', 'trust', '--yes']);
    expect(added.stdout).toContain('start it again');
    for (const place of [OLD, NEW]) {
      expect(existsSync(join(machine.home, place))).toBe(expected.includes(place));
      if (expected.includes(place)) expect(listed(place)).toBe(true);
    }
    expect((await machine.polyenv(['tls', 'trust', '--yes'])).stdout).toContain('unchanged');
    expect((await machine.polyenv(['tls', 'untrust'])).stdout).toContain('removed');
    for (const place of expected) expect(listed(place)).toBe(false);
    machine.remove();
  });

  it('says what is missing where certutil is', async () => {
    const machine = newMachine({ PATH: '/nowhere' });
    const ran = await machine.polyenv(['tls', 'trust', '--yes']);
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain('libnss3-tools');
    machine.remove();
  });
});
