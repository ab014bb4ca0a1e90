import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny } from '../../adapters/files/fs';

/** What is installed, as `name==version`, read from the folder without running anything: pip itself is made with it. */
export async function packagesIn(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const library of folders(join(path, 'lib')).filter((name) => /^(?:python|pypy)/.test(name))) {
    const site = join(path, 'lib', library, 'site-packages');
    for (const name of folders(site).filter((entry) => entry.endsWith('.dist-info'))) {
      const line = requirementOf(
        (await readTextIfAny(join(site, name, 'METADATA'))) ?? '',
        await readTextIfAny(join(site, name, 'direct_url.json')),
      );
      if (line !== undefined) found.push(line);
    }
  }
  return [...new Set(found)].sort();
}

const MADE_WITH_IT = new Set(['pip', 'setuptools', 'wheel']);

/** https://packaging.python.org/en/latest/specifications/core-metadata/ and .../direct-url/ */
function requirementOf(metadata: string, direct: string | undefined): string | undefined {
  const name = /^Name:\s*([A-Za-z0-9._-]+)\s*$/m.exec(metadata)?.[1];
  const version = /^Version:\s*([A-Za-z0-9.!+_-]+)\s*$/m.exec(metadata)?.[1];
  if (name === undefined || version === undefined || MADE_WITH_IT.has(name.toLowerCase())) return undefined;
  return directRequirement(name, direct) ?? `${name}==${version}`;
}

function directRequirement(name: string, direct: string | undefined): string | undefined {
  try {
    const value = JSON.parse(direct ?? '') as {
      url?: unknown;
      dir_info?: { editable?: unknown };
      vcs_info?: { vcs?: unknown; commit_id?: unknown };
    };
    if (typeof value.url !== 'string' || !/^[a-z+]+:\/\/[^\s]+$/i.test(value.url)) return undefined;
    if (value.dir_info?.editable === true) return `-e ${value.url}`;
    const { vcs, commit_id: commit } = value.vcs_info ?? {};
    return typeof vcs === 'string' && typeof commit === 'string'
      ? `${name} @ ${vcs}+${value.url}@${commit}`
      : `${name} @ ${value.url}`;
  } catch {
    return undefined;
  }
}

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
