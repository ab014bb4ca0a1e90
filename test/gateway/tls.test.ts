import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, makeLeaf, type NewAuthority, type Signer } from '../../src/adapters/tls/certificates';
import { askClients, type ClientReport } from '../../src/adapters/tls/clients';
import { chromiumFile, openBrowser } from '../support/browser';
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
  /** By case, then by client. */
  const more: Record<string, Record<string, string>> = {};

  beforeAll(async () => {
    authority = await makeAuthority({ now: new Date(), owner: 'test' });
    const { issuer } = authority;
    const cases = await casesBy(issuer);
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
      more[word] = await askOthers({ name, port, root });
      server.close();
    }
    reports = Object.fromEntries(entries);
    person.remove();
  }, 180_000);

  for (const client of Object.keys(OTHERS)) {
    describe.skipIf(!isThere(client))(`${client} (must be there)`, () => {
      it('accepts the good one where it is told of the authority, and by itself does not', () => {
        expect(more.good?.[client]).toBe('accepted');
        expect(more.good?.[`${client}, alone`]).not.toBe('accepted');
      });

      it.each(['example', 'suffix', 'mixed', 'early', 'expired', 'bare'])('refuses: %s', (word) => {
        expect(more[word]?.[client]).toMatch(/certificate|tls|ssl/i);
      });
    });
  }

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

interface Other {
  readonly program: string;
  readonly args: (of: { readonly name: string; readonly port: number }) => readonly string[];
  /** By which it is told of the authority. */
  readonly variable: string;
  /** What it says although it takes the certificate: behind it is no page that it can use. */
  readonly content?: RegExp;
}

/** Addresses are asked of the machine's resolver, which does not know such names: Python is told. */
const PYTHON = `import socket, ssl, sys
asked = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **named: asked('127.0.0.1', *more, **named)
name, port = sys.argv[1:3]
url = f'https://{name}:{port}/'
`;

const OTHERS: Readonly<Record<string, Other>> = {
  'Python, strict': {
    program: 'python3',
    variable: 'SSL_CERT_FILE',
    args: ({ name, port }) => [
      '-c',
      `${PYTHON}context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT
context.wrap_socket(socket.create_connection((name, int(port)), 5), server_hostname=name)`,
      name,
      String(port),
    ],
  },
  "Python's urllib": {
    program: 'python3',
    variable: 'SSL_CERT_FILE',
    args: ({ name, port }) => [
      '-c',
      `${PYTHON}import urllib.request
urllib.request.urlopen(url, timeout=5).read()`,
      name,
      String(port),
    ],
  },
  "Python's requests": {
    program: 'python3',
    variable: 'REQUESTS_CA_BUNDLE',
    args: ({ name, port }) => [
      '-c',
      `${PYTHON}import requests
requests.get(url, timeout=5)`,
      name,
      String(port),
    ],
  },
  git: {
    program: 'git',
    variable: 'GIT_SSL_CAINFO',
    args: ({ name, port }) => [
      '-c',
      `http.curloptResolve=${name}:${port}:127.0.0.1`,
      'ls-remote',
      `https://${name}:${port}/`,
    ],
    content: /not valid: is this a git repository/,
  },
  Go: {
    program: join(base, 'ask-go'),
    variable: 'SSL_CERT_FILE',
    args: ({ name, port }) => [name, String(port)],
  },
};

const GO = `package main

import (
	"crypto/tls"
	"fmt"
	"os"
)

func main() {
	_, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[2], &tls.Config{ServerName: os.Args[1]})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
`;

/** Go has no client of its own: one is built where Go is. */
const hasGo = has('go') && buildGo();
const hasRequests = has('python3') && spawnSync('python3', ['-c', 'import requests']).status === 0;

