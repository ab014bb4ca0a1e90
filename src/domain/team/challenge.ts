import { present } from '../words/present';

/** What a registry wants of who asks: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export type Challenge =
  | { readonly kind: 'bearer'; readonly realm: string; readonly service?: string }
  | { readonly kind: 'basic' };

/** The first challenge of a `WWW-Authenticate` that polyenv can answer, a token before a password; else `undefined`. */
export function parseChallenge(header: string): Challenge | undefined {
  const found = challengesIn(header.slice(0, LONGEST));
  for (const { scheme, values } of found) {
    const { realm, service } = values;
    if (scheme !== 'bearer' || realm === undefined) continue;
    return { kind: 'bearer', realm, ...present({ service }) };
  }
  return found.some(({ scheme }) => scheme === 'basic') ? { kind: 'basic' } : undefined;
}

const LONGEST = 4096;
const NAME = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";

function challengesIn(header: string): readonly {
  readonly scheme: string;
  readonly values: Readonly<Record<string, string>>;
}[] {
  const found: { scheme: string; values: Record<string, string> }[] = [];
  const words = new RegExp(`(${NAME})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]*))|(${NAME})`, 'g');
  for (const [, name, quoted, bare, scheme] of header.matchAll(words)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), values: {} });
    else if (name !== undefined) {
      const values = found.at(-1)?.values ?? {};
      values[name.toLowerCase()] ??= quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
    }
  }
  return found;
}
