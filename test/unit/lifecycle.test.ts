import { describe, expect, it } from 'vitest';
import { endOfLine, leadingNumbers, lifecycleFrom } from '../../src/domain/lifecycle';
import type { Version } from '../../src/domain/version';

const dates = lifecycleFrom(
  (version) => leadingNumbers(version, 1),
  '5; 4 lts ..2027-01-01; 3 lts ..2026-04-01; 2 ..2026-03-31; 1 ..2020-01-01',
);
const at = (version: string, today: string) => endOfLine(dates, version as Version, today);

describe('the end of a line', () => {
  it('is told from 90 days before on, and after it', () => {
    expect(at('3.1.0', '2025-12-31')).toBeUndefined();
    expect(at('3.1.0', '2026-01-01')).toEqual({ line: '3', end: '2026-04-01', state: 'ending', next: '4' });
    expect(at('3.1.0', '2026-03-31')).toMatchObject({ state: 'ending' });
    expect(at('3.1.0', '2026-04-01')).toMatchObject({ state: 'ended' });
  });

  it('names a next line that does not end as soon', () => {
    expect(at('1.0.0', '2026-03-01')).toMatchObject({ next: '4' });
    expect(at('1.0.0', '2026-12-01')).toMatchObject({ next: '5' });
    expect(endOfLine({ ...dates, lines: dates.lines.slice(1) }, '1.0.0' as Version, '2026-12-01')).not.toHaveProperty(
      'next',
    );
  });

  it('is not told of a line without a date, or without a row', () => {
    expect(at('5.0.0', '2099-01-01')).toBeUndefined();
    expect(at('6.0.0', '2099-01-01')).toBeUndefined();
  });
});
