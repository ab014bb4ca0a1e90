import { PolyenvError } from '../../words/errors';
import { quoted } from '../../words/printable';

/** Characters of a request; more is refused before anything reads it, so that no pattern can be made slow. */
export const LONGEST_REQUEST = 256;

/**
 * The request without blanks around it, after the checks that hold for every ecosystem: length, the characters that
 * any grammar of requests has, no `..`, no dash in front. Throws `request-invalid`.
 */
export function cleanRequest(text: string): string {
  if (text.length > LONGEST_REQUEST) {
    throw invalidRequest(text, `it has ${text.length} characters, and at most ${LONGEST_REQUEST} are read`);
  }
  const bad = FOREIGN.exec(text);
  if (bad !== null) throw invalidRequest(text, `${quoted(bad[0])} (character ${bad.index + 1}) cannot stand in one`);
  if (text.includes('..')) throw invalidRequest(text, 'it holds ".."');
  if (!tabsStandBesideOperators(text)) throw invalidRequest(text, 'it holds a tab');
  const clean = text.replace(/\t/g, ' ').trim();
  if (clean === '') throw invalidRequest(text, 'it is empty', 'write a version, or `latest`');
  if (clean.startsWith('-')) throw invalidRequest(text, 'it starts with a dash');
  return clean;
}

/**
 * What remains after `prefix:` and `latest:` of other managers, which mean the newest of a prefix. Their other forms
 * (`ref:`, `path:`, `sub-1:` ...) throw `request-unsupported`, by name.
 */
export function withoutForm(text: string): string {
  const form = /^([A-Za-z][A-Za-z0-9-]*):/.exec(text)?.[1];
  if (form === undefined) return text;
  if (form === 'prefix' || form === 'latest') return cleanRequest(text.slice(form.length + 1));
  throw unsupportedRequest(text, `the form ${form}: is not offered`);
}

export function invalidRequest(text: string, reason: string, hint = HINT): PolyenvError {
  return new PolyenvError('request-invalid', `${quoted(text)} is no version request: ${reason}`, { hint });
}

export function unsupportedRequest(text: string, reason: string): PolyenvError {
  return new PolyenvError('request-unsupported', `${quoted(text)} cannot be asked for: ${reason}`, { hint: HINT });
}

const HINT = 'write a version, a prefix such as 20, a range, or a name such as latest';

const FOREIGN = /[^0-9A-Za-z.+\-_*~^<>=!|,/:@ \t]/;

/** A tab is a blank of ranges (`<\t2.0`), never a separator of words, as which a shell or a list would take it. */
function tabsStandBesideOperators(text: string): boolean {
  return [...text.matchAll(/[ \t]*\t[ \t]*/g)].every((gap) => {
    const before = text[gap.index - 1];
    const after = text[gap.index + gap[0].length];
    return [before, after].some((neighbour) => neighbour !== undefined && '<>=~^!|,'.includes(neighbour));
  });
}
