import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import type { ReleaseNode } from './node';

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly integrity?: string;
  readonly license?: string;
}

/** Everything that is inside an archive: polyenv, the packages bundled into it, and each platform's Node. CycloneDX 1.6. */
export async function makeBill(options: {
  readonly root: string;
  readonly folder: string;
  readonly version: string;
  readonly nodes: readonly ReleaseNode[];
}): Promise<void> {
  const { root, folder, version, nodes } = options;
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const own = new Models.Component(Enums.ComponentType.Application, 'polyenv', {
    version,
    bomRef: `polyenv@${version}`,
  });
  const bill = new Models.Bom({ metadata: new Models.Metadata({ component: own }) });
  for (const [path, { version: has, dev, integrity, license }] of Object.entries(packages)) {
    const name = path.split('node_modules/').at(-1) ?? '';
    if (path === '' || dev || has === undefined) continue;
    const component = new Models.Component(Enums.ComponentType.Library, name, {
      version: has,
      bomRef: `${path}@${has}`,
      purl: purl('npm', name, has),
      hashes: hashesOf(integrity),
    });
    if (license !== undefined) component.licenses.add(new Models.NamedLicense(license));
    bill.components.add(component);
    own.dependencies.add(component.bomRef);
  }
  for (const { platform, version: has, at, digest, proof } of nodes) {
    const component = new Models.Component(Enums.ComponentType.Platform, 'node', {
      version: has,
      bomRef: `node@${has}:${platform}`,
      purl: `pkg:generic/node@${has}?platform=${platform}`,
      description: `for ${platform}, from ${at}, proved by ${proof}`,
      hashes: hashesOfDigest(digest),
    });
    bill.components.add(component);
    own.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  writeFileSync(
    join(folder, `polyenv-${version}.cdx.json`),
    `${serializer.serialize(bill, { sortLists: true, space: 2 })}\n`,
  );
}

/** https://github.com/package-url/purl-spec */
function purl(type: string, name: string, version: string): string {
  return `pkg:${type}/${name.split('/').map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}`;
}

function hashesOf(integrity: string | undefined): Models.HashDictionary {
  const [kind, base64] = (integrity ?? '').split('-');
  const value = Buffer.from(base64 ?? '', 'base64').toString('hex');
  return hashesOfDigest(kind !== undefined && value !== '' ? `${kind}:${value}` : '');
}

function hashesOfDigest(digest: string): Models.HashDictionary {
  const [kind, value] = digest.split(':');
  const known = { sha256: Enums.HashAlgorithm['SHA-256'], sha512: Enums.HashAlgorithm['SHA-512'] } as const;
  const algorithm = known[kind as keyof typeof known];
  return new Models.HashDictionary(algorithm === undefined || value === undefined ? [] : [[algorithm, value]]);
}
