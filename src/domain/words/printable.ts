/**
 * The text with everything escaped that could act on a terminal or hide itself from a reader: control characters (ESC,
 * CR, LF and TAB too), bidirectional and invisible format characters, line separators, lone surrogates. For one line.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** As `printable`, but line feeds and tabs stay: for text that may have several lines. */
export function printableLines(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  );
}

/** Whether `printable` would leave the text as it is. */
export function isPrintable(text: string): boolean {
  return text.search(UNSAFE) === -1;
}

/** Between double quotes, printable, cut to `limit` characters: for naming a value in a message. */
export function quoted(text: string, limit = 80): string {
  const characters = [...text.slice(0, limit * 2)];
  const cut = characters.length > limit || text.length > limit * 2;
  const shown = cut ? `${characters.slice(0, limit).join('')}...` : text;
  return `"${printable(shown.replaceAll('\\', '\\\\').replaceAll('"', '\\"'))}"`;
}

/** Cc, Cf (bidi, zero width, byte order mark, tags), Cs (lone surrogates), Co, Cn, Zl, Zp, and the Hangul fillers, which show nothing. */
const UNSAFE = /\p{C}|\p{Zl}|\p{Zp}|\u115F|\u1160|\u3164|\uFFA0/gu;

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x0a) return '\\n';
  if (code === 0x0d) return '\\r';
  if (code === 0x09) return '\\t';
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
