import {
  commandsIn,
  githubSource,
  npmScheme,
  polyglotManagers,
  type Runtime,
  setVariable,
  TARGET_TRIPLES,
  wheelSource,
} from '../src/kit';

/** uv: https://docs.astral.sh/uv. It uses the project's own Python, which polyenv has installed, and never fetches another. */
export const runtime: Runtime = {
  id: 'uv',
  title: 'uv',
  homepage: 'https://docs.astral.sh/uv',
  license: 'Apache-2.0 OR MIT',
  scheme: npmScheme,
  commands: ['uv', 'uvx'],
  pins: [],
  sources: [
    githubSource({
      repository: 'astral-sh/uv',
      scheme: npmScheme,
      version: (tag) => npmScheme.version(tag),
      tag: (version) => version,
      file: (_version, platform) =>
        `uv-${TARGET_TRIPLES[platform]}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`,
      recipe: (_version, platform) =>
        platform.startsWith('windows')
          ? { format: 'zip', root: '', place: 'bin' }
          : { format: 'tar.gz', root: `uv-${TARGET_TRIPLES[platform]}`, place: 'bin' },
      sums: (_version, file) => `${file}.sha256`,
    }),
    wheelSource({
      project: 'uv',
      publisher: 'Astral',
      scheme: npmScheme,
      version: (text) => npmScheme.version(text),
      recipe: ({ version }) => ({
        format: 'zip',
        root: `uv-${version}.data/scripts`,
        place: 'bin',
        executables: ['*'],
      }),
    }),
  ],
  layout: (tree, { home, isolation }) => ({
    commands: commandsIn(tree, 'bin', /^uvx?$/),
    variables: [
      setVariable('UV_PYTHON_DOWNLOADS', 'never'),
      setVariable('UV_TOOL_DIR', `${home}/tools`),
      setVariable('UV_TOOL_BIN_DIR', `${home}/bin`),
      { op: 'append', name: 'PATH', value: `${home}/bin` },
      ...(isolation === 'strict' ? [setVariable('UV_CACHE_DIR', `${home}/cache`)] : []),
    ],
    bins: [`${home}/bin`],
    homes: [`${home}/bin`, `${home}/tools`],
    installs: [{ command: 'uv', words: ['tool'], flags: [] }],
  }),
  probe: { command: 'uv', args: ['--version'], version: (output) => /^uv (\d+\.\d+\.\d+\S*)/m.exec(output)?.[1] },
  discover: polyglotManagers({ mise: 'uv', asdf: 'uv' }),
  advice: { releaseNotes: (version) => `https://github.com/astral-sh/uv/releases/tag/${version}` },
};
