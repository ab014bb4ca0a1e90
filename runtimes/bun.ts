import {
  commandsIn,
  githubSource,
  npmPackages,
  npmScheme,
  type PlatformKey,
  packageChecksum,
  packageManagerPin,
  polyglotManagers,
  type Runtime,
  setVariable,
} from '../src/kit';

const FILES: Readonly<Record<PlatformKey, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-aarch64',
  'linux-x64-musl': 'linux-x64-musl',
  'linux-arm64-musl': 'linux-aarch64-musl',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-aarch64',
  'windows-x64': 'windows-x64',
  'windows-arm64': 'windows-aarch64',
};

/** Bun: https://bun.sh. A program of its own for each platform, published by the project on the npm registry as well. */
export const runtime: Runtime = {
  id: 'bun',
  title: 'Bun',
  homepage: 'https://bun.sh',
  license: 'MIT',
  scheme: npmScheme,
  options: [packageChecksum],
  commands: ['bun', 'bunx'],
  pins: [packageManagerPin('bun')],
  sources: [
    githubSource({
      repository: 'oven-sh/bun',
      scheme: npmScheme,
      version: (tag) => npmScheme.version(tag.replace(/^bun-v/, '')),
      tag: (version) => `bun-v${version}`,
      file: (_version, platform) => `bun-${FILES[platform]}.zip`,
      recipe: (_version, platform) => ({
        format: 'zip',
        root: `bun-${FILES[platform]}`,
        place: 'bin',
        executables: ['*'],
      }),
      sums: () => 'SHASUMS256.txt',
    }),
    npmPackages({
      scheme: npmScheme,
      names: {
        'linux-x64': ['@oven/bun-linux-x64'],
        'linux-arm64': ['@oven/bun-linux-aarch64'],
        'linux-x64-musl': ['@oven/bun-linux-x64-musl'],
        'linux-arm64-musl': ['@oven/bun-linux-aarch64-musl'],
        'darwin-x64': ['@oven/bun-darwin-x64'],
        'darwin-arm64': ['@oven/bun-darwin-aarch64'],
        'windows-x64': ['@oven/bun-windows-x64'],
      },
      executables: () => ['bin/*'],
    }),
  ],
  layout: (tree, { home, personHome, isolation, env }) => {
    const commands = commandsIn(tree, 'bin', /^bunx?$/);
    const cache =
      isolation === 'strict' ? `${home}/cache` : env.BUN_INSTALL_CACHE_DIR || `${personHome}/.bun/install/cache`;
    return {
      commands,
      variables: [
        setVariable('BUN_INSTALL', home),
        setVariable('BUN_INSTALL_CACHE_DIR', cache),
        // It looks for its folder there.
        { op: 'append', name: 'PATH', value: `${home}/bin` },
      ],
      bins: [`${home}/bin`],
      homes: [`${home}/bin`],
      installs: [
        { command: 'bun', words: ['add', 'install', 'i', 'remove', 'rm', 'update'], flags: ['-g', '--global'] },
      ],
      shared: isolation === 'strict' ? [] : [cache],
    };
  },
  probe: { command: 'bun', args: ['--version'], version: (output) => /^(\d+\.\d+\.\S+)/m.exec(output)?.[1] },
  discover: polyglotManagers({ mise: 'bun', asdf: 'bun' }),
  advice: { releaseNotes: (version) => `https://bun.sh/blog/bun-v${version}` },
};
