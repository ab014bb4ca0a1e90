import { join } from 'node:path';
import { parseToml } from '../../adapters/documents/toml';
import { readTextIfAny } from '../../adapters/files/fs';
import { decodeManifest, MANIFEST_LIMIT, type Manifest } from '../../domain/project/manifest';
import { loadRuntimes } from '../base/registry';

/** A manifest's text and meaning. */
export interface ReadManifest {
  readonly path: string;
  readonly text: string;
  readonly manifest: Manifest;
}

/** The folder's manifest of that name, or `undefined` if there is none. Throws `manifest-invalid` with the line. */
export async function readManifest(folder: string, file: string): Promise<ReadManifest | undefined> {
  const path = join(folder, file);
  const text = await readTextIfAny(path);
  return text === undefined ? undefined : { path, text, manifest: await decodeManifestText(text, path) };
}

export async function decodeManifestText(text: string, path: string): Promise<Manifest> {
  const runtimes = await loadRuntimes();
  return decodeManifest({ ...parseToml(text, path, { limit: MANIFEST_LIMIT }), runtimes });
}
