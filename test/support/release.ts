import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeArchives } from '../../scripts/release/archives';
import { installScript } from '../../scripts/release/installer';
import { obtainNodes } from '../../scripts/release/node';
import { makePackage } from '../../scripts/release/package';
import { signSums, writeSums } from '../../scripts/release/sums';
import { writeTar } from '../../scripts/release/tar';
import { discard } from './discard';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const TEST_KEY_FILE = join(root, 'scripts/release/test-key.asc');
const TIME = new Date('2026-11-29T00:00:00Z');

export interface Releases {
  /** Laid out as a server has them. */
  readonly folder: string;
  readonly version: string;
  readonly platform: string;
  /** The same polyenv under another version, and in other things as `change` makes it. */
  add(version: string, change?: (tree: string) => void, keyFile?: string): Promise<void>;
  /** Signs the list anew after a file was changed. */
  sign(version: string, keyFile?: string): Promise<void>;
  remove(): void;
}

/** A release of what is built, without its maps, whose Node is a script that starts the Node of the tests: small, and otherwise the real thing. */
export async function makeReleases(): Promise<Releases> {
  const base = mkdtempSync(join(tmpdir(), 'polyenv-releases-'));
  const [folder, work] = [join(base, 'served'), join(base, 'work')];
  mkdirSync(work);
  const program = join(base, 'node');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const platform = `${process.platform}-${process.arch}`;
  const into = join(folder, version);
  mkdirSync(into, { recursive: true });
  const tree = await makePackage({ root, work, folder: into, version, time: TIME });
  // They are most of the bytes, and packing and unpacking those most of the time.
  for (const name of readdirSync(join(tree, 'dist')).filter((one) => one.endsWith('.map')))
    rmSync(join(tree, 'dist', name));
  const { platforms: nodes } = await obtainNodes({ root, work, program, platforms: [platform] });
  const [archive] = await makeArchives({ tree, platforms: nodes, folder: into, work, version, time: TIME });
  const sign = async (which: string, keyFile = TEST_KEY_FILE): Promise<void> => {
    writeSums(join(folder, which));
    await signSums({ folder: join(folder, which), key: keyFile, time: TIME });
  };
  await sign(version);
  writeFileSync(join(folder, 'latest'), `${version}\n`);
  writeFileSync(join(folder, 'install.sh'), await installScript(root, 'https://polyenv.invalid/releases'));
  return {
    folder,
    version,
    platform,
    sign,
    add: async (other, change = () => undefined, keyFile = TEST_KEY_FILE) => {
      const name = `polyenv-${other}-${platform}`;
      const made = join(work, 'archives', name);
      cpSync(archive?.tree ?? '', made, { recursive: true });
      for (const file of [
        'package.json',
        ...readdirSync(join(made, 'dist'))
          .filter((one) => one.endsWith('.cjs'))
          .map((one) => `dist/${one}`),
      ]) {
        const path = join(made, file);
        const mode = file === 'dist/polyenv.cjs' ? 0o755 : 0o644;
        writeFileSync(path, readFileSync(path, 'latin1').replaceAll(version, other), 'latin1');
        chmodSync(path, mode);
      }
      change(made);
      mkdirSync(join(folder, other), { recursive: true });
      await writeTar({
        file: join(folder, other, `${name}.tar.gz`),
        cwd: join(work, 'archives'),
        folder: name,
        time: TIME,
        compress: 'gzip',
      });
      await sign(other, keyFile);
      discard(made);
    },
    remove: () => discard(base),
  };
}

export interface ReleaseServer {
  readonly url: string;
  /** What is answered at a path instead of the file. */
  readonly instead: Map<string, (body: Buffer) => Buffer | number>;
  close(): Promise<void>;
}

export async function serveReleases(folder: string): Promise<ReleaseServer> {
  const instead: ReleaseServer['instead'] = new Map();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    let body: Buffer;
    try {
      body = readFileSync(join(folder, path));
    } catch {
      response.writeHead(404).end();
      return;
    }
    const answer = instead.get(path)?.(body) ?? body;
    if (typeof answer === 'number') response.writeHead(answer).end();
    // A cut download: the promised length is that of the whole.
    else if (answer.length < body.length)
      response.writeHead(200, { 'content-length': body.length }).write(answer, () => response.destroy());
    else response.writeHead(200, { 'content-length': answer.length }).end(answer);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    instead,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
