import { describe, expect, it } from 'vitest';
import { MATRIX } from './matrix';
import { runRow } from './row';

/** The quick part of the matrix; `npm run test:faults` walks through all of it. */
describe('polyenv withstands', () => {
  const named = MATRIX.map((row) => [`${row.id}: ${row.what}`, row] as const);
  it.for(named)('%s', { timeout: 180_000 }, async ([, row], { skip }) => {
    const result = await runRow(row, 'quick');
    if ('skipped' in result) skip(result.skipped);
    expect(result).toHaveProperty('held');
  });
});
