import { describe, expect, it } from 'vitest';
import { type Digest, formatDigest } from '../../src/domain/runtime/digest';
import { PLATFORMS } from '../../src/domain/runtime/platform';
import type { Carried, CarriedArchive } from '../../src/domain/team/carried';
import {
  archiveManifest,
  blobOf,
  configOf,
  lockIndex,
  releaseIndex,
  type StoredArchive,
  toolchainManifest,
} from '../../src/domain/team/manifest';
import { archivesOf, besideIn, DOCUMENT_LIMITS, readDocument } from '../../src/domain/team/manifest-reading';
import { formatReference, parseReference } from '../../src/domain/team/reference';
import {
  archiveTag,
  escapeTagText,
  lockTag,
  releaseTag,
  tagKind,
  toolchainTag,
  unescapeTagText,
} from '../../src/domain/team/tag';
import type { Version } from '../../src/domain/versions/version';
import { fc } from '../support/seed';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

function sha256(text: string): Digest {
  return { kind: 'sha256', value: blobOf(text).digest.slice('sha256:'.length) };
}

function carry(changes: Partial<Omit<Carried, 'version'>> & { readonly version?: string } = {}): Carried {
  const { version = '20.11.1', ...rest } = changes;
  return {
    tool: 'node',
    version: version as Version,
    source: 'nodejs.org',
    platform: 'linux-x64',
    archives: [
      {
        part: {
          at: 'https://nodejs.org/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz',
          digest: sha256('archive'),
          size: 7,
          proof: { kind: 'digest', by: 'nodejs.org' },
        },
        format: 'tar.gz',
      },
    ],
    ...rest,
  };
}

function store(carried: Carried): readonly StoredArchive[] {
  return carried.archives.map((archive) => ({ ...archive, blob: blobOf('archive') }));
}

/** With their first, as the types cannot know. */
const archives = () => carry().archives as readonly [CarriedArchive, ...CarriedArchive[]];
const stores = (carried: Carried) => store(carried) as readonly [StoredArchive, ...StoredArchive[]];

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('1', '.', '+', '_', '-', 'a', '5', 'f', '/', 'é'), maxLength: 12 }),
);

