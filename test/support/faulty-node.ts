import { type FaultServer, openFaultServer } from './fault-server';
import { serveTinyNode, type TinyRelease } from './tiny-node';

/** The official site's layout on a server whose every answer can be made to fail. */
export interface FaultyNode {
  readonly server: FaultServer;
  readonly mirrors: string;
  /** What is served at a path while nothing is wrong. */
  body(path: string): Buffer;
  /** How often a path was asked for. */
  asked(path: string): number;
  archive(version: string): string;
  close(): Promise<void>;
}

export async function serveFaultyNode(releases: readonly TinyRelease[]): Promise<FaultyNode> {
  const tiny = await serveTinyNode(releases);
  const origin = /=(http:\/\/127\.0\.0\.1:\d+)\/dist/.exec(tiny.mirrors)?.[1] ?? '';
  const server = await openFaultServer();
  const bodies = new Map<string, Buffer>();
  const archive = (version: string): string => `/dist/v${version}/node-v${version}-linux-${process.arch}.tar.gz`;
  const paths = [
    '/dist/index.json',
    ...releases.flatMap(({ version }) => [`/dist/v${version}/SHASUMS256.txt`, archive(version)]),
  ];
  for (const path of paths) {
    const body = Buffer.from(await (await fetch(`${origin}${path}`)).arrayBuffer());
    bodies.set(path, body);
    server.set(path, { body, headers: { etag: '"1"' }, ranges: true });
  }
  await tiny.close();
  return {
    server,
    mirrors: tiny.mirrors.replaceAll(origin, server.origin),
    body: (path) => bodies.get(path) ?? Buffer.alloc(0),
    asked: (path) => server.requests.filter((request) => request.path === path).length,
    archive,
    close: () => server.close(),
  };
}
