import { newestFirst } from '../versions/releases';
import type { VersionScheme } from '../versions/scheme';
import { goScheme } from '../versions/schemes/go';
import type { Version } from '../versions/version';
import type { Artifact, Part } from './artifact';
import { formatLocator, parseLocator } from './locator';
import { PLATFORMS, type PlatformKey } from './platform';
import type { Source, Upstream } from './runtime';

/** A program written in Go whose source is a module. */
export interface GoProgram {
  readonly module: string;
  /** Below the module: `cmd/versitygw`; absent for the module's own. */
  readonly folder?: string;
  /** What the command is called. */
  readonly program: string;
  readonly scheme: VersionScheme;
  /** Variables of the program that its makers set when they build it, by their full names. */
  variables?(version: Version): Readonly<Record<string, string>>;
}

/**
 * Built on this machine by the Go that the lock names too, both proved by Go's checksum database, as is all that the program
 * uses. Go builds the same bytes from the same source, wherever it stands: https://go.dev/blog/rebuild
 */
export function goSource({ module, folder, program, scheme, variables }: GoProgram): Source {
  return {
    id: 'goproxy',
    publisher: 'nobody: it is built here from its source',
    releases: async (upstream) => {
      const listed = await upstream.goproxy.versions(module);
      const versions = listed
        .flatMap((text) => scheme.version(text) ?? [])
        .filter((version) => listed.includes(`v${version}`));
      return newestFirst(
        scheme,
        versions.map((version) => ({ version, prerelease: scheme.prerelease(version) })),
      );
    },
    artifacts: async (upstream, { version }) => {
      const proved = await upstream.goproxy.digest(module, `v${version}`);
      const go = await newestGo(upstream);
      if (proved === undefined || go === undefined) return [];
      const source: Part = { at: formatLocator({ registry: 'goproxy', module, version: `v${version}` }), ...proved };
      const found = await Promise.all(
        BUILT_ON.map(async (platform): Promise<readonly Artifact[]> => {
          const toolchain = toolchainVersion(go, platform);
          const digest = await upstream.goproxy.digest(TOOLCHAIN, toolchain);
          if (digest === undefined) return [];
          const at = formatLocator({ registry: 'goproxy', module: TOOLCHAIN, version: toolchain });
          return [{ platform, parts: [source, { at, ...digest }] }];
        }),
      );
      return found.flat();
    },
    owns: ({ version, platform, at }) => {
      const found = parseLocator(at);
      if (found?.registry !== 'goproxy' || formatLocator(found) !== at || !BUILT_ON.includes(platform))
        return undefined;
      if (found.module === module && found.version === `v${version}`) {
        const path = folder === undefined ? module : `${module}/${folder}`;
        const build = { module, version: found.version, package: path, program, variables: variables?.(version) ?? {} };
        return { format: 'zip', root: '', build };
      }
      const go = goVersionIn(found.version);
      return found.module === TOOLCHAIN && go !== undefined && found.version === toolchainVersion(go, platform)
        ? { format: 'zip', root: '', tool: { runtime: 'go', source: 'goproxy', version: go } }
        : undefined;
    },
  };
}

const TOOLCHAIN = 'golang.org/toolchain';

/** On Windows no server is run. */
const BUILT_ON = PLATFORMS.filter((platform) => !platform.startsWith('windows'));

/** Go's names of systems, by ours: its programs serve glibc and musl. */
const TARGETS: Readonly<Partial<Record<PlatformKey, string>>> = {
  'linux-x64': 'linux-amd64',
  'linux-arm64': 'linux-arm64',
  'linux-x64-musl': 'linux-amd64',
  'linux-arm64-musl': 'linux-arm64',
  'darwin-x64': 'darwin-amd64',
  'darwin-arm64': 'darwin-arm64',
};

function toolchainVersion(go: Version, platform: PlatformKey): string {
  return `v0.0.1-go${go}.${TARGETS[platform]}`;
}

function goVersionIn(text: string): Version | undefined {
  const [, spelt = ''] = /^v0\.0\.1-(go\d+\.\d+\.\d+)\.[a-z0-9]+-[a-z0-9]+$/.exec(text) ?? [];
  return goScheme.version(spelt);
}

/** The newest release that the proxy lists for this machine. */
async function newestGo(upstream: Upstream): Promise<Version | undefined> {
  const listed = await upstream.goproxy.versions(TOOLCHAIN);
  const known = listed.flatMap((text) => {
    const go = goVersionIn(text);
    return go !== undefined && text === toolchainVersion(go, upstream.platform) ? [go] : [];
  });
  return [...known].sort((a, b) => goScheme.compare(b, a))[0];
}