describe('the text of a tag', () => {
  it('gives every text back, so that no two texts come out alike', () => {
    fc.assert(
      fc.property(words, (text) => {
        const escaped = escapeTagText(text);
        expect(escaped).toMatch(/^[A-Za-z0-9._-]*$/);
        expect(unescapeTagText(escaped)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('can be read: + is _, and the rest stays', () => {
    expect(escapeTagText('21.0.2+13')).toBe('21.0.2_13');
    expect(escapeTagText('21.0.2_13')).toBe('21.0.2..5f-13');
    expect(escapeTagText('1.88.0-beta.1')).toBe('1.88.0-beta.1');
    expect(toolchainTag(carry())).toMatch(/^node-20\.11\.1-linux-x64\.[0-9a-f]{12}$/);
    const java = carry({ tool: 'java', version: '21.0.2+13', vendor: 'temurin' });
    expect(toolchainTag(java)).toMatch(/^java-21\.0\.2_13-temurin-linux-x64\.[0-9a-f]{12}$/);
  });
});

describe('tags of toolchains', () => {
  const identity = fc.record(
    {
      version: words,
      vendor: words,
      variant: words,
      source: fc.constantFrom('nodejs.org', 'npm'),
      platform: fc.constantFrom(...PLATFORMS),
    },
    { requiredKeys: ['version', 'platform'] },
  );

  it('never meet unless all is equal, and are tags that every registry takes', () => {
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        const [one, other] = [toolchainTag(carry(a)), toolchainTag(carry(b))];
        expect(one).toMatch(TAG);
        expect(tagKind(one)).toBe('toolchain');
        expect(one === other).toBe(JSON.stringify(carry(a)) === JSON.stringify(carry(b)));
      }),
      { numRuns: 1000 },
    );
  });

  it('are apart where the names read alike', () => {
    const pairs: readonly (readonly [Carried, Carried])[] = [
      [carry({ version: '21.0.2+13' }), carry({ version: '21.0.2_13' })],
      [carry({ version: '1-a' }), carry({ version: '1', vendor: 'a' })],
      [carry({ version: '1', vendor: 'a' }), carry({ version: '1', variant: 'a' })],
      [carry({ version: `1.${'0'.repeat(200)}` }), carry({ version: `1.${'0'.repeat(201)}` })],
      [carry({ source: 'npm' }), carry()],
    ];
    for (const [a, b] of pairs) expect(toolchainTag(a)).not.toBe(toolchainTag(b));
  });

  it('keep the platform of a name that is too long', () => {
    const tag = toolchainTag(carry({ version: `1.${'0'.repeat(200)}`, platform: 'linux-arm64-musl' }));
    expect(tag).toMatch(TAG);
    expect(tag).toContain('-linux-arm64-musl.');
  });

  it('differ by parts: other components of the same version', () => {
    const [first] = archives();
    const second = { part: { ...first.part, digest: sha256('another') }, format: 'tar.gz' as const };
    expect(toolchainTag(carry({ archives: [first, second] }))).not.toBe(toolchainTag(carry()));
  });
});

describe('other tags', () => {
  it('name a lock by what it carries, whatever the order', () => {
    const [a, b] = [carry(), carry({ platform: 'darwin-arm64' })];
    expect(lockTag([a, b, a])).toBe(lockTag([b, a]));
    expect(lockTag([a])).not.toBe(lockTag([a, b]));
    expect(tagKind(lockTag([a]))).toBe('lock');
    expect(tagKind(releaseTag([a, b]))).toBe('release');
  });

  it('name an archive by a digest that no registry knows', () => {
    const sha512: Digest = { kind: 'sha512', value: 'ab'.repeat(64) };
    const h1: Digest = { kind: 'h1', value: `${'A'.repeat(42)}/=`.slice(0, 44) };
    expect(archiveTag(sha512)).toMatch(/^sha512-[A-Za-z0-9_-]{86}$/);
    expect(archiveTag({ kind: 'h1', value: Buffer.alloc(32, 0xff).toString('base64') })).toMatch(/^h1-_{42}8$/);
    expect(archiveTag(sha256('x'))).toBeUndefined();
    for (const digest of [sha512, h1]) expect(tagKind(archiveTag(digest) ?? '')).toBe('archive');
  });

  it('leave what others put into the repository alone', () => {
    for (const tag of ['latest', 'v1.2.3', 'node-20', 'lock-1', 'sha256-abc', 'node-20.11.1-linux-x64']) {
      expect(tagKind(tag)).toBeUndefined();
    }
  });
});

describe('manifests', () => {
  it('are the same bytes each time, without a time, keys sorted', () => {
    const again = JSON.parse(JSON.stringify(carry())) as Carried;
    const [one, other] = [carry(), again].map((carried) => toolchainManifest(carried, store(carried), 'artifact'));
    expect(one).toEqual(other);
    expect(one?.text).toBe(
      JSON.stringify({
        annotations: {
          'dev.polyenv.platform': 'linux-x64',
          'dev.polyenv.source': 'nodejs.org',
          'dev.polyenv.toolchain': 'node',
          'dev.polyenv.version': '20.11.1',
          'org.opencontainers.image.title': 'node 20.11.1 for linux-x64',
        },
        artifactType: 'application/vnd.polyenv.toolchain.v1',
        config: { digest: blobOf('{}').digest, mediaType: 'application/vnd.oci.empty.v1+json', size: 2 },
        layers: [
          {
            annotations: {
              'dev.polyenv.at': 'https://nodejs.org/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz',
              'dev.polyenv.digest': formatDigest(sha256('archive')),
              'dev.polyenv.proof': 'digest:nodejs.org',
              'org.opencontainers.image.title': 'node-v20.11.1-linux-x64.tar.gz',
            },
            digest: blobOf('archive').digest,
            mediaType: 'application/vnd.polyenv.archive.v1+gzip',
            size: 7,
          },
        ],
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        schemaVersion: 2,
      }),
    );
  });

  it('are read back', () => {
    const carried = carry();
    const keys = [{ blob: blobOf('key'), url: 'https://nodejs.org/key.asc' }];
    const signature = { blob: blobOf('signature'), url: 'https://nodejs.org/it.sig', keys };
    const stored = store(carried).map((archive) => ({ ...archive, signature }));
    const read = readDocument(toolchainManifest(carried, stored, 'artifact').text);
    if (!('kind' in read) || read.kind !== 'manifest') throw new Error('no manifest');
    expect(archivesOf(read.layers)).toEqual([{ digest: sha256('archive'), format: 'tar.gz', blob: blobOf('archive') }]);
    expect(besideIn(read.layers, 'https://nodejs.org/it.sig')).toEqual(blobOf('signature'));
    expect(besideIn(read.layers, 'https://nodejs.org/key.asc')).toEqual(blobOf('key'));
    expect(besideIn(read.layers, 'https://nodejs.org/other')).toBeUndefined();
  });

  it('have a form for registries that know images only, which is read the same', () => {
    const document = toolchainManifest(carry(), store(carry()), 'image');
    const value = JSON.parse(document.text) as { config: { mediaType: string }; artifactType?: string };
    expect(value.artifactType).toBeUndefined();
    expect(value.config.mediaType).toBe('application/vnd.oci.image.config.v1+json');
    expect(JSON.parse(configOf('image').text)).toMatchObject({ rootfs: { type: 'layers' } });
    expect(readDocument(document.text)).toMatchObject({ kind: 'manifest' });
  });

  it('give every file a name of its own', () => {
    const [first] = archives();
    const carried = carry({ archives: [first, first, { ...first, part: { ...first.part, at: 'npm:@a/b@1' } }] });
    const value = JSON.parse(toolchainManifest(carried, store(carried), 'artifact').text) as {
      layers: { annotations: Record<string, string> }[];
    };
    const titles = value.layers.map(({ annotations }) => annotations['org.opencontainers.image.title'] ?? '');
    expect(new Set(titles).size).toBe(3);
    for (const title of titles) expect(title).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/);
  });

  it('name an archive by another digest without saying whose it is: projects share it', () => {
    const digest: Digest = { kind: 'sha512', value: 'ab'.repeat(64) };
    const [archive] = stores(carry());
    const text = archiveManifest({ ...archive, part: { ...archive.part, digest } }, 'artifact').text;
    expect(text).not.toContain('nodejs.org');
    const read = readDocument(text);
    if (!('kind' in read) || read.kind !== 'manifest') throw new Error('no manifest');
    expect(archivesOf(read.layers)).toMatchObject([{ digest, blob: blobOf('archive') }]);
  });
});

describe('indexes', () => {
  const entries = PLATFORMS.map((platform) => ({ carried: carry({ platform }), manifest: blobOf(platform) }));

  it('say nothing of an artefact type in their members: tools that copy would change the digest', () => {
    for (const index of [lockIndex(entries), releaseIndex(entries)]) {
      const { manifests } = JSON.parse(index.text) as { manifests: readonly Record<string, unknown>[] };
      expect(manifests).toHaveLength(PLATFORMS.length);
      for (const row of manifests) expect(row).not.toHaveProperty('artifactType');
    }
  });

  it('do not depend on the order in which they were made', () => {
    expect(lockIndex(entries.toReversed()).digest).toBe(lockIndex(entries).digest);
  });

  it('say the C library as others do', () => {
    expect(lockIndex(entries).text).toContain(
      '"platform":{"architecture":"amd64","os":"linux","os.features":["musl"]}',
    );
  });

  it('are read back', () => {
    const read = readDocument(lockIndex(entries).text);
    if (!('kind' in read) || read.kind !== 'index') throw new Error('no index');
    expect(read.manifests.map(({ digest }) => digest).toSorted()).toEqual(
      entries.map(({ manifest }) => manifest.digest).toSorted(),
    );
  });
});

describe('what comes from elsewhere', () => {
  it('is refused where it is no manifest', () => {
    const layer = { mediaType: 'a/b', digest: blobOf('x').digest, size: 1 };
    const bad: readonly unknown[] = [
      '',
      '<html>',
      'null',
      '[]',
      { schemaVersion: 1, layers: [] },
      { schemaVersion: 2 },
      { schemaVersion: 2, mediaType: 'text/html', layers: [] },
      { schemaVersion: 2, layers: [], config: 3 },
      { schemaVersion: 2, layers: [{ ...layer, digest: 'sha256:../../etc' }], config: layer },
      { schemaVersion: 2, layers: [{ ...layer, digest: `sha256:${'A'.repeat(64)}` }], config: layer },
      { schemaVersion: 2, layers: [{ ...layer, size: -1 }], config: layer },
      { schemaVersion: 2, layers: [{ ...layer, size: 1.5 }], config: layer },
      { schemaVersion: 2, layers: [{ ...layer, annotations: { a: 1 } }], config: layer },
      { schemaVersion: 2, layers: Array(DOCUMENT_LIMITS.members + 1).fill(layer), config: layer },
      ' '.repeat(DOCUMENT_LIMITS.bytes + 1),
    ];
    for (const value of bad) {
      expect(readDocument(typeof value === 'string' ? value : JSON.stringify(value))).toHaveProperty('problem');
    }
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void readDocument(JSON.stringify(value))));
    fc.assert(fc.property(fc.string(), (text) => void readDocument(text)));
  });
});

