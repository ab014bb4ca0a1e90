import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { expect, it } from 'vitest';
import { GUARDS, guardsIn } from '../../scripts/guards';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(?:ts|sh)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
const marked = sources.flatMap(({ file, text }) => guardsIn(text, file).map((guard) => ({ ...guard, file, text })));

it('every guard of the table is marked once in the source, and every mark is in the table', () => {
  expect(marked.map(({ name }) => name).sort()).toEqual(Object.keys(GUARDS).sort());
});

it('every guard has test files that exist', () => {
  const files = Object.values(GUARDS).flatMap(({ tests }) => tests.map((test) => test.split('#')[0] ?? ''));
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it.each(marked.map((one) => [one.name, one] as const))('%s can be taken out by name', async (_name, guard) => {
  const { file, text, from, to } = guard;
  expect(text.slice(from, to).trim()).not.toBe('');
  const without = text.slice(0, from) + text.slice(to);
  if (file.endsWith('.ts')) await expect(transform(without, { loader: 'ts' })).resolves.toBeDefined();
});
