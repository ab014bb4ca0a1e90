import { PolyenvError } from './errors';
import { quoted } from './printable';

/** The text as one word of POSIX sh, bash and zsh: nothing in it is expanded. Throws `path-refused` for a NUL, which no shell can hold. */
export function quoteSh(text: string): string {
  refuseNul(text);
  // zsh expands `=name`, in assignments after every colon. A word of the grammar, such as `esac`, is read as itself only in quotes.
  const plain = /^[A-Za-z0-9_./:@%+,-]+$/.test(text) && !text.startsWith('-') && !RESERVED.has(text);
  // guard: quote-sh
  if (!plain) return `'${text.replaceAll("'", "'\\''")}'`;
  return text;
}

/** Of POSIX sh, bash and zsh. */
const RESERVED = new Set(
  'if then else elif fi do done case esac while until for in function select time coproc repeat foreach end nocorrect'.split(
    ' ',
  ),
);

/** The text as one word of fish, where a backslash is special between single quotes too. */
export function quoteFish(text: string): string {
  refuseNul(text);
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  // guard: quote-fish
  if (escaped !== text) return `'${escaped}'`;
  return `'${text}'`;
}

/**
 * As a value of a dotenv file. Its readers agree on little: single quotes hold everything for all of them; where these
 * cannot stand, double quotes with escapes hold it for those that know escapes, sh among them.
 */
export function quoteDotenv(text: string): string {
  refuseNul(text);
  if (!/['\r]|\\$/.test(text)) return `'${text}'`;
  // On one line: to a reader without escapes, a line of the value must not be another variable.
  return `"${text
    .replace(/[\\"$`]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')}"`;
}

function refuseNul(text: string): void {
  if (text.includes('\0'))
    throw new PolyenvError('path-refused', `${quoted(text)} has a NUL character, which no shell can hold`);
}
