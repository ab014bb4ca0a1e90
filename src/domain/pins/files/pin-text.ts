import type { Document } from '../../runtime/runtime';
import { PolyenvError } from '../../words/errors';
import { printable } from '../../words/printable';

export interface TextLine {
  /** Without comment and blanks around it; never empty. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** The lines that say something: `#` begins a comment wherever it stands. */
export function sayingLines(document: Document): readonly TextLine[] {
  return document.lines.flatMap((whole, index) => {
    const hash = whole.indexOf('#');
    const text = (hash === -1 ? whole : whole.slice(0, hash)).trim();
    return text === '' ? [] : [{ text, line: index + 1 }];
  });
}

/** `pin-file-invalid` at a line of the document. */
export function invalidPin(document: Document, line: number, message: string, hint = HINT): PolyenvError {
  return new PolyenvError('pin-file-invalid', printable(message), { where: { file: document.path, line }, hint });
}

const HINT = 'fix the line, or pin the version in polyenv.toml: polyenv use TOOL@VERSION';

/** A file that is there and says nothing, for `warnings`. */
export const SAYS_NOTHING = { text: 'the file names no version' };
