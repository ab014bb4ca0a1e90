import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runtime } from '../../runtimes/java';
import { PLATFORMS } from '../../src/domain/runtime/platform';
import type { Source } from '../../src/domain/runtime/runtime';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import { vendorsOf } from '../../src/domain/versions/vendors';
import type { Version } from '../../src/domain/versions/version';
import { fakeUpstream } from '../support/fake-upstream';
import { NOT_HERE, recorded } from '../support/recorded';

const API = 'https://api.foojay.io/disco/v3.0';
const asked = (text: string) => parseToolRequest(`java@${text}`, () => runtime);
const sourceOf = (vendor: string) => runtime.sources.find(({ id }) => id === `foojay-${vendor}`) as Source;

/** Where each vendor keeps an archive, and how SDKMAN calls it. */
const VENDORS = [
  [
    'corretto',
    '17.0.15-amzn',
    'https://corretto.aws/downloads/resources/17.0.15.6.1/amazon-corretto-17.0.15.6.1-linux-x64.tar.gz',
  ],
  ['zulu', '17.0.15-zulu', 'https://cdn.azul.com/zulu/bin/zulu17.58.21-ca-jdk17.0.15-linux_x64.tar.gz'],
  [
    'liberica',
    '17.0.15-librca',
    'https://github.com/bell-sw/Liberica/releases/download/17.0.15+10/bellsoft-jdk17.0.15+10-linux-amd64.tar.gz',
  ],
  [
    'liberica-nik',
    '17.0.15-nik',
    'https://download.bell-sw.com/vm/23.0.8/bellsoft-liberica-vm-openjdk17.0.15+10-23.0.8+1-linux-amd64.tar.gz',
  ],
  ['microsoft', '17.0.15-ms', 'https://aka.ms/download-jdk/microsoft-jdk-17.0.15-linux-x64.tar.gz'],
  [
    'sapmachine',
    '17.0.15-sapmchn',
    'https://github.com/SAP/SapMachine/releases/download/sapmachine-17.0.15/sapmachine-jdk-17.0.15_linux-x64_bin.tar.gz',
  ],
  [
    'semeru',
    '17.0.15-sem',
    'https://github.com/ibmruntimes/semeru17-binaries/releases/download/jdk-17.0.15%2B6_openj9-0.51.0/ibm-semeru-open-jdk_x64_linux_17.0.15_6_openj9-0.51.0.tar.gz',
  ],
  [
    'graalvm-community',
    '17.0.15-graalce',
    'https://github.com/graalvm/graalvm-ce-builds/releases/download/jdk-17.0.15/graalvm-community-jdk-17.0.15_linux-x64_bin.tar.gz',
  ],
  [
    'graalvm',
    '17.0.15-graal',
    'https://download.oracle.com/graalvm/17/archive/graalvm-jdk-17.0.15_linux-x64_bin.tar.gz',
  ],
  ['oracle', '17.0.15-oracle', 'https://download.oracle.com/java/17/archive/jdk-17.0.15_linux-x64_bin.tar.gz'],
  [
    'jetbrains',
    '17.0.15-jbr',
    'https://cache-redirector.jetbrains.com/intellij-jbr/jbrsdk-17.0.15-linux-x64-b1381.3.tar.gz',
  ],
  [
    'dragonwell',
    '17.0.15-albba',
    'https://github.com/dragonwell-project/dragonwell17/releases/download/x/Alibaba_Dragonwell_17.0.15_x64_linux.tar.gz',
  ],
  [
    'kona',
    '17.0.15-kona',
    'https://github.com/Tencent/TencentKona-17/releases/download/TencentKona-17.0.15/TencentKona-17.0.15.b1-jdk_linux-x86_64.tar.gz',
  ],
] as const;

const SHA256 = 'a'.repeat(64);

interface Entry {
  readonly id: string;
  readonly [key: string]: unknown;
}

const entry = (id: string, more: Readonly<Record<string, unknown>> = {}): Entry => ({
  id,
  archive_type: 'tar.gz',
  distribution: 'x',
  java_version: '17.0.15+6',
  release_status: 'ga',
  operating_system: 'linux',
  lib_c_type: 'glibc',
  architecture: 'x64',
  package_type: 'jdk',
  javafx_bundled: false,
  directly_downloadable: true,
  size: 100,
  ...more,
});

/** Foojay's answers, whatever it is asked. */
function foojay(
  packages: readonly Entry[],
  details: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  others: Readonly<Record<string, string>> = {},
) {
  const files = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, url) => {
        const text = String(url);
        if (others[text] !== undefined) return others[text];
        if (text.startsWith(`${API}/packages?`)) return JSON.stringify({ result: packages, message: '' });
        const found = details[text.slice(`${API}/ids/`.length)];
        return found === undefined ? undefined : JSON.stringify({ result: [found], message: '' });
      },
    },
  );
  return fakeUpstream({ files });
}

