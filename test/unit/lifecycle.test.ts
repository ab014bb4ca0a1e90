import { describe, expect, it } from 'vitest';
import {
  asEndOfLifeCycles,
  asNodeSchedule,
  asPythonCycle,
  endOfLine,
  leadingNumbers,
  lifecycleFrom,
  withLines,
} from '../../src/domain/runtime/lifecycle';
import type { Version } from '../../src/domain/versions/version';

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

describe('published lines', () => {
  it("are read from Node's schedule", () => {
    const text = {
      'v0.10': { start: '2013-03-11', end: '2016-10-31' },
      v25: { start: '2025-10-15', maintenance: '2026-04-01', end: '2026-06-01' },
      v24: {
        start: '2025-05-06',
        lts: '2025-10-28',
        maintenance: '2026-10-20',
        end: '2028-04-30',
        codename: 'Krypton',
      },
      v99: { start: '2099-01-01' },
    };
    expect(asNodeSchedule(text)).toEqual([
      { line: '0.10', end: '2016-10-31' },
      { line: '25', support: '2026-04-01', end: '2026-06-01' },
      { line: '24', lts: true, support: '2026-10-20', end: '2028-04-30' },
    ]);
  });

  it("are read from Python's cycle, where a month means its last day", () => {
    const text = {
      '3.15': { status: 'feature', first_release: '2026-10-01', end_of_life: '2031-10' },
      '3.6': { status: 'end-of-life', end_of_life: '2021-12-23' },
      '2.8': { end_of_life: 'never' },
      '3.20': { end_of_life: '2036-02' },
    };
    expect(asPythonCycle(text)).toEqual([
      { line: '3.15', end: '2031-10-31' },
      { line: '3.6', end: '2021-12-23' },
      { line: '3.20', end: '2036-02-29' },
    ]);
  });

  it('are read from endoflife.date, where false is no day', () => {
    const cycles = [
      { cycle: '26', lts: false, eol: '2026-09-15', latest: '26.0.2' },
      { cycle: '25', lts: true, eol: false },
      { cycle: '21', lts: '2023-09-19', eol: '2029-12-31', support: '2028-09-30' },
      { cycle: 'x/../y', eol: '2029-12-31' },
    ];
    expect(asEndOfLifeCycles(cycles)).toEqual([
      { line: '26', end: '2026-09-15' },
      { line: '25', lts: true },
      { line: '21', lts: true, support: '2028-09-30', end: '2029-12-31' },
    ]);
  });

  it.each([[asNodeSchedule], [asPythonCycle], [asEndOfLifeCycles]])('are refused where none is left (%#)', (decode) => {
    for (const value of [[], {}, 'text', { v20: { end: 'soon' } }, [{ cycle: '' }]])
      expect(() => decode(value)).toThrow();
  });

  it('take the place of what was shipped, newest first, and leave the rest', () => {
    const { lines } = withLines(dates, [
      { line: '3', end: '2040-01-01' },
      { line: '10', end: '2041-01-01' },
      { line: '0.9', end: '2001-01-01' },
    ]);
    expect(lines.map(({ line, end: last }) => `${line} ${last ?? ''}`)).toEqual([
      '10 2041-01-01',
      '5 ',
      '4 2027-01-01',
      '3 2040-01-01',
      '2 2026-03-31',
      '1 2020-01-01',
      '0.9 2001-01-01',
    ]);
  });
});
