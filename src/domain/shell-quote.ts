import { PolyenvError } from './errors';
import { quoted } from './printable';

/** The text as one word of POSIX sh, bash and zsh: nothing in it is expanded. Throws `path-refused` for a NUL, which no shell can hold. */
export function quoteSh(text: string): string {
  refuseNul(text);
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) && !text.startsWith('-') && !text.startsWith('=')
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The text as one word of fish, where a backslash is special between single quotes too. */
export function quoteFish(text: string): string {
  refuseNul(text);
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** As a value of a dotenv file: in double quotes, with the escapes that its readers share. */
export function quoteDotenv(text: string): string {
  refuseNul(text);
  return `"${text
    .replace(/[\\"$`]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')}"`;
}

function refuseNul(text: string): void {
  if (text.includes('\0'))
    throw new PolyenvError('path-refused', `${quoted(text)} has a NUL character, which no shell can hold`);
}
