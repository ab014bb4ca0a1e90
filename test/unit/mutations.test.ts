import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { GUARDS } from '../../scripts/mutation-guards';
import { mutationPage } from '../../scripts/mutation-page';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

it('every guard that is taken out stands exactly once in its file, and has tests', () => {
  const texts = new Map([...new Set(GUARDS.map(({ file }) => file))].map((file) => [file, read(file)]));
  const times = GUARDS.map(({ name, file, take }) => [name, (texts.get(file) ?? '').split(take).length - 1]);
  expect(times.filter(([, count]) => count !== 1)).toEqual([]);
  expect(
    GUARDS.flatMap(({ tests }) => tests).filter((test) => !existsSync(join(root, test.split('#')[0] ?? ''))),
  ).toEqual([]);
  expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length);
  expect(GUARDS.filter(({ take, put }) => take === put)).toEqual([]);
});

it('docs/internals/mutations.md is up to date', () => {
  expect(read('docs/internals/mutations.md'), 'npx tsx scripts/mutations.ts --list').toBe(mutationPage());
});
