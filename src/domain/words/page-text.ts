/** A page of Markdown as a terminal shows it: no marks, headings painted, tables as rows of cells. */
export interface PagePaint {
  readonly heading: (text: string) => string;
  readonly code: (text: string) => string;
  readonly table: (rows: readonly (readonly string[])[]) => string;
}

export function pageText(markdown: string, paint: PagePaint): string {
  const lines = markdown.replace(/<!--[\s\S]*?-->\n*/g, '').split('\n');
  const shown: string[] = [];
  let fenced = false;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line.startsWith('```')) fenced = !fenced;
    else if (fenced) shown.push(paint.code(`  ${line}`));
    else if (line.startsWith('|')) {
      const rows: (readonly string[])[] = [];
      for (; lines[index]?.startsWith('|'); index++) rows.push(cellsOf(lines[index] ?? ''));
      index -= 1;
      shown.push(paint.table(rows.filter((cells) => !cells.every((cell) => /^:?-*:?$/.test(cell)))));
    } else if (/^#+ /.test(line)) shown.push(paint.heading(plainWords(line.replace(/^#+ /, ''))));
    else shown.push(plainWords(line));
  }
  return `${shown
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

/** Links by their words, and no marks of code or weight. */
export function plainWords(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replaceAll('`', '');
}

/** `\|` in a cell is no border. */
function cellsOf(line: string): readonly string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => plainWords(cell.trim().replaceAll('\\|', '|')));
}
