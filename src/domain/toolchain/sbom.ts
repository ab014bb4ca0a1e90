import { createHash } from 'node:crypto';
import type { Part } from '../runtime/artifact';
import { parseLocator } from '../runtime/locator';
import type { PlatformKey } from '../runtime/platform';
import type { Version } from '../versions/version';
import type { ToolId } from '../words/tool-id';
import { formatProof } from './proof-kinds';

/** A runtime that a project runs on, with the archives that it is made of. */
export interface Component {
  readonly tool: ToolId;
  readonly title: string;
  readonly version: Version;
  readonly vendor?: string;
  readonly platform: PlatformKey;
  /** The source's id, or the manager's name of a linked one. */
  readonly source: string;
  /** Who publishes what the source has. */
  readonly supplier?: string;
  /** SPDX expression. */
  readonly license?: string;
  readonly homepage: string;
  /** Empty for a linked one: nobody proved its bytes. */
  readonly parts: readonly Part[];
  readonly installed: 'yes' | 'no' | 'linked';
}

/** A bill of materials, before it has a format. */
export interface Bill {
  /** The project's name. */
  readonly project: string;
  readonly components: readonly Component[];
  readonly created: Date;
  /** polyenv's own version. */
  readonly generator: string;
}

/** https://github.com/package-url/purl-spec: the registry's package where it is one, else a generic one with its archive. */
export function packageUrl({ tool, version }: Pick<Component, 'tool' | 'version'>, part?: Part): string {
  const found = part === undefined ? undefined : parseLocator(part.at);
  if (found?.registry === 'npm') return `pkg:npm/${pathOf(found.name)}@${encode(found.version)}`;
  if (found?.registry === 'goproxy') return `pkg:golang/${pathOf(found.module)}@${encode(found.version)}`;
  if (found?.registry === 'pypi') {
    return `pkg:pypi/${encode(found.name)}@${encode(found.version)}?file_name=${encode(found.file)}`;
  }
  if (found !== undefined) {
    const { group, artifact, version: exact, classifier, extension } = found;
    const more = classifier === undefined ? '' : `classifier=${encode(classifier)}&`;
    return `pkg:maven/${encode(group)}/${encode(artifact)}@${encode(exact)}?${more}type=${encode(extension)}`;
  }
  const base = `pkg:generic/${encode(tool)}@${encode(version)}`;
  if (part === undefined) return base;
  const checksum = part.digest.kind === 'h1' ? '' : `checksum=${part.digest.kind}:${part.digest.value}&`;
  return `${base}?${checksum}download_url=${encode(part.at)}`;
}

/** SPDX 2.3: https://spdx.github.io/spdx-spec/v2.3/ */
export function renderSpdx(bill: Bill): string {
  const packages = bill.components.flatMap(spdxPackages);
  const contains = bill.components.flatMap((component) =>
    component.parts.length < 2
      ? []
      : component.parts.map((_, index) => ({
          spdxElementId: spdxId(component),
          relationshipType: 'CONTAINS',
          relatedSpdxElement: spdxId(component, index),
        })),
  );
  const identity = createHash('sha256').update(JSON.stringify(bill)).digest('hex').slice(0, 32);
  return json({
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: bill.project,
    documentNamespace: `https://spdx.org/spdxdocs/polyenv-${encode(bill.project)}-${identity}`,
    creationInfo: { created: seconds(bill.created), creators: [`Tool: polyenv-${bill.generator}`] },
    packages,
    relationships: [
      ...bill.components.map((component) => ({
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBES',
        relatedSpdxElement: spdxId(component),
      })),
      ...contains,
    ],
  });
}

/** CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/ */
export function renderCycloneDx(bill: Bill): string {
  const hash = createHash('sha256').update(JSON.stringify(bill)).digest('hex');
  const root = `project:${bill.project}`;
  return json({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`,
    version: 1,
    metadata: {
      timestamp: seconds(bill.created),
      tools: { components: [{ type: 'application', name: 'polyenv', version: bill.generator }] },
      component: { type: 'application', name: bill.project, 'bom-ref': root },
    },
    components: bill.components.map(cycloneComponent),
    dependencies: [
      { ref: root, dependsOn: bill.components.map((component) => reference(component)) },
      ...bill.components.map((component) => ({ ref: reference(component), dependsOn: [] })),
    ],
  });
}

function spdxPackages(component: Component): readonly object[] {
  const [only] = component.parts;
  if (component.parts.length < 2) return [spdxPackage(component, spdxId(component), only)];
  return [
    spdxPackage(component, spdxId(component), undefined),
    ...component.parts.map((part, index) => spdxPackage(component, spdxId(component, index), part)),
  ];
}

function spdxPackage(component: Component, id: string, part: Part | undefined): object {
  const { tool, version, supplier, license, homepage } = component;
  const hashed = part !== undefined && part.digest.kind !== 'h1';
  return {
    SPDXID: id,
    name: tool,
    versionInfo: version,
    ...(supplier !== undefined && { supplier: `Organization: ${supplier}` }),
    downloadLocation: part !== undefined && parseLocator(part.at) === undefined ? part.at : 'NOASSERTION',
    filesAnalyzed: false,
    ...(hashed && { checksums: [{ algorithm: part.digest.kind.toUpperCase(), checksumValue: part.digest.value }] }),
    homepage,
    ...(part !== undefined && { sourceInfo: `${part.at}, proved by ${formatProof(part.proof)}` }),
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: license ?? 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    comment: remark(component, part),
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: packageUrl(component, part),
      },
    ],
    primaryPackagePurpose: 'APPLICATION',
  };
}

function remark({ platform, source, installed, vendor }: Component, part: Part | undefined): string {
  const where = installed === 'linked' ? `linked from ${source}, not verified` : `from ${source}`;
  return [
    `for ${platform}`,
    ...(vendor === undefined ? [] : [`by ${vendor}`]),
    where,
    ...(installed === 'no' ? ['locked, not installed here'] : []),
    ...(part?.digest.kind === 'h1' ? [`h1:${part.digest.value}`] : []),
  ].join('; ');
}

function cycloneComponent(component: Component): object {
  const { tool, title, version, supplier, license, homepage, parts, platform, source, installed, vendor } = component;
  const [only] = parts;
  const single = parts.length === 1 ? only : undefined;
  const properties = [
    ['polyenv:platform', platform],
    ['polyenv:source', source],
    ['polyenv:installed', installed],
    ...(vendor === undefined ? [] : [['polyenv:vendor', vendor]]),
    ...parts.map((part) => ['polyenv:proof', `${part.at} ${formatProof(part.proof)}`]),
    ...parts.flatMap(({ digest }) => (digest.kind === 'h1' ? [['polyenv:h1', `h1:${digest.value}`]] : [])),
  ];
  return {
    type: 'platform',
    'bom-ref': reference(component),
    name: tool,
    version,
    description: title,
    ...(supplier !== undefined && { supplier: { name: supplier } }),
    ...(single !== undefined && { hashes: hashesOf(single) }),
    ...(license !== undefined && { licenses: [{ expression: license }] }),
    purl: packageUrl(component, single),
    externalReferences: [
      { type: 'website', url: homepage },
      ...parts.map((part) => ({ type: 'distribution', url: part.at, hashes: hashesOf(part) })),
    ],
    properties: properties.map(([name, value]) => ({ name, value })),
  };
}

function hashesOf({ digest }: Part): readonly object[] {
  if (digest.kind === 'h1') return [];
  return [{ alg: digest.kind === 'sha256' ? 'SHA-256' : 'SHA-512', content: digest.value }];
}

function reference({ tool, version, platform }: Component): string {
  return `${tool}@${version}:${platform}`;
}

/** Letters, digits, dots and hyphens only. */
function spdxId({ tool, version, platform }: Component, part?: number): string {
  const name = `${tool}-${version}-${platform}${part === undefined ? '' : `-part${part + 1}`}`;
  return `SPDXRef-${name.replace(/[^A-Za-z0-9.-]/g, '-')}`;
}

function pathOf(name: string): string {
  return name.split('/').map(encode).join('/');
}

/** Percent-encoding as package URLs have it: a colon stays. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}

/** Both formats know no fractions. */
function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
