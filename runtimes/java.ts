import { vendors } from 'polyenv:vendors';
import {
  type Artifact,
  asArray,
  asArraySkipping,
  asCount,
  asMatching,
  asObject,
  asOneOf,
  asString,
  asUnknown,
  commandsIn,
  defaultVariable,
  gradleBuild,
  gradleBuildKotlin,
  hexDigest,
  homebrew,
  imagesNamed,
  javaScheme,
  javaSchemeWith,
  javaVersion,
  jdkLifecycle,
  type ListedToolchain,
  leadingNumbers,
  namedIn,
  newestFirst,
  optional,
  PLATFORMS,
  type Platform,
  type PlatformKey,
  PolyenvError,
  platformOf,
  polyglotManagers,
  pomXml,
  present,
  type Release,
  type Runtime,
  type SigningKeys,
  type Source,
  sdkmanrc,
  setVariable,
  type ToolRequest,
  type Tree,
  type Upstream,
  type Version,
} from '../src/kit';

const API = 'https://api.adoptium.net/v3';
const VENDOR = 'temurin';

const KEYS: SigningKeys = {
  fingerprints: ['3B04D753C9050D9A5D343F39843C48A565F8F04B'],
  material: () => 'https://packages.adoptium.net/artifactory/api/gpg/key/public',
};

const decodeAvailable = asObject({
  available_releases: asArray(asCount),
  available_lts_releases: asArray(asCount),
  most_recent_feature_release: asCount,
  most_recent_lts: asCount,
});

const decodeBinary = asObject({
  os: asString,
  architecture: asString,
  image_type: asOneOf('jdk', 'jre'),
  package: asObject({ link: asString, checksum: asString, size: asCount }),
});

const decodeReleases = asArraySkipping(
  asObject({
    release_name: asString,
    timestamp: asMatching(/^\d{4}-\d{2}-\d{2}/, 'a time'),
    version_data: optional(asObject({ semver: optional(asString) })),
    binaries: asArraySkipping(decodeBinary),
  }),
);

/** A page is counted before its entries are judged. */
const decodePage = (value: unknown): Page => ({
  length: asArray(asUnknown)(value).length,
  releases: decodeReleases(value),
});

interface Page {
  readonly length: number;
  readonly releases: ReturnType<typeof decodeReleases>;
}

interface Published {
  readonly version: Version;
  readonly date: string;
  readonly binaries: Page['releases'][number]['binaries'];
}

function notesOf(version: Version): string {
  return `https://adoptium.net/temurin/release-notes/?version=jdk-${encodeURIComponent(version)}`;
}

/**
 * Eclipse Temurin: https://api.adoptium.net/q/swagger-ui/. All platforms of a feature release (21) in one list: the JDKs, or
 * the JREs, for general use, or the nightly builds where early access is asked for. The archives' own signatures can be
 * checked too.
 */
const adoptium: Source = {
  id: 'api.adoptium.net',
  vendors: [VENDOR],
  releases: async (upstream, request) => {
    const { features, longTerm: lts } = await featuresFor(upstream, request);
    const list = listFor(request);
    const lines = await Promise.all(
      features.map(async (feature) => {
        const longTerm = lts.includes(feature);
        const published = await publishedOf(upstream, feature, list);
        return published
          .filter(({ binaries }) => request.version.kind === 'exact' || binaries.some(fits(upstream.platform)))
          .map(
            ({ version, date }): Release => ({
              version,
              date,
              vendor: VENDOR,
              ...(list.image === 'jre' && { variant: 'jre' }),
              ...(list.type === 'ga' ? { notes: notesOf(version) } : { prerelease: true }),
              ...(longTerm && { lts: '' }),
            }),
          );
      }),
    );
    return newestFirst(javaScheme, lines.flat());
  },
  artifacts: async (upstream, { version }, request) => {
    const list = listFor(request);
    const published = await publishedOf(upstream, Number.parseInt(version, 10), list);
    const binaries = published.filter((release) => release.version === version).flatMap((release) => release.binaries);
    return PLATFORMS.flatMap((platform): readonly Artifact[] => {
      const found = binaries.find(
        (binary) =>
          fits(platform)(binary) && rootAt({ version, platform, image: list.image }, binary.package.link) !== undefined,
      )?.package;
      const digest = found === undefined ? undefined : hexDigest('sha256', found.checksum);
      if (found === undefined || digest === undefined) return [];
      const { link, size } = found;
      return [{ platform, parts: [{ at: link, digest, size, proof: { kind: 'digest', by: 'api.adoptium.net' } }] }];
    });
  },
  owns: ({ version, platform, vendor, variant, at }) => {
    const offered = (variant === undefined || variant === 'jre') && (vendor ?? VENDOR) === VENDOR;
    const root = offered ? rootAt({ version, platform, image: variant ?? 'jdk' }, at) : undefined;
    return root === undefined ? undefined : { format: platform.startsWith('windows') ? 'zip' : 'tar.gz', root };
  },
  signature: ({ at }) => ({ url: `${at}.sig`, keys: KEYS }),
};

