import { describe, expect, it } from 'vitest';
import { type Row, runRow } from './row';

/** Rows in their short form, as tests; `npm run test:faults` walks through all of them. */
export function testQuickly(rows: readonly Row[]): void {
  describe('polyenv withstands', () => {
    const named = rows.map((row) => [`${row.id}: ${row.what}`, row] as const);
    it.for(named)('%s', { timeout: 300_000 }, async ([, row], { skip }) => {
      const result = await runRow(row, 'quick');
      if ('skipped' in result) skip(result.skipped);
      expect(result).toHaveProperty('held');
    });
  });
}
