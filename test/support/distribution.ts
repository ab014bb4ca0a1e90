import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';

/** How a real registry is set up. */
export interface DistributionSetup {
  /** The program. */
  readonly file: string;
  readonly major: 2 | 3;
  /** A folder of its own: data and configuration. */
  readonly folder: string;
  readonly auth?: 'htpasswd' | 'token';
  /** A folder with what `makeCertificates` made. */
  readonly certificates?: string;
}

/** CNCF distribution on loopback, which can be killed and started again on its port. */
export interface Distribution {
  readonly origin: string;
  readonly host: string;
  start(): Promise<void>;
  /** As `kill -9` does. */
  kill(): Promise<void>;
  /** Takes away what nothing names, untagged manifests too. The registry must stand still. */
  collectGarbage(): void;
  close(): Promise<void>;
}

/** Of the user `ci` in every registry here. */
export const PASSWORD = 's3cret-of-ci';
const HTPASSWD = 'ci:$2a$05$NpRWsV.tHDo9TNR0W5IOA.ztd/5DtSpUUwx/AUJdJXEbXSxbV0PKW\n';

export async function openDistribution(setup: DistributionSetup): Promise<Distribution> {
  const { file, folder, auth, certificates } = setup;
  mkdirSync(join(folder, 'data'), { recursive: true });
  const port = await freePort();
  const tokens = auth === 'token' ? await openTokenServer(certificates ?? '') : undefined;
  const config = join(folder, 'config.yml');
  writeFileSync(join(folder, 'htpasswd'), HTPASSWD);
  writeFileSync(config, JSON.stringify(configOf(setup, { port, realm: tokens?.realm ?? '' })));
  const name = certificates === undefined ? '127.0.0.1' : 'localhost';
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((done) => running.once('exit', done));
    running.kill('SIGKILL');
    await ended;
  };
  const start = async (): Promise<void> => {
    child = spawn(file, ['serve', config], {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' },
    });
    await answering(port);
  };
  await start();
  return {
    origin: `${certificates === undefined ? 'http' : 'https'}://${name}:${port}`,
    host: `${name}:${port}`,
    start,
    kill,
    collectGarbage: () => void execFileSync(file, ['garbage-collect', '--delete-untagged', config], { stdio: 'pipe' }),
    close: async () => {
      await kill();
      await tokens?.close();
    },
  };
}

/** YAML is a superset of JSON. */
function configOf(
  { folder, auth, certificates }: DistributionSetup,
  at: { readonly port: number; readonly realm: string },
): object {
  const tls = { certificate: join(certificates ?? '', 'good.pem'), key: join(certificates ?? '', 'good.key') };
  return {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${at.port}`, ...(certificates !== undefined && { tls }) },
    ...(auth === 'htpasswd' && { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } }),
    ...(auth === 'token' && {
      auth: {
        token: {
          realm: at.realm,
          service: 'test-registry',
          issuer: 'test-issuer',
          rootcertbundle: join(certificates ?? '', 'good.pem'),
        },
      },
    }),
  };
}

/** Gives tokens as https://distribution.github.io/distribution/spec/auth/jwt/ has them, for exactly what is asked for. */
async function openTokenServer(certificates: string): Promise<{ readonly realm: string; close(): Promise<void> }> {
  const [cert, key] = [readFileSync(join(certificates, 'good.pem')), readFileSync(join(certificates, 'good.key'))];
  const server = createTlsServer({ cert, key }, (request, response) => {
    const expected = `Basic ${Buffer.from(`ci:${PASSWORD}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      response.writeHead(401).end();
      return;
    }
    const url = new URL(request.url ?? '', 'https://localhost');
    const access = url.searchParams.getAll('scope').map((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':');
      return { type, name, actions: actions.split(',') };
    });
    response.end(JSON.stringify({ token: tokenFor(access, { cert, key }) }));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    realm: `https://localhost:${port}/token`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function tokenFor(access: readonly object[], { cert, key }: { readonly cert: Buffer; readonly key: Buffer }): string {
  const certificate = cert.toString().replace(/-----[^-]+-----|\s/g, '');
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
  const claims = {
    iss: 'test-issuer',
    sub: 'ci',
    aud: 'test-registry',
    exp: now + 300,
    nbf: now - 10,
    iat: now - 10,
    jti: createHash('sha256').update(String(Math.random())).digest('hex'),
    access,
  };
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = sign('sha256', Buffer.from(parts.join('.')), {
    key: createPrivateKey(key),
    dsaEncoding: 'ieee-p1363',
  });
  return [...parts, signature.toString('base64url')].join('.');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((answer) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        answer(true);
      });
      socket.on('error', () => answer(false));
    });
    if (open) return;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error('the registry did not start');
}