describe.each(VENDORS)('%s', (vendor, sdkman, at) => {
  const source = sourceOf(vendor);

  test('is asked for by the names that people write', () => {
    for (const text of [sdkman, `${vendor}-17.0.15`, `${vendor}-17`, `${vendor}@17`, vendor])
      expect(asked(text).vendor, text).toBe(vendor);
  });

  // Those that put a digest beside each archive are asked for it too.
  const beside = ['oracle', 'graalvm'].includes(vendor) ? 1 : 0;

  test('is resolved by few requests, with the digest that its vendor publishes', async () => {
    const upstream = foojay([entry('p1')], {
      p1: { direct_download_uri: at, checksum: SHA256, checksum_type: 'sha256' },
    });
    const request = asked(sdkman);
    const release = selectRelease(runtime, request, await source.releases(upstream, request));
    expect(release).toMatchObject({ version: '17.0.15+6', vendor, lts: '' });
    const artifacts = await source.artifacts(upstream, release as never, request);
    expect(artifacts).toEqual([
      {
        platform: 'linux-x64',
        parts: [
          { at, digest: { kind: 'sha256', value: SHA256 }, size: 100, proof: { kind: 'digest', by: 'api.foojay.io' } },
        ],
      },
    ]);
    expect(new Set(upstream.asked).size).toBe(2 + beside);
    expect(upstream.asked[0]).toContain('jdk_version=17');
    const claim = { version: '17.0.15+6' as Version, platform: 'linux-x64', at } as const;
    expect(source.owns({ ...claim, vendor })).toEqual({ format: 'tar.gz', root: '*' });
    expect(source.owns({ ...claim, vendor: 'temurin' })).toBeUndefined();
    expect(source.owns(claim)).toBeUndefined();
  });

  test('without a digest that proves anything it is not offered, and says why', async () => {
    for (const checksum of [
      {},
      { checksum: 'a'.repeat(40), checksum_type: 'sha1' },
      { checksum: 'x', checksum_type: 'sha256' },
    ]) {
      const upstream = foojay([entry('p1')], { p1: { direct_download_uri: at, ...checksum } });
      const request = asked(sdkman);
      const [release] = await source.releases(upstream, request);
      await expect(source.artifacts(upstream, release as never, request)).rejects.toThrow(/no SHA-256 or SHA-512/);
    }
  });

  test.each([
    'https://example.org/x.tar.gz',
    `${at}?x=1`,
    at.replace('https:', 'http:'),
    at.replace(/[^/]+$/, '../../evil.tar.gz'),
    at.replace('.tar.gz', '.rpm'),
  ])('%s is nowhere that it keeps archives', (place) => {
    const claim = { version: '17.0.15+6' as Version, platform: 'linux-x64' as const, vendor, at: place };
    expect(source.owns(claim)).toBeUndefined();
  });
});

test('a package is told apart by system, processor, C library, and what it is', async () => {
  const source = sourceOf('zulu');
  const place = 'https://cdn.azul.com/zulu/bin/';
  const all = [
    entry('a'),
    entry('b', { lib_c_type: 'musl' }),
    entry('c', { operating_system: 'linux_musl', lib_c_type: 'musl', architecture: 'aarch64' }),
    entry('d', { operating_system: 'macos', architecture: 'aarch64', lib_c_type: 'libc', archive_type: 'zip' }),
    entry('e', { operating_system: 'macos', architecture: 'aarch64', lib_c_type: 'libc' }),
    entry('f', { operating_system: 'windows', archive_type: 'zip', lib_c_type: 'c_std_lib' }),
    entry('g', { architecture: 'arm' }),
    entry('h', { package_type: 'jre' }),
    entry('i', { javafx_bundled: true }),
    entry('../evil', { architecture: 'aarch64' }),
    { id: 'broken' },
  ];
  const details = Object.fromEntries(
    all.map(({ id }) => [
      id,
      {
        direct_download_uri: `${place}${id}.${id === 'f' || id === 'd' ? 'zip' : 'tar.gz'}`,
        checksum: SHA256,
        checksum_type: 'sha256',
      },
    ]),
  );
  const upstream = foojay(all, details);
  const request = asked('zulu-17');
  const releases = await source.releases(upstream, request);
  const release = selectRelease(runtime, request, releases);
  expect(release).not.toHaveProperty('variant');
  const artifacts = await source.artifacts(upstream, release as never, request);
  expect(artifacts.map(({ platform, parts }) => `${platform} ${parts[0].at.slice(place.length)}`).sort()).toEqual([
    'darwin-arm64 e.tar.gz',
    'linux-arm64-musl c.tar.gz',
    'linux-x64 a.tar.gz',
    'linux-x64-musl b.tar.gz',
    'windows-x64 f.zip',
  ]);
  expect(selectRelease(runtime, asked('zulu-jre-17'), releases)?.variant).toBe('jre');
  expect(selectRelease(runtime, asked('zulu-javafx-17'), releases)?.variant).toBe('javafx');
});

