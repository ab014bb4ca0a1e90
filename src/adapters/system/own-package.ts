import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { integrityDigest } from '../../domain/runtime/digest';
import type { Host } from '../../host';
import type { OwnPackage } from '../documents/wrapper';
import { readTextIfAny } from '../files/fs';

const NAME = 'polyenv';

/** What npm wrote down when it installed this polyenv beside a project; `undefined` where it did not, as for a global one. */
export async function installedPackage(host: Host): Promise<OwnPackage | undefined> {
  const modules = modulesOf(host);
  if (modules === undefined) return undefined;
  try {
    const text = await readTextIfAny(join(modules, '.package-lock.json'));
    const { packages } = JSON.parse(text ?? '') as {
      readonly packages?: Readonly<Record<string, { readonly resolved?: unknown; readonly integrity?: unknown }>>;
    };
    const { resolved, integrity } = packages?.[`node_modules/${NAME}`] ?? {};
    if (typeof resolved !== 'string' || typeof integrity !== 'string' || !/^https?:/.test(resolved)) return undefined;
    const digest = integrityDigest(integrity);
    return digest === undefined ? undefined : { url: resolved, digest };
  } catch {
    return undefined;
  }
}

/** Whether npm, or one like it, installed this polyenv: only then a registry can be asked for it. */
export function isInstalledPackage(host: Host): boolean {
  return modulesOf(host) !== undefined;
}

/** The start of this polyenv, to tell whether a package holds the same. */
export function ownStart(host: Host): Promise<string> {
  return readFile(host.program, 'utf8');
}

function modulesOf(host: Host): string | undefined {
  const root = dirname(dirname(host.program));
  return root.endsWith(`/node_modules/${NAME}`) ? dirname(root) : undefined;
}