function buildGo(): boolean {
  writeFileSync(join(base, 'ask.go'), GO);
  const env = { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' };
  return spawnSync('go', ['build', '-o', join(base, 'ask-go'), join(base, 'ask.go')], { env }).status === 0;
}

function isThere(client: string): boolean {
  if (client === 'Go') return hasGo;
  return client.includes('requests') ? hasRequests : has(OTHERS[client]?.program ?? '');
}

async function askOthers(of: { readonly name: string; readonly port: number; readonly root: string }) {
  const said: Record<string, string> = {};
  await Promise.all(
    Object.entries(OTHERS)
      .filter(([client]) => isThere(client))
      .flatMap(([client, { program, args, variable, content }]) =>
        [client, `${client}, alone`].map(async (word) => {
          const env = { PATH: process.env.PATH ?? '', HOME: base, LANG: 'C', GIT_TERMINAL_PROMPT: '0' };
          const told = word === client ? { [variable]: of.root } : {};
          const options = { env: { ...env, ...told }, timeout: 20_000 };
          const failed = await promisify(execFile)(program, [...args(of)], options).then(
            () => '',
            (error: { stdout: string; stderr: string }) => `${error.stderr}${error.stdout}`,
          );
          said[word] = failed === '' || content?.test(failed) === true ? 'accepted' : failed;
        }),
      ),
  );
  return said;
}

type Cases = Readonly<Record<string, readonly [host: string, signer: Signer]>>;

/** What a server shows, by case: the host that is asked for, and its certificate. */
async function casesBy(issuer: Signer): Promise<Cases> {
  const leaf = (host: string, days = 0) => makeLeaf(issuer, { host, now: new Date(Date.now() + days * DAY) });
  const good = await leaf('shop.localhost');
  return {
    good: ['shop.localhost', good],
    example: ['example.com', await leaf('example.com')],
    suffix: ['notlocalhost', await leaf('notlocalhost')],
    mixed: ['example.com', await mixed(issuer)],
    early: ['shop.localhost', await leaf('shop.localhost', 20)],
    expired: ['shop.localhost', await leaf('shop.localhost', -40)],
    bare: ['shop.localhost', { key: good.key, chain: good.chain.split(/(?<=END CERTIFICATE-----)/)[0] ?? '' }],
  };
}

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

  it('makes one authority, however many processes ask for it at once', async () => {
    const fresh = newMachine();
    const asked = await Promise.all(Array.from({ length: 6 }, () => fresh.polyenv(['tls', 'ca'])));
    expect(new Set(asked.map(({ stdout }) => stdout)).size).toBe(1);
    expect(asked[0]?.stdout).toContain('BEGIN CERTIFICATE');
    fresh.remove();
  });

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

describe.skipIf(!has('certutil') || chromiumFile === undefined)('Chromium (it and certutil must be there)', () => {
  it('accepts the good one, and refuses what the authority may not sign, and what is out of its time', async () => {
    const { root, issuer } = await makeAuthority({ now: new Date(), owner: 'test' });
    const home = join(base, 'chromium');
    const store = join(home, '.local/share/pki/nssdb');
    mkdirSync(store, { recursive: true });
    writeFileSync(join(base, 'chromium-root.pem'), root);
    const certutil = (...args: readonly string[]) => execFileSync('certutil', [...args, '-d', `sql:${store}`]);
    certutil('-N', '--empty-password');
    certutil('-A', '-t', 'C,,', '-n', 'x', '-i', join(base, 'chromium-root.pem'));
    const cases: Cases = {
      ...(await casesBy(issuer)),
      all: ['shop.localhost', await makeLeaf(issuer, { host: '*.localhost', now: new Date() })],
    };
    const args = ['--host-resolver-rules=MAP example.com 127.0.0.1, MAP notlocalhost 127.0.0.1'];
    const browser = await openBrowser({ home, args });
    const page = await (await browser.newContext()).newPage();
    const seen: Record<string, string> = {};
    for (const [word, [host, signer]] of Object.entries(cases)) {
      const server = await serve(signer);
      const { port } = server.address() as AddressInfo;
      seen[word] = await page.goto(`https://${host}:${port}/`).then(
        (answer) => String(answer?.status()),
        (error: Error) => /ERR_CERT\w+/.exec(error.message)?.[0] ?? error.message,
      );
      server.close();
    }
    await browser.close();
    const { good: accepted, ...refused } = seen;
    expect(accepted).toBe('200');
    for (const said of Object.values(refused)) expect(said).toMatch(/^ERR_CERT_/);
  }, 60_000);
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

  it.each([
    ['fails', '#!/bin/sh\necho "the database is locked" >&2\nexit 1\n', 'the database is locked'],
    ['is gone', undefined, 'certutil is missing'],
  ])('self uninstall names the list that stays where certutil %s, and how to take it out', async (_, program, said) => {
    const machine = newMachine();
    const store = join(machine.home, NEW);
    expect((await machine.polyenv(['tls', 'trust', '--yes'])).exit).toBe(0);
    // As the real one, but for what changes a list.
    const bin = machine.folder('bin');
    if (program !== undefined)
      writeFileSync(join(bin, 'certutil'), program.replace('\n', '\n[ "$1" = -D ] || exec /usr/bin/certutil "$@"\n'), {
        mode: 0o755,
      });
    const gone = await machine.polyenv(['self', 'uninstall', '--yes'], { env: { PATH: bin } });
    expect(gone).toMatchObject({ exit: 1, stdout: expect.stringContaining(`authority out of ${store}: `) });
    expect(gone.stdout).toContain(said);
    expect(existsSync(machine.polyenvHome)).toBe(false);
    const hint = /^ {2}try {2}(certutil .*)$/m.exec(gone.stdout)?.[1] ?? '';
    execFileSync('/bin/sh', ['-c', hint]);
    expect(execFileSync('certutil', ['-L', '-d', `sql:${store}`]).toString()).not.toContain('polyenv ');
    machine.remove();
  });

  it('self uninstall says nothing of certutil where no list has the authority', async () => {
    const machine = newMachine();
    await machine.polyenv(['tls', 'export', 'root.pem']);
    mkdirSync(join(machine.home, NEW), { recursive: true });
    execFileSync('certutil', ['-N', '--empty-password', '-d', `sql:${join(machine.home, NEW)}`]);
    const gone = await machine.polyenv(['self', 'uninstall', '--yes'], { env: { PATH: '/nowhere' } });
    expect(gone.exit, gone.stderr).toBe(0);
    expect(gone.stdout).not.toContain('authority');
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
