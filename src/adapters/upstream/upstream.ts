import { join } from 'node:path';
import type { Settings } from '../../domain/project/settings';
import type { Locator, Proof, Url } from '../../domain/runtime/artifact';
import { formatDigest } from '../../domain/runtime/digest';
import { parseLocator } from '../../domain/runtime/locator';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { Upstream } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import type { Host } from '../../host';
import { readArchiveMember } from '../archives/archive-member';
import { parseToml } from '../documents/toml';
import type { Home } from '../home/paths';
import type { DirectHttp, Http } from '../net/http';
import type { Mirrors, Target } from '../net/mirrors';
import { hashArchive } from './archive-digest';
import { cacheKey, readCacheEntry, writeCacheEntry } from './cache-entry';
import { openChecksumDatabase } from './checksum-database';
import { goVariables, readGoConfig } from './go-config';
import { openGoProxy } from './go-proxy';
import { decodeJson, decodeText, type Indexes, openIndexes, SMALL_FILE } from './indexes';
import { readMavenConfig } from './maven-config';
import { openMavenRepository } from './maven-repository';
import { readNpmConfig } from './npm-config';
import { openNpmRegistry } from './npm-registry';
import { judgePackage } from './npm-signature';
import { readPipConfig } from './pip-config';
import { openPypiIndex } from './pypi-index';
import { proveArchive, type SignedArchive } from './signed-archive';
import { readSignedText } from './signed-text';

export interface UpstreamOptions {
  readonly host: Host;
  readonly home: Home;
  readonly settings: Settings;
  readonly http: Http | DirectHttp;
  readonly mirrors: Mirrors;
  readonly platform: PlatformKey;
  readonly emit: Emit;
}

export interface OpenUpstream extends Upstream {
  /** Where a part is really fetched, with the headers that it needs: mirrors and registries as configured. */
  locate(at: Url | Locator): Promise<Target>;
  /** Whether a pinned key signed an archive itself, which lies in `file` and has the digest that was promised. */
  proveArchive(archive: SignedArchive, beside?: Beside): Promise<Proof | undefined>;
  /** A small file at its official place, a signature or a key; `undefined` where there is none. */
  beside(url: Url): Promise<Uint8Array | undefined>;
  /** Variables by which the go command fetches from the same places. */
  goVariables(): Promise<Readonly<Record<string, string>>>;
  /** For fetching what `locate` names: reads mirrors that are folders, and names no secret in its errors. */
  readonly http: Http | DirectHttp;
}

