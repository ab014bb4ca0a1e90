import { MANIFEST_NAMES } from '../../domain/project/manifest';
import { readManifest } from '../project/manifests';

/** Names of the services that the folder's own manifests declare; none where they cannot be read. */
export async function declaredNames(folder: string): Promise<readonly string[]> {
  const manifests = await Promise.all(MANIFEST_NAMES.map((name) => readManifest(folder, name).catch(() => undefined)));
  return manifests.flatMap((one) => one?.manifest.services.map(({ name }) => name) ?? []);
}
