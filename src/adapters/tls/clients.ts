import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../host';
import { type Captured, capture } from '../children/capture';
import type { Home } from '../home/paths';
import { findPrograms } from '../system/programs';

/** What a program of this machine said about a page of the gateway. */
export interface ClientReport {
  readonly client: string;
  readonly file: string;
  /** By itself, as the person has set it up. */
  readonly alone: Seen;
  /** With the variables that a project with names has. */
  readonly inProject: Seen;
}

export interface Seen {
  readonly accepted: boolean;
  /** Why not, in the program's own words. */
  readonly said?: string;
}

export interface Asking {
  readonly host: Host;
  readonly home: Home;
  /** The gateway's own name: it always answers there. */
  readonly name: string;
  readonly port: number;
  readonly variables: Readonly<Record<string, string>>;
}

interface Client {
  readonly name: string;
  readonly program: string;
  /** Exits with 0 only if the certificate was accepted for the name. */
  arguments(asking: Asking, folder: string): Promise<readonly string[]> | readonly string[];
}

/** Names below .localhost are unknown to most programs: each is told the address, and asks for the name. */
const CLIENTS: readonly Client[] = [
  {
    name: 'curl',
    program: 'curl',
    arguments: ({ name, port }) => [
      '-sS',
      '-o',
      '/dev/null',
      '--resolve',
      `${name}:${port}:127.0.0.1`,
      `https://${name}:${port}/`,
    ],
  },
  {
    name: 'OpenSSL',
    program: 'openssl',
    arguments: ({ name, port }) => [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      name,
      '-verify_hostname',
      name,
      '-verify_return_error',
      '-brief',
    ],
  },
  {
    name: 'Node.js',
    program: 'node',
    arguments: ({ name, port }) => [
      '-e',
      `const socket = require('node:tls').connect({ host: '127.0.0.1', port: ${port}, servername: ${JSON.stringify(name)} });
socket.on('secureConnect', () => socket.destroy()).on('error', (error) => { throw error; });`,
    ],
  },
  {
    name: 'Python',
    program: 'python3',
    arguments: ({ name, port }) => [
      '-c',
      `import socket, ssl, sys
try: ssl.create_default_context().wrap_socket(socket.create_connection(('127.0.0.1', ${port}), 5), server_hostname=${JSON.stringify(name)})
except Exception as error: sys.exit(str(error))`,
    ],
  },
  {
    name: 'Java',
    program: 'java',
    arguments: async ({ name, port }, folder) => {
      const file = join(folder, 'Ask.java');
      await writeFile(
        file,
        `import javax.net.ssl.*; import java.net.*;
public class Ask { public static void main(String[] a) throws Exception {
  Socket plain = new Socket("127.0.0.1", ${port});
  SSLSocket s = (SSLSocket) ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(plain, ${JSON.stringify(name)}, ${port}, true);
  SSLParameters p = s.getSSLParameters(); p.setEndpointIdentificationAlgorithm("HTTPS"); s.setSSLParameters(p);
  try { s.startHandshake(); } catch (SSLException e) { System.err.println(e.getMessage()); System.exit(1); } } }
`,
      );
      return [file];
    },
  },
];

/** Asks each program that is on the person's PATH, by itself and as a project would. */
export async function askClients(asking: Asking): Promise<readonly ClientReport[]> {
  const { host, home } = asking;
  const folder = await mkdtemp(join(host.temporary, 'polyenv-tls-'));
  try {
    const found = CLIENTS.flatMap((client) => {
      const [file] = findPrograms(host, home, client.program);
      return file === undefined ? [] : [{ client, file }];
    });
    return await Promise.all(
      found.map(async ({ client, file }) => {
        const args = await client.arguments(asking, folder);
        const ask = async (more: Readonly<Record<string, string>>) =>
          seenOf(await capture({ file, args, env: { ...host.env, ...more }, cwd: folder }, 20_000));
        const given = Object.fromEntries(
          Object.entries(asking.variables).filter(([name]) => (host.env[name] ?? '') === ''),
        );
        return { client: client.name, file, alone: await ask({}), inProject: await ask(given) };
      }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function seenOf({ exit, stderr, stdout }: Captured): Seen {
  if (exit === 0) return { accepted: true };
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
  const telling =
    lines.find((line) => /^Error: |verif|certificate|PKIX|trust|SSL/i.test(line)) ?? lines[0] ?? `exit ${exit}`;
  return { accepted: false, said: telling.trim().slice(0, 200) };
}