/** One of Adoptium's lists of a feature release. */
interface List {
  readonly image: 'jdk' | 'jre';
  readonly type: 'ga' | 'ea';
}

function listFor({ version, variant }: ToolRequest): List {
  const early =
    (version.kind === 'channel' && version.name.endsWith('-ea')) ||
    (version.kind === 'exact' && javaScheme.prerelease(version.version));
  return { image: variant === 'jre' ? 'jre' : 'jdk', type: early ? 'ea' : 'ga' };
}

/** Lines that the JDK's own roadmap calls long-term: asked for only where the answer hangs on it. */
const LONG_TERM = [8, 11, 17, 21, 25];

/** The features that can hold the answer; a number says it without the list of them. */
async function featuresFor(
  upstream: Upstream,
  request: ToolRequest,
): Promise<{ readonly features: readonly number[]; readonly longTerm: readonly number[] }> {
  const { version } = request;
  if (version.kind === 'prefix') return { features: version.numbers.slice(0, 1), longTerm: LONG_TERM };
  if (version.kind === 'exact') return { features: [Number.parseInt(version.version, 10)], longTerm: LONG_TERM };
  if (version.kind === 'channel' && version.name.endsWith('-ea')) {
    return { features: [Number.parseInt(version.name, 10)], longTerm: LONG_TERM };
  }
  const available = await upstream.json(`${API}/info/available_releases`, decodeAvailable);
  return { features: featuresOf(request, available), longTerm: available.available_lts_releases };
}

/** The features that can hold the answer. */
function featuresOf({ version, floor }: ToolRequest, available: ReturnType<typeof decodeAvailable>): readonly number[] {
  const { available_releases: all, available_lts_releases: longTerm } = available;
  switch (version.kind) {
    case 'channel':
      return version.name === 'lts' ? [available.most_recent_lts] : longTerm;
    case 'latest':
      return [available.most_recent_feature_release];
    case 'range': {
      const least = floor === 'nearest' ? Number.parseInt(version.text.replace('>=', ''), 10) : undefined;
      return least === undefined
        ? all
        : [...all]
            .sort((a, b) => a - b)
            .filter((feature) => feature >= least)
            .slice(0, 1);
    }
    default:
      return all;
  }
}

/** The server cuts larger pages to this, and says 404 behind the last one, and where nothing matches. */
const PAGE = 20;
const MOST_PAGES = 50;

async function publishedOf(upstream: Upstream, feature: number, { image, type }: List): Promise<readonly Published[]> {
  const found: Published[] = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = `image_type=${image}&jvm_impl=hotspot&vendor=eclipse&page_size=${PAGE}&page=${page}`;
    const url = `${API}/assets/feature_releases/${feature}/${type}?${query}`;
    const { length, releases } = await upstream.json(url, decodePage).catch((error: unknown) => {
      if (error instanceof PolyenvError && error.status === 404) return { length: 0, releases: [] };
      throw error;
    });
    for (const { release_name, timestamp, version_data, binaries } of releases) {
      const version = type === 'ga' ? javaScheme.version(release_name) : earlyVersion(version_data?.semver ?? '');
      if (version !== undefined) found.push({ version, date: timestamp.slice(0, 10), binaries });
    }
    if (length < PAGE) return found;
  }
  return found;
}

