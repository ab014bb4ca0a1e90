import { createHash } from 'node:crypto';
import { createMessage, generateKey, readPrivateKey, sign } from 'openpgp';
import { openHttp } from '../../src/adapters/net/http';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { type OpenUpstream, openUpstream } from '../../src/adapters/upstream/upstream';
import type { Runtime } from '../../src/domain/runtime/runtime';
import { tarGz } from './archives';
import { type LoopbackServer, type Person, serveLoopback, settingsWith } from './network-fixture';
import type { Package, Published } from './published';

export interface UpstreamServer extends LoopbackServer {
  /** The setting by which every official site is this server. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** The key that signs here, for the setting of further keys. */
  readonly fingerprint: string;
  /** Of the npm registry. */
  readonly registry: string;
}

/** Serves what is published as the official sites do, each below its host's name, signed where those sign; and as an npm registry. */
export async function serveUpstreams(all: readonly Published[]): Promise<UpstreamServer> {
  const signer = await newSigner();
  const contents = new Map<string, Buffer>();
  const hosts = new Set<string>();
  const put = (url: string, content: string | Buffer): void => {
    const { host, pathname, search } = new URL(url);
    hosts.add(host);
    contents.set(`/${host}${pathname}${search}`, Buffer.from(content));
  };
  for (const { files, signatures = {}, material } of all) {
    for (const [url, content] of Object.entries(files)) put(url, content);
    for (const [url, signature] of Object.entries(signatures)) put(signature, await signer.sign(files[url] ?? ''));
    if (material !== undefined) put(material(signer.fingerprint), signer.material);
  }
  const packages = new Map(all.flatMap(({ npm = {} }) => Object.entries(npm)));
  const server = await serveLoopback((path, headers) => {
    const host = `http://${headers.host}`;
    const body = path.startsWith('/npm/')
      ? npmAnswer(packages, path.slice('/npm/'.length), `${host}/npm`)
      : contents.get(path);
    return body === undefined ? undefined : { body };
  });
  return {
    ...server,
    fingerprint: signer.fingerprint,
    registry: `${server.url}/npm/`,
    mirrors: Object.fromEntries([...hosts].map((host) => [`https://${host}`, `${server.url}/${host}`])),
  };
}

/** The real upstream of a person whose mirrors make every official site this server. */
export function openUpstreamAt(
  server: UpstreamServer,
  by: { readonly person: Person; readonly runtimes: readonly Runtime[]; readonly verifyKeys: readonly string[] },
): OpenUpstream {
  const { host, home } = by.person;
  const settings = settingsWith({ mirrors: server.mirrors, verifyKeys: by.verifyKeys, networkRetries: 0 });
  const sources = by.runtimes.flatMap((runtime) => runtime.sources);
  const mirrors = openMirrors({ settings, env: host.env, sources });
  const http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
  return openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit: () => undefined });
}

function npmAnswer(
  packages: ReadonlyMap<string, Readonly<Record<string, Package>>>,
  path: string,
  base: string,
): Buffer | undefined {
  const [whole = '', file] = path.split('/-/');
  const name = decodeURIComponent(whole);
  const versions = packages.get(name);
  if (versions === undefined) return undefined;
  if (file === undefined) return Buffer.from(JSON.stringify(packument(name, versions, base)));
  const found = versions[file.slice(bareName(name).length + 1, -'.tgz'.length)];
  return found === undefined ? undefined : tarGz(found.members);
}

/** Without its scope: so archives are called. */
function bareName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function packument(name: string, versions: Readonly<Record<string, Package>>, base: string): object {
  const entries = Object.entries(versions).map(([version, { members, engines }]) => {
    const integrity = `sha512-${createHash('sha512').update(tarGz(members)).digest('base64')}`;
    const tarball = `${base}/${name}/-/${bareName(name)}-${version}.tgz`;
    return [version, { name, version, engines, dist: { integrity, tarball } }];
  });
  const times = Object.entries(versions).flatMap(([version, { time }]) =>
    time === undefined ? [] : [[version, time]],
  );
  return { name, 'dist-tags': {}, versions: Object.fromEntries(entries), time: Object.fromEntries(times) };
}

async function newSigner(): Promise<{
  readonly fingerprint: string;
  readonly material: string;
  sign(content: string | Buffer): Promise<Buffer>;
}> {
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'test', email: 'test@signer.test' }] });
  const key = await readPrivateKey({ armoredKey: privateKey });
  return {
    fingerprint: key.getFingerprint().toUpperCase(),
    material: publicKey,
    sign: async (content) => {
      const message = await createMessage({ binary: Buffer.from(content) });
      return Buffer.from(await sign({ message, signingKeys: key, detached: true, format: 'binary' }));
    },
  };
}
