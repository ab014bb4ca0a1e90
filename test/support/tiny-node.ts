import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tarGz } from './archives';

/** A loopback server with the exact layout of nodejs.org, whose archives hold scripts that print what they are. */
export interface TinyNode {
  /** For POLYENV_MIRRORS. */
  readonly mirrors: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** What is served at a path instead. */
  readonly instead: Map<string, (body: Buffer) => Buffer | number>;
  close(): Promise<void>;
}

const FILES = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

export interface TinyRelease {
  readonly version: string;
  readonly lts?: string;
  /** Bytes that no format makes smaller, so that the toolchain fills a file system. */
  readonly filler?: number;
}

export async function serveTinyNode(releases: readonly TinyRelease[]): Promise<TinyNode> {
  const bodies = new Map<string, Buffer>();
  bodies.set(
    '/dist/index.json',
    Buffer.from(
      JSON.stringify(
        releases.map(({ version, lts }) => ({
          version: `v${version}`,
          date: '2026-01-01',
          files: ['linux-x64', 'linux-arm64', 'osx-x64-tar', 'osx-arm64-tar'],
          npm: '10.0.0',
          lts: lts ?? false,
          security: false,
        })),
      ),
    ),
  );
  for (const { version, filler = 0 } of releases) {
    const sums: string[] = [];
    for (const platform of FILES) {
      const name = `node-v${version}-${platform}`;
      const body = tarGz(nodeTree(name, version, filler));
      bodies.set(`/dist/v${version}/${name}.tar.gz`, body);
      sums.push(`${createHash('sha256').update(body).digest('hex')}  ${name}.tar.gz\n`);
    }
    bodies.set(`/dist/v${version}/SHASUMS256.txt`, Buffer.from(sums.join('')));
  }
  const asked: string[] = [];
  const instead: TinyNode['instead'] = new Map();
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const body = bodies.get(path);
    const changed = body === undefined ? 404 : (instead.get(path)?.(body) ?? body);
    if (typeof changed === 'number') response.writeHead(changed).end();
    else response.writeHead(200, { 'content-length': changed.length, etag: '"1"' }).end(changed);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    mirrors: `https://nodejs.org/dist=${base}/dist https://unofficial-builds.nodejs.org=${base}/unofficial`,
    asked,
    instead,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

/** The environment of a person for whom such a server is the official site. */
export function siteOf(server: Pick<TinyNode, 'mirrors'>): Record<string, string> {
  return { POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off', POLYENV_NETWORK_RETRIES: '0' };
}

function nodeTree(name: string, version: string, filler: number) {
  const script = `#!/bin/sh
case $1 in
--version) echo v${version} ;;
env) env ;;
args) shift; echo "$#"; for a in "$@"; do printf '[%s]\\n' "$a"; done ;;
exit) exit "$2" ;;
pid) echo $$ ;;
*) echo "tiny-node ${version}" ;;
esac
`;
  const npm = `#!/bin/sh
case "$1 $2" in
"install -g") mkdir -p "$npm_config_prefix/bin" && printf '#!/bin/sh\\necho installed-%s\\n' "$3" >"$npm_config_prefix/bin/$3" && chmod +x "$npm_config_prefix/bin/$3" ;;
*) echo npm-${version} ;;
esac
`;
  return [
    { name: `${name}/`, type: '5', mode: 0o755 },
    { name: `${name}/bin/`, type: '5', mode: 0o755 },
    { name: `${name}/bin/node`, mode: 0o755, content: script },
    { name: `${name}/lib/node_modules/npm/bin/npm-cli.js`, mode: 0o755, content: npm },
    { name: `${name}/bin/npm`, type: '2', target: '../lib/node_modules/npm/bin/npm-cli.js' },
    { name: `${name}/LICENSE`, mode: 0o644, content: filler === 0 ? 'tiny' : randomBytes(filler) },
  ];
}
