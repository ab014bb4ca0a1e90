import {
  type Artifact,
  asArraySkipping,
  asBoolean,
  asMatching,
  asObject,
  asString,
  commandsIn,
  gradleWrapper,
  hexDigest,
  homebrew,
  namedIn,
  newestFirst,
  optional,
  PLATFORMS,
  type PublishedFile,
  pep440Scheme,
  polyglotManagers,
  type Runtime,
  type Source,
  sdkmanCandidate,
  setVariable,
  type Version,
} from '../src/kit';

const DISTRIBUTIONS = 'https://services.gradle.org/distributions';

const decodeVersions = asArraySkipping(
  asObject({
    version: asMatching(/^\d+(?:\.\d+)+(?:-rc-\d+)?$/, 'a version'),
    buildTime: asMatching(/^\d{14}/, 'a time'),
    broken: asBoolean,
    snapshot: asBoolean,
    nightly: asBoolean,
    checksum: optional(asString),
    wrapperChecksum: optional(asMatching(/^[0-9a-f]{64}$/, 'a sha256')),
  }),
);

/** `9.0rc1` is `9.0-rc-1` there. */
function ownSpelling(version: Version): string {
  return version.replace(/rc(\d+)$/, '-rc-$1');
}

function archiveOf(version: Version): string {
  return `${DISTRIBUTIONS}/gradle-${ownSpelling(version)}-bin.zip`;
}

/** https://services.gradle.org/versions/all: every release with the sha256 of its archive, which serves every platform. */
const official: Source = {
  id: 'services.gradle.org',
  releases: async (upstream) => {
    const listed = await upstream.json('https://services.gradle.org/versions/all', decodeVersions);
    return newestFirst(
      pep440Scheme,
      listed
        .filter(({ broken, snapshot, nightly }) => !broken && !snapshot && !nightly)
        .flatMap(({ version: text, buildTime }) => {
          const version = pep440Scheme.version(text);
          if (version === undefined || ownSpelling(version) !== text) return [];
          const date = `${buildTime.slice(0, 4)}-${buildTime.slice(4, 6)}-${buildTime.slice(6, 8)}`;
          return [{ version, date, prerelease: pep440Scheme.prerelease(version), notes: notesOf(version) }];
        }),
    );
  },
  artifacts: async (upstream, { version }) => {
    const listed = await upstream.json('https://services.gradle.org/versions/all', decodeVersions);
    const found = listed.find((one) => one.version === ownSpelling(version));
    const digest = hexDigest('sha256', found?.checksum ?? '');
    if (digest === undefined) return [];
    const proof = { kind: 'digest', by: 'services.gradle.org' } as const;
    return PLATFORMS.map((platform): Artifact => ({ platform, parts: [{ at: archiveOf(version), digest, proof }] }));
  },
  owns: ({ version, at }) =>
    at === archiveOf(version)
      ? { format: 'zip', root: `gradle-${ownSpelling(version)}`, executables: ['bin/gradle'] }
      : undefined,
};

/**
 * The program by which a project starts without Gradle: it must be one of Gradle's own
 * (https://docs.gradle.org/current/userguide/gradle_wrapper.html#wrapper_checksum_verification).
 */
const wrapperJar: PublishedFile = {
  file: 'gradle/wrapper/gradle-wrapper.jar',
  sha256: async (upstream) => {
    const listed = await upstream.json('https://services.gradle.org/versions/all', decodeVersions);
    return listed.flatMap(({ wrapperChecksum }) => wrapperChecksum ?? []);
  },
  remake: 'rm gradle/wrapper/gradle-wrapper.jar; polyenv exec gradle@latest -- gradle wrapper',
};

function notesOf(version: Version): string {
  return `https://docs.gradle.org/${ownSpelling(version)}/release-notes.html`;
}

/** The Gradle from which on it runs on each Java: https://docs.gradle.org/current/userguide/compatibility.html#java_runtime */
const NEWEST_JAVA: readonly (readonly [gradle: string, java: number])[] = [
  ['9.4', 26],
  ['9.1', 25],
  ['8.14', 24],
  ['8.10', 23],
  ['8.8', 22],
  ['8.5', 21],
  ['8.3', 20],
  ['7.6', 19],
  ['7.5', 18],
  ['7.3', 17],
  ['7.0', 16],
  ['6.7', 15],
  ['6.3', 14],
  ['6.0', 13],
  ['5.4', 12],
  ['5.0', 11],
  ['4.7', 10],
  ['4.3', 9],
  ['2.0', 8],
];

function runsOn(version: Version): { readonly tool: string; readonly least: number; readonly most?: number } {
  const least = reaches(version, '9.0') ? 17 : 8;
  const row = NEWEST_JAVA.find(([gradle]) => reaches(version, gradle));
  // What a Gradle that is newer than the table runs on is not known.
  return row === undefined || row === NEWEST_JAVA[0] ? { tool: 'java', least } : { tool: 'java', least, most: row[1] };
}

function reaches(version: Version, other: string): boolean {
  return pep440Scheme.compare(version, other as Version) >= 0;
}

/** Gradle: a build tool that follows the project's Java by its `JAVA_HOME`. Versions are written as `8.10`, which is a release, and `8.10.2`. */
export const runtime: Runtime = {
  id: 'gradle',
  title: 'Gradle',
  homepage: 'https://gradle.org',
  license: 'Apache-2.0',
  scheme: pep440Scheme,
  follows: ['java'],
  commands: ['gradle'],
  // SDKMAN's `8.10` is that release, as the wrapper's is.
  pins: [gradleWrapper, sdkmanCandidate('gradle', (text) => (/^\d/.test(text) ? `==${text}` : text))],
  sources: [official],
  layout: (tree, { toolchain, home, isolation }) => ({
    commands: commandsIn(tree, 'bin', /^gradle$/),
    variables: [
      setVariable('GRADLE_HOME', toolchain),
      ...(isolation === 'strict' ? [setVariable('GRADLE_USER_HOME', `${home}/user`)] : []),
    ],
    bins: [],
    homes: isolation === 'strict' ? [`${home}/user`] : [],
    installs: [],
  }),
  probe: {
    command: 'gradle',
    args: ['--version'],
    version: (output) => pep440Scheme.version(/^Gradle (\d\S*)/m.exec(output)?.[1] ?? ''),
  },
  discover: [
    {
      manager: "Gradle's wrapper",
      folders: ({ env, personHome }) => [
        `${env.GRADLE_USER_HOME || `${personHome}/.gradle`}/wrapper/dists/*/*/gradle-*`,
      ],
    },
    {
      manager: 'SDKMAN',
      folders: ({ env, personHome }) => [`${env.SDKMAN_DIR || `${personHome}/.sdkman`}/candidates/gradle/*`],
      choice: namedIn(
        ({ env, personHome }) => `${env.SDKMAN_DIR || `${personHome}/.sdkman`}/candidates/gradle/current`,
      ),
    },
    ...polyglotManagers({ mise: 'gradle', asdf: 'gradle' }),
    homebrew('gradle*', '/libexec'),
    { manager: 'system', folders: () => ['/usr/share/gradle', '/opt/gradle', '/opt/gradle/gradle-*'] },
  ],
  published: [wrapperJar],
  advice: { releaseNotes: notesOf, runsOn },
};