test('early access is asked for by name, and never taken otherwise', async () => {
  const source = sourceOf('zulu');
  for (const [text, status] of [
    ['zulu-27-ea', 'ea'],
    ['27.ea.12-zulu', 'ea'],
    ['zulu-27', 'ga'],
  ] as const) {
    const upstream = foojay([entry('p1', { java_version: '27-ea+12', release_status: 'ea' })], {});
    const found = selectRelease(runtime, asked(text), await source.releases(upstream, asked(text)));
    expect(found?.version).toBe(status === 'ea' ? '27-ea+12' : undefined);
    expect(upstream.asked[0]).toMatch(new RegExp(`jdk_version=27&.*release_status=${status}`));
  }
});

test("a build is asked for by the vendor's own number too, as mise writes it, and CRaC only where it is asked for", async () => {
  const source = sourceOf('zulu');
  const packages = [
    entry('a', { java_version: '17.0.8.1+1', distribution_version: '17.44.53' }),
    entry('b', { java_version: '17.0.9+8', distribution_version: '17.46.19' }),
    entry('c', {
      java_version: '17.0.10+7',
      distribution_version: '17.48.15',
      filename: 'zulu17.48.15-ca-crac-jdk17.0.10-linux_x64.tar.gz',
    }),
  ];
  const found = async (text: string) =>
    selectRelease(runtime, asked(text), await source.releases(foojay(packages, {}), asked(text)))?.version;
  expect(await found('zulu-17.44.53.0')).toBe('17.0.8.1+1');
  expect(await found('zulu-17.44')).toBe('17.0.8.1+1');
  expect(await found('zulu-17')).toBe('17.0.9+8');
  expect(await found('17.0.10.crac-zulu')).toBe('17.0.10+7');
  expect(await found('zulu-8.72.0.17')).toBeUndefined();
});

test('temurin is the usual one, every vendor is one file, and each of its sources is its own', () => {
  const folder = new URL('../../runtimes/java', import.meta.url);
  const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  expect(vendorsOf(runtime)).toEqual(['temurin', ...files.sort()]);
  expect(files).toEqual(VENDORS.map(([vendor]) => vendor).sort());
  expect(new Set(runtime.sources.map(({ id }) => id)).size).toBe(runtime.sources.length);
  for (const vendor of files) {
    const own = runtime.sources.filter(({ vendors }) => vendors?.includes(vendor));
    // Oracle lists nothing that a program can read.
    expect(own.length, vendor).toBe(['oracle', 'graalvm'].includes(vendor) ? 1 : 2);
    expect(own.at(-1)?.id).toBe(`foojay-${vendor}`);
  }
});

/** The source that reads the vendor's own list. */
const ownOf = (vendor: string) =>
  runtime.sources.find(({ id, vendors }) => vendors?.includes(vendor) && !id.startsWith('foojay-')) as Source;