/** A nightly is told by the build that it is on the way to: `27.0.0-beta+12.0.202602010000` is `27-ea+12`. */
function earlyVersion(semver: string): Version | undefined {
  const [, numbers = '', build] = /^(\d+\.\d+\.\d+)-\w+\+(\d+)/.exec(semver) ?? [];
  return build === undefined ? undefined : javaScheme.version(`${numbers.replace(/(?:\.0)+$/, '')}-ea+${build}`);
}

const SYSTEMS: Readonly<Record<Platform['os'], string>> = { linux: 'linux', darwin: 'mac', windows: 'windows' };
const PROCESSORS: Readonly<Record<Platform['arch'], string>> = { x64: 'x64', arm64: 'aarch64' };

/** Adoptium's words for a platform: `alpine-linux`, `aarch64`. */
function wordsOf(platform: PlatformKey): { readonly os: string; readonly architecture: string } {
  const { os, arch, libc } = platformOf(platform);
  return { os: libc === 'musl' ? 'alpine-linux' : SYSTEMS[os], architecture: PROCESSORS[arch] };
}

function fits(platform: PlatformKey): (binary: ReturnType<typeof decodeBinary>) => boolean {
  const { os, architecture } = wordsOf(platform);
  return (binary) => binary.os === os && binary.architecture === architecture;
}

/** `jdk-21.0.2+13`, and `jdk8u412-b08` for 8.0.412+8: the name of the release, and of the archive's folder. */
function tagOf(version: Version): string {
  const [numbers = '', build = ''] = version.split('+');
  const [feature, , update] = numbers.split('.');
  return feature === '8' ? `jdk8u${update}-b${build.padStart(2, '0')}` : `jdk-${version}`;
}

interface Build {
  readonly version: Version;
  readonly platform: PlatformKey;
  readonly image: string;
}

/** A nightly's tag and file carry a day and an hour, which its version does not say. */
const NIGHTLY =
  /^https:\/\/github\.com\/adoptium\/temurin(\d+)-binaries\/releases\/download\/jdk[\w.+%-]{1,80}-beta\/OpenJDK[\dU]{0,4}-(jdk|jre)_([a-z0-9]+)_([a-z-]+)_hotspot_[\w.-]{1,80}\.(?:tar\.gz|zip)$/;

/** The folder in the archive at that place, if that is where the build is. */
function rootAt(build: Build, at: string): string | undefined {
  const { version, platform, image } = build;
  if (!javaScheme.prerelease(version)) {
    return linksOf(build).includes(at) ? `${tagOf(version)}${image === 'jre' ? '-jre' : ''}` : undefined;
  }
  const { os, architecture } = wordsOf(platform);
  const format = platform.startsWith('windows') ? '.zip' : '.tar.gz';
  const [, feature, ...words] = NIGHTLY.exec(at) ?? [];
  const same = feature === leadingNumbers(version, 1) && words.join() === [image, architecture, os].join();
  return same && at.endsWith(format) ? '*' : undefined;
}

/** Where the archive of a platform is. The first release of some features lacks the `U`. */
function linksOf({ version, platform, image }: Build): readonly string[] {
  const { os, architecture } = wordsOf(platform);
  const feature = leadingNumbers(version, 1);
  const tag = tagOf(version);
  const spelt = feature === '8' ? tag.slice('jdk'.length).replace('-', '') : version.replace('+', '_');
  const format = platform.startsWith('windows') ? 'zip' : 'tar.gz';
  const folder = `https://github.com/adoptium/temurin${feature}-binaries/releases/download/${encodeURIComponent(tag)}`;
  return [`${feature}U`, feature].map(
    (name) => `${folder}/OpenJDK${name}-${image}_${architecture}_${os}_hotspot_${spelt}.${format}`,
  );
}