describe('references', () => {
  it('are a host and a repository, and come back as they were', () => {
    for (const text of [
      'registry.example/team/toolchains',
      'registry.example:5000/a',
      'localhost/a',
      'localhost:5000/a-b/c__d',
      '[::1]:5000/team/tools',
      'https://registry.example/a.b',
      'http://127.0.0.1:5000/a',
    ]) {
      const found = parseReference(text);
      expect(found).not.toHaveProperty('problem');
      expect('host' in found && formatReference(found)).toBe(text);
    }
  });

  it('are refused with the reason', () => {
    const reasons = {
      '': 'HOST/REPOSITORY',
      'registry.example': 'HOST/REPOSITORY',
      'registry.example/': 'small letters',
      'team/tools': 'no full name of a host',
      'registry.example/Team': 'small letters',
      'registry.example/a:latest': 'tag',
      'registry.example/a@sha256:00': 'digest',
      'https://ci:secret@registry.example/a': 'password',
      'registry.example/../a': 'small letters',
      'registry.example/a//b': 'small letters',
      'ftp://registry.example/a': 'host',
      'registry.example:99999/a': 'host',
      'regis try.example/a': 'host',
      [`registry.example/${'a'.repeat(256)}`]: 'small letters',
    };
    for (const [text, why] of Object.entries(reasons)) {
      const found = parseReference(text);
      expect('problem' in found ? found.problem : text).toContain(why);
    }
  });
});
