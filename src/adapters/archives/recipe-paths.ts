import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';

/** Of a recipe: ours, but checked all the same. */
export function partsOf(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.startsWith('/') || path.includes('\0')) {
    throw new PolyenvError('path-refused', `${quoted(path)} is no place in a toolchain`);
  }
  return parts;
}

/** `*` within a name, `**` across folders. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*\*\/?|\*|[^*]/g, (piece) => {
    if (piece === '**/') return '(?:.*/)?';
    if (piece === '**') return '.*';
    return piece === '*' ? '[^/]*' : piece.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
