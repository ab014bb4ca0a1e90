import { describe, expect, test } from 'vitest';
import { runtime } from '../../runtimes/java';
import { PLATFORMS } from '../../src/domain/runtime/platform';
import type { Source } from '../../src/domain/runtime/runtime';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { published } from '../fixtures/upstreams/java';
import { fakeUpstream } from '../support/fake-upstream';
import { NOT_HERE, recorded } from '../support/recorded';

const [adoptium] = runtime.sources as [Source];
const API = 'https://api.adoptium.net/v3';
const asked = (text: string) => parseToolRequest(`java@${text}`, () => runtime);
const page = (feature: number, number = 0) =>
  `${API}/assets/feature_releases/${feature}/ga?image_type=jdk&jvm_impl=hotspot&vendor=eclipse&page_size=20&page=${number}`;

describe('Adoptium', () => {
  test('is read page by page, until one is short or is not there', async () => {
    const upstream = fakeUpstream(published);
    const releases = await adoptium.releases(upstream, asked('21'));
    expect(releases.length).toBe(23);
    // Two requests: a number says which feature it is without the list of them.
    expect(upstream.asked).toEqual([page(21), page(21, 1)]);
    const full = fakeUpstream(published);
    await adoptium.releases(full, asked('17'));
    expect(full.asked.at(-1)).toBe(page(17, 1));
  });

  test('asks for the features alone that can hold the answer', async () => {
    const features = async (text: string) => {
      const upstream = fakeUpstream(published);
      await adoptium.releases(upstream, asked(text));
      const found = upstream.asked.flatMap((url) => /feature_releases\/(\d+)/.exec(url)?.[1] ?? []);
      return [...new Set(found)];
    };
    expect(await features('lts')).toEqual(['21']);
    expect(await features('latest')).toEqual(['22']);
    expect(await features('8')).toEqual(['8']);
    expect(await features('lts/-1')).toEqual(['8', '17', '21']);
    expect(await features('12')).toEqual(['12']);
  });

  test('refuses unknown vendors by name', () => {
    expect(() => asked('acme-21')).toThrow(/"acme"/);
  });

  test.each([
    ['temurin-jre-21', 'jre', 'ga', 'jdk-21.0.2+13', 'OpenJDK21U-jre_x64_linux_hotspot_21.0.2_13.tar.gz', '21.0.2+13'],
    ['temurin-jre-8', 'jre', 'ga', 'jdk8u412-b08', 'OpenJDK8U-jre_x64_linux_hotspot_8u412b08.tar.gz', '8.0.412+8'],
    ['27-ea', 'jdk', 'ea', 'jdk-27+12-ea-beta', 'OpenJDK-jdk_x64_linux_hotspot_27_12-ea.tar.gz', '27-ea+12'],
    ['temurin-27-ea+12', 'jdk', 'ea', 'jdk-27+12-ea-beta', 'OpenJDK-jdk_x64_linux_hotspot_27_12-ea.tar.gz', '27-ea+12'],
    [
      '17-ea',
      'jdk',
      'ea',
      'jdk17-2021-07-31-00-07-beta',
      'OpenJDK17-jdk_x64_linux_hotspot_2021-07-31-00-07.tar.gz',
      '17-ea+33',
    ],
  ])('%s is read from its own list', async (text, image, type, release_name, file, version) => {
    const feature = Number.parseInt(version, 10);
    const link = `https://github.com/adoptium/temurin${feature}-binaries/releases/download/${encodeURIComponent(release_name)}/${file}`;
    const binary = {
      os: 'linux',
      architecture: 'x64',
      image_type: image,
      package: { link, checksum: 'b'.repeat(64), size: 5 },
    };
    const semver = type === 'ea' ? `${feature}.0.0-beta+${version.split('+')[1]}.0.202602010000` : version;
    const list = [{ release_name, timestamp: '2026-02-01T00:00:00Z', version_data: { semver }, binaries: [binary] }];
    const url = page(feature).replace('/ga?', `/${type}?`).replace('image_type=jdk', `image_type=${image}`);
    const upstream = fakeUpstream({ files: { [url]: JSON.stringify(list) } });
    const request = asked(text);
    const release = selectRelease(runtime, request, await adoptium.releases(upstream, request));
    expect(release?.version).toBe(version);
    const [artifact] = await adoptium.artifacts(upstream, release as never, request);
    expect(artifact).toMatchObject({ platform: 'linux-x64', parts: [{ at: link }] });
    const claim = { version: version as Version, platform: 'linux-x64', at: link } as const;
    const variant = image === 'jre' ? { variant: 'jre' } : {};
    const root = type === 'ea' ? '*' : `${release_name}-jre`;
    expect(adoptium.owns({ ...claim, ...variant })).toEqual({ format: 'tar.gz', root });
    expect(adoptium.owns({ ...claim, ...variant, platform: 'linux-arm64' })).toBeUndefined();
    expect(adoptium.owns({ ...claim, ...(image === 'jre' ? {} : { variant: 'jre' }) })).toBeUndefined();
    expect(adoptium.owns({ ...claim, ...variant, version: '28-ea+1' as Version })).toBeUndefined();
  });

  test('says where an archive’s own signature is, and by which key', () => {
    const at = 'https://github.com/adoptium/temurin21-binaries/releases/download/jdk-21.0.2%2B13/x.tar.gz';
    const found = adoptium.signature?.({ version: '21.0.2+13' as Version, platform: 'linux-x64', at });
    expect(found?.url).toBe(`${at}.sig`);
    expect(found?.keys.fingerprints).toEqual(['3B04D753C9050D9A5D343F39843C48A565F8F04B']);
  });
});

