import { createHash } from 'node:crypto';
import { parse } from 'smol-toml';
import { parseLocator } from '../../src/domain/runtime/locator';
import type { PlatformKey } from '../../src/domain/runtime/platform';
import type { Packument, Upstream } from '../../src/domain/runtime/runtime';
import { readWheelName } from '../../src/domain/runtime/wheel';
import { PolyenvError } from '../../src/domain/words/errors';
import { tarGz } from './archives';
import { type Package, type Published, sha256 } from './published';

export interface FakeUpstream extends Upstream {
  /** What was asked for: URLs, `npm:NAME`, `goproxy:MODULE@VERSION`. */
  readonly asked: readonly string[];
}

/** An upstream in memory, all of whose signatures hold. URLs whose host is in `dead` cannot be reached. */
export function fakeUpstream(
  published: Pick<Published, 'files' | 'npm' | 'goproxy' | 'modules' | 'maven' | 'pypi'>,
  options: { readonly platform?: PlatformKey; readonly dead?: readonly string[] } = {},
): FakeUpstream {
  const { files, npm = {}, goproxy, modules = [], maven = {}, pypi = {} } = published;
  const moduleOf = (name: string) =>
    [...(goproxy === undefined ? [] : [goproxy]), ...modules].find(({ module }) => module === name);
  const asked: string[] = [];
  const textOf = async (url: string): Promise<string | undefined> => {
    asked.push(url);
    const { host } = new URL(url);
    if (options.dead?.includes(host))
      throw new PolyenvError('network', `${host} cannot be reached`, { elsewhere: true });
    return files[url]?.toString();
  };
  const text = async (url: string): Promise<string> => {
    const found = await textOf(url);
    if (found === undefined) throw new PolyenvError('http-status', `${url} does not exist (404)`, { status: 404 });
    return found;
  };
  const signed = async (url: string, keys: { readonly fingerprints: readonly string[] }) => ({
    text: await text(url),
    proof: { kind: 'signature' as const, by: keys.fingerprints[0] ?? '' },
  });
  return {
    asked,
    platform: options.platform ?? 'linux-x64',
    now: new Date('2026-09-01T12:00:00Z'),
    json: async (url, decode) => decode(readable(JSON.parse, await text(url))),
    text,
    optionalText: textOf,
    signedText: (url, _signature, keys) => signed(url, keys),
    signedToml: async (url, _signature, keys, decode) => {
      const { text: toml, proof } = await signed(url, keys);
      return { value: decode(readable(parse, toml)), proof };
    },
    npm: {
      packument: async (name) => {
        asked.push(`npm:${name}`);
        const versions = npm[name];
        return versions === undefined ? undefined : packumentOf(name, versions);
      },
    },
    goproxy: {
      versions: async (module) => moduleOf(module)?.listed ?? [],
      has: async (module, version) => {
        asked.push(`goproxy:${module}@${version}`);
        return version in (moduleOf(module)?.versions ?? {});
      },
      digest: async (module, version) => {
        const value = moduleOf(module)?.versions[version];
        if (value === undefined) return undefined;
        return { digest: { kind: 'h1', value }, proof: { kind: 'transparency', by: 'sum.golang.org' } };
      },
    },
    maven: {
      versions: async (group, artifact) => Object.keys(maven[`${group}:${artifact}`] ?? {}),
      digest: async (group, artifact, version) => {
        const value = maven[`${group}:${artifact}`]?.[version];
        return value === undefined ? undefined : { kind: 'sha512', value };
      },
    },
    pypi: {
      wheels: async (name) =>
        Object.entries(pypi[name] ?? {}).flatMap(([file, content]) => {
          const named = readWheelName(file, name);
          const digest = { kind: 'sha256', value: sha256(content) } as const;
          return named === undefined ? [] : [{ file, ...named, digest, size: content.length }];
        }),
    },
    hashed: async (url) => {
      asked.push(url);
      const content = files[url];
      if (content === undefined) return undefined;
      return { digest: { kind: 'sha256', value: sha256(content) }, size: content.length };
    },
    member: async (part, _recipe, path) => {
      asked.push(`${part.at}#${path}`);
      const found = parseLocator(part.at);
      if (found?.registry !== 'npm') return undefined;
      return npm[found.name]?.[found.version]?.members.find((member) => member.name === path)?.content?.toString();
    },
  };
}

function packumentOf(name: string, versions: Readonly<Record<string, Package>>): Packument {
  const entries = Object.entries(versions);
  return {
    versions: Object.fromEntries(
      entries.map(([version, { members, engines = {} }]) => {
        const value = createHash('sha512').update(tarGz(members)).digest('hex');
        const proof = { kind: 'digest', by: 'npm' } as const;
        return [version, { name, version, engines, digest: { kind: 'sha512', value } as const, proof }];
      }),
    ),
    tags: {},
    time: Object.fromEntries(entries.flatMap(([version, { time }]) => (time === undefined ? [] : [[version, time]]))),
  };
}

/** What no parser takes is refused as the real one refuses it. */
function readable(read: (text: string) => unknown, text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    throw new PolyenvError('upstream-malformed', 'the answer cannot be read', { cause: error });
  }
}
