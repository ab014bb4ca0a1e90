import type { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { describePlace } from '../../domain/words/sourced';

/** One thing that is not as it should be, and the command that fixes it. */
export interface Finding {
  readonly kind: string;
  readonly level: 'error' | 'warning' | 'note';
  readonly message: string;
  /** `FILE:LINE`, or a path. */
  readonly where?: string;
  readonly hint: string;
  /** Safe: loses nothing that cannot be had again, and writes in no file that a person wrote. */
  readonly fix?: () => Promise<void>;
}

/** A file that cannot be read, as what else is wrong is reported. */
export function unreadable({ message, where, hint }: Pick<PolyenvError, 'message' | 'where' | 'hint'>): Finding {
  const place = where === undefined ? undefined : describePlace(where);
  return { kind: 'unreadable', level: 'error', message, ...present({ where: place }), hint: hint ?? 'fix the file' };
}