const place = { toolchain: '/s/x', home: '/h', project: '/p', personHome: '/home/person', env: {} };

test('the home on macOS stands inside a bundle, and folders shared with others give no other commands', () => {
  const tree = (mac: boolean) => ({
    version: '21.0.2+13' as Version,
    platform: 'darwin-arm64' as const,
    has: (path: string) => mac && path === 'Contents/Home/bin',
    list: (folder: string) => (folder === (mac ? 'Contents/Home/bin' : 'bin') ? ['java', 'javac', 'jq', 'ls'] : []),
  });
  const bundle = runtime.layout(tree(true), { ...place, isolation: 'default' });
  expect(bundle.commands).toEqual({ java: 'Contents/Home/bin/java', javac: 'Contents/Home/bin/javac' });
  expect(bundle.variables).toEqual([{ op: 'set', name: 'JAVA_HOME', value: '/s/x/Contents/Home' }]);
  expect(runtime.layout(tree(false), { ...place, isolation: 'default' }).variables).toEqual([
    { op: 'set', name: 'JAVA_HOME', value: '/s/x' },
  ]);
});

test('strictly, Maven and Gradle have caches of the project’s own', () => {
  const tree = { version: '21.0.2+13' as Version, platform: 'linux-x64' as const, has: () => false, list: () => [] };
  const strict = { ...place, isolation: 'strict' as const, env: { MAVEN_ARGS: '-B' } };
  expect(runtime.layout(tree, strict).variables.slice(1)).toEqual([
    { op: 'default', name: 'GRADLE_USER_HOME', value: '/h/gradle' },
    { op: 'set', name: 'MAVEN_ARGS', value: '-B -Dmaven.repo.local=/h/m2' },
  ]);
});

test.each([
  [
    'openjdk version "21.0.2" 2024-01-16 LTS\nOpenJDK Runtime Environment Temurin-21.0.2+13 (build 21.0.2+13-LTS)\n',
    '21.0.2+13',
  ],
  ['openjdk version "17.0.9" 2023-10-17\nOpenJDK Runtime Environment (build 17.0.9+9-Debian-1deb12u1)\n', '17.0.9+9'],
  ['openjdk version "1.8.0_412"\nOpenJDK Runtime Environment (Temurin)(build 1.8.0_412-b08)\n', '8.0.412+8'],
  ['java version "22" 2024-03-19\nJava(TM) SE Runtime Environment (build 22+36-2370)\n', '22+36'],
  ['openjdk version "11.0.23" 2024-04-16\nnothing else', '11.0.23'],
])('%j is understood', (output, version) => {
  expect(runtime.scheme.version(runtime.probe.version(output) ?? '')).toBe(version);
});

describe('recorded', () => {
  test('two releases of 2021', async ({ skip }) => {
    const text = recorded('java/temurin-feature-releases.2021.setup-java-fixture.json') ?? skip(NOT_HERE);
    const all = JSON.parse(text) as readonly { readonly release_name: string; readonly release_type: string }[];
    const ga = all.filter(({ release_type }) => release_type === 'ga');
    const available = {
      available_releases: [8, 16],
      available_lts_releases: [8],
      most_recent_feature_release: 16,
      most_recent_lts: 8,
    };
    const files = {
      [`${API}/info/available_releases`]: JSON.stringify(available),
      [page(16)]: JSON.stringify(ga.filter(({ release_name }) => release_name.startsWith('jdk-16'))),
      [page(8)]: JSON.stringify(ga.filter(({ release_name }) => release_name.startsWith('jdk8'))),
    };
    for (const [text, version, platforms] of [
      ['16', '16.0.2+7', 1],
      ['lts', '8.0.302+8', 1],
    ] as const) {
      const upstream = fakeUpstream({ files });
      const release = selectRelease(runtime, asked(text), await adoptium.releases(upstream, asked(text)));
      expect(release?.version).toBe(version);
      const artifacts = release && (await adoptium.artifacts(upstream, release, asked(text)));
      expect(artifacts?.length).toBeGreaterThanOrEqual(platforms);
    }
  });

  test('every URL of Temurin that another tool has recorded', ({ skip }) => {
    const table = recorded('java/hermit-openjdk-sha256.json') ?? skip(NOT_HERE);
    const urls = Object.keys(JSON.parse(table) as object).filter((url) =>
      /\/adoptium\/temurin\d+-binaries\//.test(url),
    );
    expect(urls.length).toBeGreaterThan(10);
    for (const at of urls) {
      const tag = decodeURIComponent(at.split('/').at(-2) ?? '');
      const version = runtime.scheme.version(tag);
      if (version === undefined) throw new Error(`${tag} is no version`);
      expect(PLATFORMS.filter((platform) => adoptium.owns({ version, platform, at }) !== undefined).length, at).toBe(1);
    }
  });
});

test('an empty file takes the name of the folder that Java as root makes in its home, wherever that is', () => {
  const finished = (...there: readonly string[]) =>
    Object.keys(
      runtime.finish?.({
        version: '21.0.2+13' as Version,
        platform: 'linux-x64',
        has: (path) => there.includes(path),
        list: () => [],
      })?.files ?? {},
    );
  expect(finished()).toEqual(['.systemPrefs']);
  expect(finished('jre/lib')).toEqual(['jre/.systemPrefs']);
  expect(finished('Contents/Home/bin')).toEqual(['Contents/Home/.systemPrefs']);
  expect(finished('Contents/Home/bin', 'Contents/Home/jre/lib')).toEqual(['Contents/Home/jre/.systemPrefs']);
});
