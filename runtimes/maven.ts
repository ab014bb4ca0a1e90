import {
  commandsIn,
  endOfLifeOf,
  formatLocator,
  homebrew,
  leadingNumbers,
  lifecycleFrom,
  namedIn,
  newestFirst,
  npmScheme,
  PLATFORMS,
  polyglotManagers,
  type Runtime,
  type Source,
  sdkmanCandidate,
  setVariable,
  unsetVariable,
  type Version,
} from '../src/kit';

const GROUP = 'org.apache.maven';
const ARTIFACT = 'apache-maven';

/** The person's own Maven repository, which has Maven itself, with a digest beside each archive. One archive serves every platform. */
const repository: Source = {
  id: 'maven',
  releases: async (upstream) => {
    const versions = await upstream.maven.versions(GROUP, ARTIFACT);
    const known = versions
      .flatMap((text) => npmScheme.version(text) ?? [])
      .filter((version) => versions.includes(version));
    const notes = HISTORY;
    return newestFirst(
      npmScheme,
      known.map((version) => ({ version, prerelease: npmScheme.prerelease(version), notes })),
    );
  },
  artifacts: async (upstream, { version }) => {
    const digest = await upstream.maven.digest(GROUP, ARTIFACT, version, `${ARTIFACT}-${version}-bin.tar.gz`);
    if (digest === undefined) return [];
    const proof = { kind: 'digest', by: 'maven' } as const;
    return PLATFORMS.map((platform) => ({ platform, parts: [{ at: locatorOf(version), digest, proof }] }));
  },
  owns: ({ version, at }) =>
    at === locatorOf(version) ? { format: 'tar.gz', root: `${ARTIFACT}-${version}` } : undefined,
};

function locatorOf(version: Version): string {
  return formatLocator({
    registry: 'maven',
    group: GROUP,
    artifact: ARTIFACT,
    version,
    classifier: 'bin',
    extension: 'tar.gz',
  });
}

/** Apache Maven: a build tool that follows the project's Java by its `JAVA_HOME`. Versions of two numbers (3.0) are not offered. */
const HISTORY = 'https://maven.apache.org/docs/history.html';

export const runtime: Runtime = {
  id: 'maven',
  title: 'Apache Maven',
  homepage: 'https://maven.apache.org',
  aliases: ['mvn'],
  scheme: npmScheme,
  commands: ['mvn'],
  pins: [sdkmanCandidate('maven')],
  follows: ['java'],
  sources: [repository],
  layout: (tree, { toolchain }) => ({
    commands: commandsIn(tree, 'bin', /^mvn(?:Debug|yjp|enc|sh|up)?$/),
    variables: [setVariable('MAVEN_HOME', toolchain), unsetVariable('M2_HOME')],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: {
    command: 'mvn',
    args: ['--version'],
    version: (output) => /Apache Maven (\d[0-9A-Za-z.-]*)/.exec(output)?.[1],
  },
  discover: [
    {
      manager: 'SDKMAN',
      folders: ({ env, personHome }) => [`${env.SDKMAN_DIR || `${personHome}/.sdkman`}/candidates/maven/*`],
      choice: namedIn(({ env, personHome }) => `${env.SDKMAN_DIR || `${personHome}/.sdkman`}/candidates/maven/current`),
    },
    ...polyglotManagers({ mise: 'maven', asdf: 'maven' }),
    homebrew('maven*', '/libexec'),
    { manager: 'system', folders: () => ['/usr/share/maven', '/opt/maven', '/opt/apache-maven*'] },
  ],
  advice: {
    releaseNotes: () => HISTORY,
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, 2),
      `3.9; 3.8 ..2025-06-14; 3.6 ..2021-03-30; 3.5 ..2018-10-24; 3.3 ..2017-04-03; 3.2 ..2015-03-13; 3.1 ..2014-02-14
      3.0 ..2013-06-28`,
      endOfLifeOf('apache-maven'),
    ),
  },
};
