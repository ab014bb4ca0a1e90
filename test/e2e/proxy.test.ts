import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificates, openssl } from '../support/certificates';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

/** What is shipped behind a company's proxy: the bundled client, a site behind TLS, an authority of one's own. */
describe.skipIf(!openssl)('through a proxy (needs openssl)', () => {
  let site: TinyNode;
  let tls: TlsServer;
  let proxy: Server;
  let keys: string;
  let tunnels: string[];
  let machine: Machine;

  beforeAll(async () => {
    keys = mkdtempSync(join(tmpdir(), 'polyenv-tls-'));
    makeCertificates(keys);
    site = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(site.mirrors)?.[1]);
    const [key, cert] = ['good.key', 'good.pem'].map((name) => readFileSync(join(keys, name)));
    tls = createTlsServer({ key, cert }, (socket) => joinSockets(socket, connect(port, '127.0.0.1')));
    proxy = createServer((_, response) => response.writeHead(400).end());
    proxy.on('connect', (request, socket: Socket) => {
      tunnels.push(request.url ?? '');
      const up = connect(portOf(tls), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        joinSockets(socket, up);
      });
    });
    await Promise.all([tls, proxy].map((one) => new Promise<void>((ready) => one.listen(0, '127.0.0.1', ready))));
  });
  afterAll(async () => {
    await site.close();
    for (const one of [tls, proxy]) one.close();
    discard(keys);
  });

  beforeEach(() => {
    tunnels = [];
    machine = newMachine({
      POLYENV_MIRRORS: site.mirrors.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'https://localhost:4443'),
      POLYENV_VERIFY_SIGNATURES: 'off',
      POLYENV_NETWORK_RETRIES: '0',
      SSL_CERT_FILE: join(keys, 'ca.pem'),
      HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`,
      NO_PROXY: '127.0.0.1',
    });
  });
  afterEach(() => machine.remove());

  it('a version is found, downloaded and run', async () => {
    const cwd = machine.folder('project');
    const used = await machine.polyenv(['use', 'node@20'], { cwd });
    expect(used, used.stderr).toMatchObject({ exit: 0 });
    expect((await machine.run(['node', '--version'], { cwd })).stdout).toBe('v20.11.1\n');
    expect(new Set(tunnels)).toEqual(new Set(['localhost:4443']));
  });

  it('nothing is believed of a site whose authority is not known', async () => {
    const ran = await machine.polyenv(['use', 'node@20'], { env: { SSL_CERT_FILE: undefined } });
    expect(ran).toMatchObject({ exit: 5 });
    expect(ran.stderr).toContain('certificate');
  });
});

function portOf(server: Server | TlsServer): number {
  return (server.address() as AddressInfo).port;
}

function joinSockets(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
}
