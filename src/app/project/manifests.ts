import { join } from 'node:path';
import { parseToml } from '../../adapters/documents/toml';
import { readTextIfAny } from '../../adapters/files/fs';
import { understand } from '../../domain/pins/precedence';
import { decodeManifest, MANIFEST_LIMIT, type Manifest } from '../../domain/project/manifest';
import type { ManifestPin } from '../../domain/project/manifest-pins';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
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

async function decodeManifestText(text: string, path: string): Promise<Manifest> {
  const runtimes = await loadRuntimes();
  return decodeManifest({ ...parseToml(text, path, { limit: MANIFEST_LIMIT }), runtimes });
}

/** What the services of a manifest ask for by a version of their own. */
export async function serviceRequests(manifest: Manifest | undefined): Promise<readonly ToolRequest[]> {
  const pins = (manifest?.services ?? []).flatMap(({ tool, version }) =>
    version === undefined ? [] : [{ tool, version, options: {} }],
  );
  return understood(pins);
}

/** What a manifest asks for in all. */
export async function manifestRequests(manifest: Manifest | undefined): Promise<readonly ToolRequest[]> {
  return [...(await understood(manifest?.runtimes ?? [])), ...(await serviceRequests(manifest))];
}

/** Without those that cannot be understood: their errors are reported where they are used. */
async function understood(
  pins: readonly Pick<ManifestPin, 'tool' | 'version' | 'vendor' | 'options'>[],
): Promise<readonly ToolRequest[]> {
  const runtimes = await loadRuntimes();
  return pins.flatMap(({ tool, version, vendor, options }) => {
    const runtime = runtimes.find(({ id }) => id === tool);
    try {
      return runtime === undefined ? [] : [understand(runtime, { text: version, options, ...present({ vendor }) })];
    } catch (error) {
      if (error instanceof PolyenvError) return [];
      throw error;
    }
  });
}
