import type { Host } from '../../host';

/** What Node shows of bytes that are no UTF-8. */
const LOST = '\ufffd';

/**
 * The same program, started by way of sh where words that polyenv was called with are no UTF-8: Node can neither read nor
 * hand on such bytes, and sh makes them anew. As it was where the system does not tell them.
 */
export function withRawArguments<T extends { readonly file: string; readonly args: readonly string[] }>(
  host: Pick<Host, 'argv' | 'rawArguments'>,
  program: T,
): T {
  if (!program.args.some((word) => word.includes(LOST))) return program;
  const given = host.rawArguments();
  if (given === undefined) return program;
  const raw = given.slice(-host.argv.length);
  const used = new Set<number>();
  const made: string[] = [];
  const words = program.args.map((word, position) => {
    const index = host.argv.findIndex((one, at) => one === word && !used.has(at) && isLost(raw[at]));
    const bytes = raw[index];
    if (bytes === undefined) return `"\${${position + 1}}"`;
    used.add(index);
    const name = `__polyenv_${made.length}`;
    // The mark at the end keeps line breaks, which a substitution would drop.
    made.push(`${name}=$(printf '${octal(bytes)}x') ${name}=\${${name}%x}\n`);
    return `"$${name}"`;
  });
  if (made.length === 0) return program;
  return {
    ...program,
    file: '/bin/sh',
    args: ['-c', `${made.join('')}exec "$0" ${words.join(' ')}`, program.file, ...program.args],
  };
}

function isLost(bytes: Buffer | undefined): boolean {
  return bytes !== undefined && !Buffer.from(bytes.toString('utf8')).equals(bytes);
}

function octal(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
