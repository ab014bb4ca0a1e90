import { isBlobDigest } from '../../domain/team/manifest-reading';
import { INDEX, MANIFEST } from '../../domain/team/media-types';
import { type Registry, refusalOf } from './registry';

/** What an image may be: of one platform or of several, by OCI or as Docker has it. */
const ACCEPT = [
  INDEX,
  MANIFEST,
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** The digest of the image under a tag, for all its platforms; `undefined` where the registry has no such tag, or does not say it. */
export async function imageDigest(registry: Registry, tag: string): Promise<string | undefined> {
  const url = await registry.url(`manifests/${tag}`);
  const answer = await registry.ask('pull', { method: 'HEAD', url, headers: { accept: ACCEPT } });
  if (answer.status !== 200 && answer.status !== 404) throw await refusalOf(answer, `give ${tag}`);
  answer.drop();
  const digest = answer.headers['docker-content-digest'];
  return answer.status === 200 && isBlobDigest(digest) ? digest : undefined;
}
