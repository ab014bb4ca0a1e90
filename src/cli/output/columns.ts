/** Rows as aligned columns, two blanks apart, nothing after the last. Cells may hold colour. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      const width = lineWidth(cell);
      // One very long cell, a list of mirrors, would push the rest of every other line out of sight.
      if (width <= WIDEST) widths[index] = Math.max(widths[index] ?? 0, width);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + ' '.repeat(Math.max(0, (widths[index] ?? 0) - lineWidth(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const WIDEST = 100;

/** Characters that a line takes on a terminal. */
export function lineWidth(cell: string): number {
  // biome-ignore lint/complexity/useRegexLiterals: a literal with an escape character is harder to read
  return [...cell.replace(new RegExp('\u001b\\[[0-9;]*m', 'g'), '')].length;
}

/** `45.2 MB`: decimal, as download pages count. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let rest = bytes;
  let unit = '';
  for (const next of units) {
    if (rest < 1000) break;
    rest /= 1000;
    unit = next;
  }
  return `${rest < 10 ? rest.toFixed(1) : Math.round(rest)} ${unit}`;
}

/** `0.8 s`, `12 s`, `3 min 20 s`. */
export function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
