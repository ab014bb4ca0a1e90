import { malformed } from '../../domain/formats/decoders';
import type { Digest } from '../../domain/runtime/digest';
import { parseDigest } from '../../domain/runtime/digest';
import { escapeGoPath, isGoModule, isGoVersion } from '../../domain/runtime/locator';
import type { GoProxy } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Mirrors, Target } from '../net/mirrors';
import { userHeaders, withoutUser } from '../net/url';
import type { ChecksumDatabase, DatabaseReader } from './checksum-database';
import { DATABASE, type GoConfig, type GoProxyStep } from './go-config';
import { type Ask, decodeText, type Indexes } from './indexes';
import { sendTo } from './npm-registry';

export interface GoClient extends GoProxy {
  /** Where a module's zip is fetched: the proxy of the list that has the version. */
  locate(module: string, version: string): Promise<Target>;
}

export interface GoOptions {
  readonly indexes: Indexes;
  readonly mirrors: Mirrors;
  readonly config: () => Promise<GoConfig>;
  readonly database: (base: DatabaseReader) => ChecksumDatabase;
}

export function openGoProxy({ indexes, mirrors, config, database }: GoOptions): GoClient {
  /** The proxy of the list that answered for a module's version. */
  const served = new Map<string, GoProxyStep>();
  let reader: Promise<DatabaseReader> | undefined;
  let opened: ChecksumDatabase | undefined;

  return { versions, has, digest, locate };

  async function versions(module: string): Promise<readonly string[]> {
    const text = await readFirst({
      name: `goproxy:${module}`,
      path: `/${modulePath(module)}/@v/list`,
      decode: decodeText,
    });
    const lines = (text?.value ?? '').split('\n').map((line) => line.trim().split(/\s+/)[0] ?? '');
    return lines.filter(isGoVersion);
  }

  async function has(module: string, version: string): Promise<boolean> {
    return (await findVersion(module, version)) !== undefined;
  }

  /** A proxy that refuses (403, as some companies' do for what they have not let in) does not have it. */
  async function findVersion(module: string, version: string): Promise<GoProxyStep | undefined> {
    const name = `goproxy:${module}@${checkedVersion(version)}`;
    const known = served.get(name);
    if (known !== undefined) return known;
    try {
      const path = `/${modulePath(module)}/@v/${escapeGoPath(version)}.info`;
      const found = await readFirst({ name, path, decode: (bytes) => checkInfo(bytes, version) });
      if (found !== undefined) served.set(name, found.step);
      return found?.step;
    } catch (error) {
      if (error instanceof PolyenvError && error.code === 'http-status' && error.status === 403) return undefined;
      throw error;
    }
  }

  async function digest(module: string, version: string): ReturnType<GoProxy['digest']> {
    const record = {
      module,
      version: checkedVersion(version),
      path: `/lookup/${modulePath(module)}@${escapeGoPath(version)}`,
    };
    reader ??= findDatabase();
    reader.catch(() => {
      reader = undefined;
    });
    opened ??= database(await reader);
    const hash = await opened.lookup(record);
    const found: Digest | undefined = hash === undefined ? undefined : parseDigest(hash);
    if (hash !== undefined && found?.kind !== 'h1')
      throw malformed(`the checksum database's record of ${module}@${version} has no h1 hash`);
    return found === undefined ? undefined : { digest: found, proof: { kind: 'transparency', by: DATABASE } };
  }

  async function locate(module: string, version: string): Promise<Target> {
    const { proxies, missing } = await config();
    const only = proxies.length === 1 ? proxies[0] : undefined;
    if (missing !== undefined) throw missing;
    const step = only ?? (await findVersion(module, version));
    if (step === undefined) {
      throw new PolyenvError('http-status', `no configured Go module proxy has ${module}@${version}`, {
        hint: 'go env GOPROXY shows which ones are asked',
        status: 404,
      });
    }
    return sendTo(
      mirrors,
      below(step, `/${modulePath(module)}/@v/${escapeGoPath(checkedVersion(version))}.zip`),
      userHeaders(step.url),
    );
  }

  /** The first proxy's answer, by the list's own rule of when the next one is asked. */
  async function readFirst<T>(ask: {
    readonly name: string;
    readonly path: string;
    readonly decode: (bytes: Uint8Array) => T;
  }): Promise<{ readonly value: T; readonly step: GoProxyStep } | undefined> {
    const { proxies, missing } = await config();
    if (missing !== undefined) throw missing;
    for (const [index, step] of proxies.entries()) {
      try {
        const value = await indexes.read(askOf(step, ask));
        if (value !== undefined) return { value, step };
      } catch (error) {
        const last = index === proxies.length - 1;
        if (step.falls !== 'any' || last) throw error;
      }
    }
    return undefined;
  }

  function askOf<T>(
    step: GoProxyStep,
    ask: { readonly name: string; readonly path: string; readonly decode: (bytes: Uint8Array) => T },
  ): Ask<T> {
    mirrors.concealment.hideBase(step.url);
    return {
      name: ask.name,
      url: withoutUser(below(step, ask.path)),
      headers: userHeaders(step.url),
      decode: ask.decode,
    };
  }

  /** Through the first proxy that says that it carries the database, else the database itself. */
  async function findDatabase(): Promise<DatabaseReader> {
    const { proxies, database: address } = await config();
    for (const step of proxies) {
      const base = `/sumdb/${DATABASE}`;
      const supported = await indexes
        .read(
          askOf(step, { name: `${DATABASE} through a module proxy`, path: `${base}/supported`, decode: () => true }),
        )
        .catch(() => undefined);
      if (supported !== true) continue;
      return (path, age) =>
        indexes.read({
          ...askOf(step, { name: `${DATABASE}${path}`, path: `${base}${path}`, decode: keepBytes }),
          ...present({ age }),
        });
    }
    const direct = address ?? `https://${DATABASE}`;
    return (path, age) =>
      indexes.read({
        name: `${DATABASE}${path}`,
        url: `${direct}${path}`,
        decode: keepBytes,
        ...present({ age }),
      });
  }
}

function modulePath(module: string): string {
  if (!isGoModule(module)) throw new PolyenvError('path-refused', `${JSON.stringify(module)} is no Go module`);
  return escapeGoPath(module);
}

function checkedVersion(version: string): string {
  if (!isGoVersion(version))
    throw new PolyenvError('path-refused', `${JSON.stringify(version)} is no version of a Go module`);
  return version;
}

function below(step: GoProxyStep, path: string): URL {
  const url = new URL(step.url);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  return url;
}

/** `{"Version": "v1.2.3", ...}`: a proxy that answers anything with a page of its own does not have the version. */
function checkInfo(bytes: Uint8Array, version: string): true {
  const text = decodeText(bytes);
  if (!text.includes(JSON.stringify(version))) throw malformed(`it does not say that it is ${version}`);
  return true;
}

function keepBytes(bytes: Uint8Array): Uint8Array {
  return bytes;
}