describe("a vendor's own list", () => {
  const KONA = 'https://tencent.github.io/konajdk/releases/kona-v1.json';
  const kona = (baseUrl: string, filename: string, checksum = SHA256) => ({
    files: { [KONA]: JSON.stringify({ 17: [{ baseUrl, files: [{ filename, checksum }] }] }) },
  });
  const PLACE = 'https://github.com/Tencent/TencentKona-17/releases/download/x/';
  const FILE = 'TencentKona-17.0.13.b1-jdk_linux-x86_64.tar.gz';

  test.each([
    ['https://github.com/Tencent/TencentKona-17/releases/download/../', FILE],
    ['https://evil.test/Tencent/TencentKona-17/releases/download/x/', FILE],
    ['https://github.com/evil/TencentKona-17/releases/download/x/', FILE],
    ['http://github.com/Tencent/TencentKona-17/releases/download/x/', FILE],
    [PLACE, `../../${FILE}`],
    [PLACE, `${FILE}?x=.tar.gz`],
    [PLACE, FILE.replace('tar.gz', 'pkg')],
    [PLACE, FILE.replace('x86_64', 'sparc')],
    [PLACE, FILE.replace('17.0.13', 'constructor')],
  ])('that names %s%s offers nothing', async (base, file) => {
    const request = asked('kona-17');
    await expect(ownOf('kona').releases(fakeUpstream(kona(base, file)), request)).rejects.toMatchObject({
      code: 'version-not-found',
      elsewhere: true,
    });
  });

  test('without a digest that proves anything offers nothing, and says why', async () => {
    for (const checksum of ['', 'x', 'a'.repeat(40)]) {
      const upstream = fakeUpstream(kona(PLACE, FILE, checksum));
      const [release] = await ownOf('kona').releases(upstream, asked('kona-17'));
      await expect(ownOf('kona').artifacts(upstream, release as never, asked('kona-17'))).rejects.toMatchObject({
        message: 'kona 17.0.13 is not offered: tencent.github.io has no SHA-256 or SHA-512 of the archive',
        elsewhere: true,
      });
    }
  });

  test('owns what it names, for that version, build, platform, vendor and image alone', () => {
    const at = `${PLACE}${FILE}`;
    const claim = { version: '17.0.13+9' as Version, platform: 'linux-x64', vendor: 'kona', at } as const;
    expect(ownOf('kona').owns(claim)).toEqual({ format: 'tar.gz', root: '*' });
    expect(ownOf('kona').owns({ ...claim, version: '17.0.1' as Version })).toBeUndefined();
    expect(ownOf('kona').owns({ ...claim, version: '17.0.13-ea+9' as Version })).toBeUndefined();
    expect(ownOf('kona').owns({ ...claim, platform: 'linux-arm64' })).toBeUndefined();
    expect(ownOf('kona').owns({ ...claim, variant: 'jre' })).toBeUndefined();
    expect(ownOf('kona').owns({ ...claim, vendor: 'zulu' })).toBeUndefined();
    const temurin = 'https://corretto.aws/downloads/resources/17.0.16.8.1/amazon-corretto-17.0.16.8.1-linux-x64.tar.gz';
    const other = { ...claim, vendor: 'corretto', at: temurin };
    expect(ownOf('corretto').owns({ ...other, version: '17.0.16+8' as Version })).toBeDefined();
    expect(ownOf('corretto').owns({ ...other, version: '17.0.16+7' as Version })).toBeUndefined();
  });

  test('of releases for general use is not asked for early ones', async () => {
    const upstream = fakeUpstream(kona(PLACE, FILE));
    await expect(ownOf('kona').releases(upstream, asked('kona-27-ea'))).rejects.toMatchObject({ elsewhere: true });
    expect(upstream.asked).toEqual([]);
  });

  test.each(['corretto', 'microsoft'])('of %s: its archives are signed, whoever lists them', (vendor) => {
    const at = VENDORS.find(([name]) => name === vendor)?.[2] ?? '';
    const claim = { version: '17.0.15' as Version, platform: 'linux-x64', vendor, at } as const;
    for (const source of [ownOf(vendor), sourceOf(vendor)]) expect(source.signature?.(claim)?.url).toBe(`${at}.sig`);
    expect(ownOf(vendor).signature?.(claim)?.keys).toEqual(sourceOf(vendor).signature?.(claim)?.keys);
  });
});

test("a digest beside the archive is the vendor's own, and one that Foojay repeats otherwise is refused", async () => {
  const [, , at] = VENDORS.find(([vendor]) => vendor === 'oracle') ?? ['', '', ''];
  const request = asked('oracle-17');
  const found = async (repeated: string, beside: string) => {
    const upstream = foojay(
      [entry('p1')],
      { p1: { direct_download_uri: at, checksum: repeated, checksum_type: 'sha256' } },
      { [`${at}.sha256`]: beside },
    );
    const [release] = await sourceOf('oracle').releases(upstream, request);
    return (await sourceOf('oracle').artifacts(upstream, release as never, request))[0]?.parts[0];
  };
  const proof = { kind: 'digest', by: 'download.oracle.com' };
  expect(await found(SHA256, SHA256)).toMatchObject({ digest: { value: SHA256 }, proof });
  expect(await found('', SHA256)).toMatchObject({ digest: { value: SHA256 }, proof });
  await expect(found('b'.repeat(64), SHA256)).rejects.toThrow(/is not the one that its vendor publishes/);
});

