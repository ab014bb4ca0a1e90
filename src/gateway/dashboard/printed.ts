import { stripVTControlCharacters } from 'node:util';

const LONGEST = 4096;

/** A line of a program as it may stand on a page: without what moves a terminal's cursor, and not endless. */
export function printedLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, LONGEST);
}
