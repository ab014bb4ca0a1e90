import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { quoted } from '../../domain/words/printable';

/** `archive-invalid`: the bytes are no whole archive. */
export function damaged(why: string, cause?: unknown): PolyenvError {
  return new PolyenvError('archive-invalid', `the archive ${why}`, {
    hint: 'try again: it may have been cut on the way',
    ...present({ cause }),
  });
}

/** `archive-refused`: the archive holds what no honest one does. Without a name, in a member whose name is not known. */
export function refused(name: string, why: string): PolyenvError {
  const member = name === '' ? 'a member of the archive' : `the archive's member ${quoted(name, 120)}`;
  return new PolyenvError('archive-refused', `${member} ${why}`, {
    hint: 'nothing was installed; report it to whoever publishes the archive',
  });
}