/** Who built a JDK, by what its `release` file says (https://openjdk.org/jeps/322): vendors that are offered, and others. */
const BUILDERS: readonly (readonly [RegExp, string])[] = [
  [/^(?:Eclipse (?:Adoptium|Foundation)|AdoptOpenJDK|Temurin)/i, VENDOR],
  ...vendors.flatMap(({ id, builder }) => (builder === undefined ? [] : [[builder, id] as const])),
  [/^Red Hat/i, 'redhat'],
];

const SCHEME = javaSchemeWith(
  Object.fromEntries(vendors.flatMap(({ id, names = [] }) => [id, ...names].map((name) => [name, id]))),
);

function buildOf(text: string, tree: Tree): { readonly vendor?: string; readonly variant?: string } {
  const said = (name: string) => new RegExp(`^${name}="?([^"\\r\\n]*)"?`, 'm').exec(text)?.[1]?.trim();
  const implementor = said('IMPLEMENTOR') ?? '';
  const graal = said('GRAALVM_VERSION') !== undefined && /^Oracle/i.test(implementor) ? 'graalvm' : undefined;
  const known = graal ?? BUILDERS.find(([pattern]) => pattern.test(implementor))?.[1];
  const word = implementor
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const vendor = known ?? (word === '' || word === 'n-a' ? undefined : word);
  const compiler = tree.has(`${homeIn(tree)}bin/javac`);
  return {
    ...present({ vendor }),
    ...((said('IMAGE_TYPE') === 'JRE' || !compiler) && { variant: 'jre' }),
  };
}

/** On macOS the home stands inside a bundle. */
function homeIn(tree: Tree): string {
  return tree.has('Contents/Home/bin') ? 'Contents/Home/' : '';
}

