/** A line as bash has it up to the cursor, taken apart. Nothing in it is expanded: `$(...)` is text. */
export interface BashLine {
  /** The words before the one at the cursor, without quotes; without assignments in front. */
  readonly words: readonly string[];
  /** The word at the cursor, without quotes. */
  readonly current: string;
  /** The quote that is still open there. */
  readonly quote: '"' | "'" | '';
}

export function splitBashLine(line: string): BashLine {
  const words: string[] = [];
  let current = '';
  let begun = false;
  let quote: BashLine['quote'] = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (begun) words.push(current);
      [current, begun] = ['', false];
      continue;
    }
    begun = true;
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === '\\' && quote !== "'") {
      at += 1;
      current += line[at] ?? '';
    } else current += character;
  }
  const start = words.findIndex((word) => !/^[A-Za-z_]\w*\+?=/.test(word));
  return { words: start === -1 ? words : words.slice(start), current, quote };
}

/**
 * What bash is to put in place of `replaced`, the end of the word at the cursor from which readline completes (`@2` of
 * `node@2`); `undefined` where an open quote cannot hold it.
 */
export function bashReply(word: string, { current, quote }: BashLine, replaced: string): string | undefined {
  const end = splitBashLine(replaced).current;
  const reply = current.endsWith(end) ? word.slice(current.length - end.length) : word;
  if (quote !== '') return /[^\w@%+=:,./<>~* -]/.test(reply) ? undefined : reply;
  return reply.replace(/[^\w@%+=:,./-]/gu, '\\$&');
}
