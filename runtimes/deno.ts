import {
  commandsIn,
  githubSource,
  npmPackages,
  npmScheme,
  type PlatformKey,
  polyglotManagers,
  type Runtime,
  setVariable,
} from '../src/kit';

const TRIPLES: Readonly<Partial<Record<PlatformKey, string>>> = {
  'linux-x64': 'x86_64-unknown-linux-gnu',
  'linux-arm64': 'aarch64-unknown-linux-gnu',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'windows-x64': 'x86_64-pc-windows-msvc',
};

/** Deno: https://deno.com. */
export const runtime: Runtime = {
  id: 'deno',
  title: 'Deno',
  homepage: 'https://deno.com',
  license: 'MIT',
  scheme: npmScheme,
  commands: ['deno'],
  pins: [],
  sources: [
    githubSource({
      repository: 'denoland/deno',
      scheme: npmScheme,
      version: (tag) => npmScheme.version(tag.replace(/^v/, '')),
      tag: (version) => `v${version}`,
      file: (_version, platform) => {
        const triple = TRIPLES[platform];
        return triple === undefined ? undefined : `deno-${triple}.zip`;
      },
      recipe: (_version, platform) => ({
        format: 'zip',
        root: '',
        executables: [platform.startsWith('windows') ? 'deno.exe' : 'deno'],
      }),
      sums: (_version, file) => `${file}.sha256sum`,
    }),
    npmPackages({
      scheme: npmScheme,
      names: {
        'linux-x64': ['@deno/linux-x64-glibc'],
        'linux-arm64': ['@deno/linux-arm64-glibc'],
        'darwin-x64': ['@deno/darwin-x64'],
        'darwin-arm64': ['@deno/darwin-arm64'],
        'windows-x64': ['@deno/win32-x64'],
      },
      executables: (platform) => [platform.startsWith('windows') ? 'deno.exe' : 'deno'],
    }),
  ],
  layout: (tree, { home, personHome, isolation, env }) => {
    const cache = isolation === 'strict' ? `${home}/cache` : env.DENO_DIR || `${personHome}/.cache/deno`;
    return {
      commands: commandsIn(tree, '', /^deno$/),
      variables: [
        setVariable('DENO_INSTALL_ROOT', home),
        setVariable('DENO_NO_UPDATE_CHECK', '1'),
        ...(isolation === 'strict' ? [setVariable('DENO_DIR', cache)] : []),
      ],
      bins: [`${home}/bin`],
      homes: [`${home}/bin`],
      installs: [{ command: 'deno', words: ['install', 'uninstall'], flags: ['-g', '--global'] }],
      shared: isolation === 'strict' ? [] : [cache],
    };
  },
  probe: { command: 'deno', args: ['--version'], version: (output) => /^deno (\d+\.\d+\.\S+)/m.exec(output)?.[1] },
  discover: polyglotManagers({ mise: 'deno', asdf: 'deno' }),
  advice: { releaseNotes: (version) => `https://github.com/denoland/deno/releases/tag/v${version}` },
};