describe('recorded', () => {
  /** What of each sample is an archive for a platform of ours, and what the source makes of it. */
  const read = (vendor: string, text: string): readonly string[] => {
    const urls = text.match(/https:\/\/[^"]+\.(?:tar\.gz|zip)(?=")/g) ?? [];
    const { owns } = ownOf(vendor);
    const isNamed = (at: string): boolean =>
      VERSIONS.filter((version) => at.includes(version.split('.').at(-1) ?? '')).some((version) =>
        PLATFORMS.some((platform) => owns({ version, platform, vendor, at }) !== undefined),
      );
    return [...new Set(urls)].filter(isNamed);
  };
  const updates = Array.from({ length: 60 }, (_, update) => update);
  const VERSIONS = [8, 11, 17, 21, 25].flatMap((feature) =>
    [...updates, ...(feature === 8 ? updates.map((one) => 200 + one * 5 + 2) : [])].map(
      (update) => runtime.scheme.version(`${feature}.0.${update}`) as Version,
    ),
  );

  test.for([
    ['microsoft', 'microsoft-openjdk-versions', 200],
    ['jetbrains', 'jetbrains', 50],
    ['dragonwell', 'dragonwell', 50],
  ] as const)('archives of %s are known by their names', ([vendor, sample, least], { skip }) => {
    const text = recorded(`java/vendors/${sample}.json`) ?? skip(NOT_HERE);
    expect(read(vendor, text).length).toBeGreaterThan(least);
  });

  test.for([
    [
      'corretto',
      'corretto',
      'https://corretto.github.io/corretto-downloads/latest_links/indexmap_with_checksum.json',
      'corretto-17',
      '17.0.2+8',
      6,
    ],
    ['dragonwell', 'dragonwell', 'https://dragonwell-jdk.io/map_with_checksum.json', 'dragonwell-17', '17.0.5', 3],
    ['kona', 'kona', 'https://tencent.github.io/konajdk/releases/kona-v1.json', 'kona-21', '21.0.5', 4],
    ['semeru', 'semeru', 'https://api.adoptopenjdk.net/', 'semeru-17', '17.0.2+8', 1],
  ] as const)('the list of %s', async ([vendor, sample, url, text, version, least], { skip }) => {
    const list = recorded(`java/vendors/${sample}.json`) ?? skip(NOT_HERE);
    const files = new Proxy<Record<string, string>>(
      {},
      {
        get: (_, asked) =>
          String(asked).startsWith(url) ? (String(asked).includes('page=1') ? '[]' : list) : undefined,
      },
    );
    const upstream = fakeUpstream({ files }, { platform: vendor === 'semeru' ? 'linux-arm64' : 'linux-x64' });
    const request = asked(text);
    const release = selectRelease(runtime, request, await ownOf(vendor).releases(upstream, request));
    expect(release).toMatchObject({ version, vendor });
    const artifacts = await ownOf(vendor).artifacts(upstream, release as never, request);
    expect(artifacts.length).toBeGreaterThanOrEqual(least);
  });
});

describe('who built a linked JDK', () => {
  const tree = (...files: string[]) =>
    ({
      version: '17' as Version,
      platform: 'linux-x64',
      has: (path: string) => files.includes(path),
      list: () => [],
    }) as never;
  const read = (text: string, ...files: string[]) => runtime.probe.build?.read(text, tree(...files));

  test.each([
    ['Eclipse Adoptium', 'temurin'],
    ['Amazon.com Inc.', 'corretto'],
    ['Azul Systems, Inc.', 'zulu'],
    ['BellSoft', 'liberica'],
    ['Microsoft', 'microsoft'],
    ['SAP SE', 'sapmachine'],
    ['IBM Corporation', 'semeru'],
    ['GraalVM Community', 'graalvm-community'],
    ['JetBrains s.r.o.', 'jetbrains'],
    ['Alibaba', 'dragonwell'],
    ['Tencent', 'kona'],
    ['Oracle Corporation', 'oracle'],
    ['Debian', 'debian'],
    ['Private Build', 'private-build'],
  ])('%s is %s', (implementor, vendor) => {
    expect(read(`IMPLEMENTOR="${implementor}"\nJAVA_VERSION="17.0.15"\n`, 'bin/javac')).toEqual({ vendor });
  });

  test('a JRE is none, by its own word or because it has no compiler', () => {
    expect(read('IMPLEMENTOR="Debian"\n')).toEqual({ vendor: 'debian', variant: 'jre' });
    expect(read('IMPLEMENTOR="Eclipse Adoptium"\nIMAGE_TYPE="JRE"\n', 'bin/javac')).toEqual({
      vendor: 'temurin',
      variant: 'jre',
    });
    expect(read('', 'bin/javac')).toEqual({});
    expect(read('IMPLEMENTOR="N/A"\n', 'Contents/Home/bin', 'Contents/Home/bin/javac')).toEqual({});
  });
});
