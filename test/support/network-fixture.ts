import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Home, homeOf } from '../../src/adapters/home/paths';
import { SETTINGS, type Settings } from '../../src/domain/project/settings';
import type { Host } from '../../src/host';
import { discard } from './discard';

/** polyenv's defaults with some settings changed. */
export function settingsWith(changes: Partial<Settings> = {}): Settings {
  const defaults = Object.fromEntries(SETTINGS.map((setting) => [setting.key, setting.fallback]));
  return { ...(defaults as unknown as Settings), ...changes };
}

export interface Person {
  readonly folder: string;
  readonly host: Host;
  readonly home: Home;
  write(path: string, text: string): string;
  remove(): void;
}

/** A person with an empty home folder of their own, no PATH but what is given, and a clock that the test sets. */
export function newPerson(
  env: Readonly<Record<string, string>> = {},
  clock: { now: Date } = { now: new Date() },
): Person {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-person-')));
  const host: Host = {
    argv: [],
    env: { HOME: folder, PATH: '', ...env },
    cwd: folder,
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    now: () => clock.now,
    pid: process.pid,
    uid: process.getuid?.(),
    node: process.execPath,
    nodeVersion: process.versions.node,
    program: join(folder, 'polyenv.cjs'),
    os: 'linux',
    arch: 'x64',
    memory: () => 0,
    glibc: () => undefined,
    personHome: folder,
    loginShell: () => undefined,
    hostname: 'test',
    cores: 2,
    temporary: tmpdir(),
    execve: undefined,
    beforeProgram: [],
    rawArguments: () => undefined,
    handOver: undefined,
    onSignal: () => () => undefined,
    signalGroup: () => false,
    signalProcess: () => false,
  };
  return {
    folder,
    host,
    home: homeOf(host),
    write: (path, text) => {
      const file = resolve(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    remove: () => discard(folder),
  };
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface LoopbackServer {
  readonly url: string;
  /** `GET /path` and the headers of every request, in order. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  close(): Promise<void>;
}

/** Answers what `reply` says for a path, and 404 where it says nothing. */
export async function serveLoopback(
  reply: (path: string, headers: IncomingMessage['headers']) => Answer | undefined,
): Promise<LoopbackServer> {
  const requests: LoopbackServer['requests'] = [];
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const path = incoming.url ?? '';
    requests.push({ path, headers: incoming.headers });
    const { status = 200, headers = {}, body = '' } = reply(path, incoming.headers) ?? { status: 404 };
    outgoing.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
