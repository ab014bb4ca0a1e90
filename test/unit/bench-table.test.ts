import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type BenchRow, rowLine, standing } from '../bench/row';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const row: BenchRow = { name: 'install', ratio: 0.8, limit: 0.75, detail: '80 ms against 100 ms' };

describe('a row of figures', () => {
  it('is over above its goal, and below it where more is better', () => {
    expect(standing(row)).toBe('OVER');
    expect(standing({ ...row, ratio: 0.75 })).toBe('ok');
    expect(standing({ ...row, least: true })).toBe('ok');
    expect(standing({ ...row, least: true, ratio: 0.7 })).toBe('OVER');
    expect(standing({ ...row, limit: Number.POSITIVE_INFINITY })).toBe('-');
  });

  it('shows name, figure, goal and both sides', () => {
    expect(rowLine(row, 10)).toBe('OVER  install        0.80  <= 0.75   80 ms against 100 ms');
    expect(rowLine({ ...row, least: true }, 7)).toContain('>= 0.75');
  });
});

it('a row that nobody measures is an error that lists the suites', () => {
  const bench = ['tsx', 'test/bench/bench.ts'];
  const said = spawnSync('npx', [...bench, 'no such row'], { cwd: root, encoding: 'utf8' });
  expect(said.status).toBe(2);
  expect(said.stdout).toContain('no row is called no such row');
  expect(execFileSync('npx', [...bench, '--help'], { cwd: root, encoding: 'utf8' })).toContain('--strict');
});
