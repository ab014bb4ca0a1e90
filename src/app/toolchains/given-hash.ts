import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { PlatformRelease } from './platform-release';

/**
 * Holds a tree against the hash that the project gives for one file of it, where that is what the tool's own launcher hashes. The
 * archives' own hashes are held against the registry's. Throws `digest-mismatch`.
 */
export function checkGivenHash(release: Pick<PlatformRelease, 'runtime' | 'version' | 'options'>, root: string): void {
  const { runtime, version, options } = release;
  const file = runtime.hashedFile?.(version);
  const [kind = '', wanted] = options.checksum?.[0]?.split(':') ?? [];
  if (file === undefined || wanted === undefined) return;
  const found = createHash(kind)
    .update(readFileSync(join(root, file)))
    .digest('hex');
  // guard: given-hash
  if (found !== wanted) {
    throw new PolyenvError(
      'digest-mismatch',
      `${file} of ${runtime.id} ${version} has another ${kind} than the project says: ${found}`,
      { hint: 'find out which is right before you change package.json' },
    );
  }
}