/** For `mvn --global-toolchains`: https://maven.apache.org/guides/mini/guide-using-toolchains.html */
function mavenToolchains(all: readonly ListedToolchain[]): string {
  const text = (value: string) => value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const rows = all.map(
    ({ version, vendor, root, tree }) => `  <toolchain>
    <type>jdk</type>
    <provides>
      <version>${text(leadingNumbers(version, 1))}</version>${vendor === undefined ? '' : `\n      <vendor>${text(vendor)}</vendor>`}
      <id>${text(`${vendor ?? 'jdk'}-${version}`)}</id>
    </provides>
    <configuration>
      <jdkHome>${text(`${root}/${homeIn(tree)}`.replace(/\/$/, ''))}</jdkHome>
    </configuration>
  </toolchain>
`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- Made by \`polyenv generate maven-toolchains\`: the JDKs of this machine. -->
<toolchains>
${rows.join('')}</toolchains>
`;
}

/** https://docs.gradle.org/current/userguide/toolchains.html#sec:custom_loc */
function gradleJdks(all: readonly ListedToolchain[]): string {
  const homes = all.map(({ root, tree }) => `${root}/${homeIn(tree)}`.replace(/\/$/, ''));
  return `# Made by \`polyenv generate gradle-jdks\`: the JDKs of this machine.\norg.gradle.java.installations.paths=${homes.join(',')}\n`;
}

/** By name, as a JDK may be linked whose folder is `/usr`: https://docs.oracle.com/en/java/javase/25/docs/specs/man/ */
const COMMANDS = new RegExp(
  `^(?:${[
    'ja(?:otc|r|rsigner|va|vac|vadoc|vah|vap|vaws)|jcmd|jconsole|jdb|jdeprscan|jdeps|jfr|jhat|jhsdb|jimage|jinfo|jjs',
    'jlink|jmap|jmc|jmod|jnativescan|jpackage|jps|jrunscript|jshell|jstack|jstatd?|jvisualvm|jwebserver|keytool',
    'native2ascii|native-image|gu|appletviewer|extcheck|idlj|orbd|(?:un)?pack200|policytool|rmi[cd]|rmiregistry',
    'schemagen|serialver|servertool|tnameserv|ws(?:gen|import)|xjc',
  ].join('|')})$`,
);

/** Java: JDKs of Temurin, which is the usual one, and of the vendors in the folder beside this file. */
export const runtime: Runtime = {
  id: 'java',
  title: 'Java',
  homepage: 'https://adoptium.net',
  license: 'GPL-2.0-only WITH Classpath-exception-2.0',
  aliases: ['jdk', 'openjdk'],
  scheme: SCHEME,
  commands: ['java', 'javac', 'jar', 'javadoc', 'jshell', 'keytool'],
  pins: [javaVersion, sdkmanrc, pomXml, gradleBuild, gradleBuildKotlin],
  sources: [adoptium, ...vendors.flatMap((vendor) => vendor.sources)],
  // Where the system has no /etc/.java, Java as root would make a folder of this name for everybody's preferences.
  finish: (tree) => {
    const home = homeIn(tree);
    const inner = tree.has(`${home}jre/lib`) ? `${home}jre/` : home;
    return { files: { [`${inner}.systemPrefs`]: '' }, steps: [] };
  },
  layout: (tree, { toolchain, home, personHome, env, isolation }) => {
    const inside = homeIn(tree);
    const local = `-Dmaven.repo.local=${home}/m2`;
    return {
      commands: commandsIn(tree, `${inside}bin`, COMMANDS),
      variables: [
        setVariable('JAVA_HOME', `${toolchain}/${inside}`.replace(/\/$/, '')),
        ...(isolation === 'strict' ? [defaultVariable('GRADLE_USER_HOME', `${home}/gradle`)] : []),
        // Maven takes this apart at blanks, whatever the quotes.
        ...(isolation === 'strict' && !/\s/.test(home)
          ? [setVariable('MAVEN_ARGS', [env.MAVEN_ARGS, local].filter(Boolean).join(' '))]
          : []),
      ],
      bins: [],
      homes: isolation === 'strict' ? [`${home}/gradle`, `${home}/m2`] : [],
      installs: [],
      shared: isolation === 'strict' ? [] : [`${personHome}/.m2`, env.GRADLE_USER_HOME || `${personHome}/.gradle`],
    };
  },
  probe: {
    build: { files: ['release', 'Contents/Home/release'], read: buildOf },
    command: 'java',
    args: ['-version'],
    version: (output) => {
      const spelt = /Runtime Environment.*\(build ([^)\s]+)\)/.exec(output)?.[1] ?? '';
      return javaScheme.version(spelt) ?? /\bversion "([^"]+)"/.exec(output)?.[1];
    },
  },
  discover: [
    { manager: 'JAVA_HOME', folders: ({ env }) => (env.JAVA_HOME ? [env.JAVA_HOME] : []) },
    {
      manager: 'SDKMAN',
      folders: ({ env, personHome }) => [`${env.SDKMAN_DIR || `${personHome}/.sdkman`}/candidates/java/*`],
      choice: namedIn(({ env, personHome }) => `${env.SDKMAN_DIR || `${personHome}/.sdkman`}/candidates/java/current`),
    },
    {
      manager: 'jenv',
      folders: ({ env, personHome }) => [`${env.JENV_ROOT || `${personHome}/.jenv`}/versions/*`],
      choice: namedIn(({ env, personHome }) => `${env.JENV_ROOT || `${personHome}/.jenv`}/version`),
    },
    ...polyglotManagers({ mise: 'java', asdf: 'java' }),
    {
      manager: 'macOS',
      folders: ({ personHome }) =>
        ['', personHome].map((root) => `${root}/Library/Java/JavaVirtualMachines/*/Contents/Home`),
    },
    homebrew('openjdk*', '/libexec'),
    homebrew('openjdk*', '/libexec/openjdk.jdk/Contents/Home'),
    { manager: 'IntelliJ', folders: ({ personHome }) => [`${personHome}/.jdks/*`] },
    {
      manager: 'Gradle',
      folders: ({ env, personHome }) => [`${env.GRADLE_USER_HOME || `${personHome}/.gradle`}/jdks/*`],
    },
    { manager: 'system', folders: () => ['/usr/lib/jvm/*', '/usr/java/*', '/opt/java/*', '/opt/jdk*'] },
  ],
  advice: {
    misleading: ['JDK_HOME', 'JRE_HOME'],
    listings: { 'maven-toolchains': mavenToolchains, 'gradle-jdks': gradleJdks },
    channels: [{ word: 'lts', describe: 'the newest long-term release' }],
    editor: (tree, { absolute, store }) => {
      const [line = 0] = leadingNumbers(tree.version, 1).split('.').map(Number);
      const inside = homeIn(tree).replace(/\/$/, '');
      const within = (root: string): string => (inside === '' ? root : `${root}/${inside}`);
      const name = `java ${tree.version} (polyenv)`;
      return {
        // https://github.com/redhat-developer/vscode-java#supported-vs-code-settings: no variables in either.
        vscode: [
          {
            path: ['java.configuration.runtimes'],
            value: { name: line < 9 ? `JavaSE-1.${line}` : `JavaSE-${line}`, path: within(absolute), default: true },
            entry: true,
            personal: true,
          },
          // The language server itself needs Java 21.
          ...(line < 21
            ? []
            : [{ path: ['java.jdt.ls.java.home'] as const, value: within(absolute), personal: true as const }]),
        ],
        idea: {
          sdk: { type: 'JavaSDK', name },
          steps: [`File > Project Structure > SDKs > + > Add JDK from disk: ${within(store)}, with the name "${name}"`],
        },
      };
    },
    evidence: [
      { file: 'pom.xml', describe: 'a build by Maven' },
      { file: 'build.gradle', describe: 'a build by Gradle' },
      { file: 'build.gradle.kts', describe: 'a build by Gradle' },
      { file: 'settings.gradle*', describe: 'a build by Gradle' },
      { file: '*.java', describe: 'sources in Java' },
    ],
    mentions: {
      images: [
        ...imagesNamed(
          'eclipse-temurin',
          'openjdk',
          'amazoncorretto',
          'ibm-semeru-runtimes',
          'sapmachine',
          'cimg/openjdk',
        ),
        ...imagesNamed('bellsoft/liberica-openjdk-alpine', 'bellsoft/liberica-openjdk-debian', 'devcontainers/java'),
        ...imagesNamed(
          'azul/zulu-openjdk',
          'azul/zulu-openjdk-alpine',
          'adoptopenjdk',
          'chainguard/jdk',
          'chainguard/jre',
        ),
        /^(?:maven|gradle|sbtscala\/scala-sbt):(?:[^-]*-)*?(?:eclipse-temurin-|amazoncorretto-|ibm-semeru-|jdk-?)(\d+)/,
        /^distroless\/java(\d+)(?=[-:]|$)/,
      ],
      steps: {
        'actions/setup-java': { inputs: ['java-version'] },
        'graalvm/setup-graalvm': { inputs: ['java-version'] },
        JavaToolInstaller: { inputs: ['versionSpec'] },
      },
      features: ['java'],
      keys: { '.travis': ['jdk'] },
    },
    releaseNotes: notesOf,
    lifecycle: jdkLifecycle(
      `26 ..2026-09-15; 25 lts ..2031-09-30; 24 ..2025-09-16; 23 ..2025-03-18; 22 ..2024-09-17; 21 lts ..2029-12-31
      20 ..2023-09-19; 19 ..2023-03-31; 18 ..2022-09-30; 17 lts ..2027-10-31; 16 ..2021-09-30; 11 lts ..2027-10-31
      8 lts ..2030-12-31`,
      'eclipse-temurin',
    ),
    vendors: Object.fromEntries(
      vendors.flatMap(({ id, lifecycle }) => (lifecycle === undefined ? [] : [[id, lifecycle]])),
    ),
  },
};
