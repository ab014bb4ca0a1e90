import {
  asArraySkipping,
  asMatching,
  asObject,
  asRecordSkipping,
  asString,
  optional,
} from '../../domain/formats/decoders';
import { integrityDigest } from '../../domain/runtime/digest';
import { isNpmName, parseLocator } from '../../domain/runtime/locator';
import type { NpmRegistry, PackageVersion } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Mirrors, Target } from '../net/mirrors';
import { userHeaders, withoutUser } from '../net/url';
import { decodeJson, type Indexes } from './indexes';
import type { NpmConfig } from './npm-config';
import type { SignedPackage } from './npm-signature';

export interface NpmClient extends NpmRegistry {
  /** Where a package's archive is fetched, without asking the registry. */
  locate(name: string, version: string): Promise<Target>;
}

/** The id of the key that signed a version, or `undefined` where none is by a known key. Throws `signature-invalid`. */
export type PackageJudge = (signed: SignedPackage) => string | undefined;

export interface NpmOptions {
  readonly indexes: Indexes;
  readonly mirrors: Mirrors;
  readonly config: () => Promise<NpmConfig>;
  readonly judge: PackageJudge;
}

/** https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
export function openNpmRegistry({ indexes, mirrors, config, judge }: NpmOptions): NpmClient {
  /** Archives that packuments of this run named, by `NAME@VERSION`. */
  const tarballs = new Map<string, URL>();

  return {
    packument: async (name, form) => {
      if (!isNpmName(name)) throw new PolyenvError('path-refused', `${JSON.stringify(name)} is no npm package`);
      const npm = await config();
      const registry = npm.registryFor(name);
      mirrors.concealment.hideBase(registry);
      const url = new URL(name.replace('/', '%2f'), registry);
      const accept =
        form === 'brief' ? 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8' : 'application/json';
      const found = await indexes.read({
        name: `npm:${name}`,
        url: withoutUser(url),
        headers: { accept, ...authorization(npm, url) },
        decode: (bytes) => decodePackument(decodeJson(bytes)),
      });
      if (found === undefined) return undefined;
      const versions = Object.values(found.versions).flatMap((raw) => {
        if (raw.name !== name || parseLocator(`npm:${name}@${raw.version}`) === undefined) return [];
        const archive = archiveUrl(raw, { registry, usual: npm.usual });
        if (archive !== undefined) tarballs.set(`${name}@${raw.version}`, archive);
        return [readVersion(raw, { judge, published: found.time?.[raw.version] })];
      });
      return {
        versions: Object.fromEntries(versions.map((version) => [version.version, version])),
        tags: found['dist-tags'] ?? {},
        time: found.time ?? {},
      };
    },
    locate: async (name, version) => {
      const npm = await config();
      const registry = npm.registryFor(name);
      mirrors.concealment.hideBase(registry);
      const file = `${name.split('/').at(-1)}-${version}.tgz`;
      const url = tarballs.get(`${name}@${version}`) ?? new URL(`${name}/-/${file}`, registry);
      return sendTo(mirrors, url, authorization(npm, url, registry));
    },
  };
}

/** The target after mirrors; credentials go along only to the host for which they were configured. */
export function sendTo(mirrors: Mirrors, url: URL, headers: Readonly<Record<string, string>>): Target {
  const target = mirrors.rewrite(withoutUser(url));
  const moved = new URL(target.url).host !== url.host;
  return { url: target.url, headers: moved ? target.headers : { ...target.headers, ...headers } };
}

const decodeVersion = asObject({
  name: asString,
  version: asString,
  engines: optional(asRecordSkipping(asString)),
  dist: asObject({
    integrity: optional(asString),
    tarball: optional(asString),
    signatures: optional(
      asArraySkipping(asObject({ keyid: asString, sig: asMatching(/^[A-Za-z0-9+/=]+$/, 'base64') })),
    ),
  }),
});

type RawVersion = ReturnType<typeof decodeVersion>;

const decodePackument = asObject({
  versions: asRecordSkipping(decodeVersion),
  'dist-tags': optional(asRecordSkipping(asString)),
  time: optional(asRecordSkipping(asString)),
});

function readVersion(
  { name, version, engines, dist }: RawVersion,
  { judge, published }: { readonly judge: PackageJudge; readonly published: string | undefined },
): PackageVersion {
  const { integrity = '', signatures } = dist;
  const digest = integrityDigest(integrity);
  // Signatures are judged when the version is looked at, not for the hundreds that nobody asked for.
  let proof: PackageVersion['proof'] | undefined;
  return {
    name,
    version,
    engines: engines ?? {},
    ...present({ digest }),
    get proof() {
      proof ??= prove();
      return proof;
    },
  };

  function prove(): PackageVersion['proof'] {
    const when = new Date(published ?? Number.NaN);
    const known = Number.isNaN(when.getTime()) ? {} : { published: when };
    const key = signatures === undefined ? undefined : judge({ name, version, integrity, signatures, ...known });
    return key === undefined ? { kind: 'digest', by: 'npm' } : { kind: 'registry-signature', by: key };
  }
}

/**
 * The archive's URL if it stands on the registry, or on npm's default one, which is then read as on this registry (npm's
 * `replace-registry-host`). Any other place is not believed: the registry's usual path is taken instead.
 */
function archiveUrl(raw: RawVersion, at: { readonly registry: URL; readonly usual: URL }): URL | undefined {
  const text = raw.dist.tarball;
  if (text === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  if (url.host === at.registry.host) {
    // A registry behind a proxy that ends TLS may name itself with http.
    url.protocol = at.registry.protocol;
    return url;
  }
  if (url.host !== at.usual.host) return undefined;
  return new URL(url.pathname.replace(/^\/+/, ''), at.registry);
}

function authorization(npm: NpmConfig, url: URL, registry: URL = url): Record<string, string> {
  if (url.host !== registry.host) return {};
  const own = userHeaders(registry);
  return own.authorization === undefined ? npm.headersFor(url) : own;
}