/** Configurations of registries' clients are read at first use. */
export function openUpstream(options: UpstreamOptions): OpenUpstream {
  const { host, home, settings, mirrors, platform, emit } = options;
  const said = new Set<string>();
  const emitOnce: Emit = (event) => {
    const text = JSON.stringify(event);
    if (!said.has(text)) emit(event);
    said.add(text);
  };
  const http = mirrors.through(options.http);
  const indexes = openIndexes({ host, home, settings, http, mirrors, emit });
  const npm = openNpmRegistry({
    indexes,
    mirrors,
    judge: judgePackage,
    config: once(async () => {
      const config = await readNpmConfig({ host, home, settings });
      for (const text of config.warnings) emit({ type: 'warning', text });
      if (config.cafile !== undefined && 'believe' in options.http) options.http.believe(config.cafile);
      return config;
    }),
  });
  const goConfig = once(() => readGoConfig({ host, home, settings }));
  const goproxy = openGoProxy({
    indexes,
    mirrors,
    config: goConfig,
    database: (read) => openChecksumDatabase({ home, read }),
  });
  const maven = openMavenRepository({
    indexes,
    mirrors,
    config: once(() => readMavenConfig({ host, home, settings })),
  });

  const pypi = openPypiIndex({
    indexes,
    mirrors,
    config: once(async () => {
      const config = await readPipConfig({ host, home, settings });
      if (config.cafile !== undefined && 'believe' in options.http) options.http.believe(config.cafile);
      return config;
    }),
  });

  const optionalText = (url: Url): Promise<string | undefined> =>
    indexes.read({ name: url, url, decode: decodeText, optional: true });

  const locate = async (at: Url | Locator): Promise<Target> => {
    const found = parseLocator(at);
    if (found === undefined) return mirrors.rewrite(at);
    if (found.registry === 'npm') return npm.locate(found.name, found.version);
    if (found.registry === 'goproxy') return goproxy.locate(found.module, found.version);
    if (found.registry === 'pypi') return pypi.locate(found.name, found.file);
    const { group, artifact, version, classifier, extension } = found;
    const file = `${[artifact, version, ...(classifier === undefined ? [] : [classifier])].join('-')}.${extension}`;
    return maven.locate({ group, artifact, version, file });
  };

  return {
    platform,
    get now() {
      return host.now();
    },
    json: async (url, decode) =>
      present(
        url,
        await indexes.read({ name: url, url, headers: ACCEPT_JSON, decode: (bytes) => decode(decodeJson(bytes)) }),
      ),
    text: async (url) => present(url, await indexes.read({ name: url, url, decode: decodeText })),
    optionalText,
    signedText: async (url, signatureUrl, keys) =>
      present(url, await readSignedText({ url, signatureUrl, keys }, { home, settings, indexes, emit: emitOnce })),
    signedToml: async (url, signatureUrl, keys, decode) => {
      const { text, proof } = present(
        url,
        await readSignedText({ url, signatureUrl, keys }, { home, settings, indexes, emit: emitOnce }),
      );
      try {
        return { value: decode(parseToml(text, url, { code: 'upstream-malformed', limit: MAX_TOML }).value), proof };
      } catch (error) {
        if (!(error instanceof PolyenvError) || error.code !== 'upstream-malformed') throw error;
        const reason = `${url} cannot be read: ${error.message}`;
        throw new PolyenvError('upstream-malformed', reason, { elsewhere: true, cause: error });
      }
    },
    npm,
    goproxy,
    maven,
    pypi,
    hashed: async (url) => {
      const limit = settings.archiveLimit * 2 ** 20;
      const { offline } = settings;
      return hashArchive({ http, cache: home.cache, url, target: mirrors.rewrite(url), limit, offline, now: host.now });
    },
    member: async (part, recipe, path) => {
      if (recipe.format !== 'tar.gz' || recipe.nested !== undefined) return undefined;
      const name = `${part.at}#${path}`;
      const key = cacheKey(`${name} of ${formatDigest(part.digest)}`);
      const file = join(home.cache, `${key}.member`);
      const kept = await readCacheEntry(file, key);
      if (kept !== undefined) return Buffer.from(kept.bytes).toString('utf8');
      if (settings.offline) {
        throw new PolyenvError('offline', `${name} is not in polyenv's cache, and the network is switched off`, {
          hint: 'run it once without --offline',
          elsewhere: true,
        });
      }
      const text = await readArchiveMember({ http, ...(await locate(part.at)), name: part.at, path });
      if (text === undefined) return undefined;
      await writeCacheEntry({ file, key, name, bytes: Buffer.from(text), validators: {}, when: host.now() });
      return text;
    },
    locate,
    beside: (url) => indexes.read({ name: url, url, decode: (bytes) => bytes, optional: true, limit: SMALL_FILE }),
    goVariables: async () => goVariables(await goConfig()),
    proveArchive: (archive, beside) =>
      proveArchive(archive, { home, settings, indexes: withBeside(indexes, beside), emit: emitOnce }),
    http,
  };
}

/** Where else a small file may be had: a signature or a key, which prove themselves. `undefined` where it is not there. */
export type Beside = (url: Url) => Promise<Uint8Array | undefined>;

/** What is asked for anew is asked of its publisher: the copy beside may be the bad one. */
function withBeside(indexes: Indexes, beside: Beside | undefined): Indexes {
  if (beside === undefined) return indexes;
  return {
    read: async (ask) => {
      const bytes = ask.age === 'anew' ? undefined : await beside(ask.url);
      return bytes === undefined ? indexes.read(ask) : ask.decode(bytes);
    },
  };
}

/** Characters: Rust's manifests have a million. */
const MAX_TOML = 16 * 1024 * 1024;

const ACCEPT_JSON = { accept: 'application/json' };

/** `http-status` 404: the server answers, so that no other source is tried for it. */
function present<T>(url: Url, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new PolyenvError('http-status', `${url} does not exist (404)`, {
    hint: 'polyenv settings get mirrors: a mirror may not carry it',
    status: 404,
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
