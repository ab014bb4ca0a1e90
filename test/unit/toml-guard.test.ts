import { expect, it, vi } from 'vitest';
import { editToml } from '../../src/adapters/documents/toml-edit';

/** A parser whose ranges are wrong by one: what a defect there, or a form that it reads differently, comes to. */
vi.mock('toml-eslint-parser', async (original) => {
  const real = await original<typeof import('toml-eslint-parser')>();
  return { ...real, parseTOML: (text: string) => real.parseTOML(` ${text}`) };
});

it.each([
  ['sets', '[runtimes]\nnode = "18"\ngo = "1"\n', '20'],
  ['adds', 'runtimes = {}\n', '20'],
  ['takes away', 'runtimes = { node = "18", go = "1" }\n', undefined],
])('an edit that %s is refused if the text that it makes does not say what was meant', async (_name, text, value) => {
  const edit = { keys: ['runtimes', 'node'], value } as const;
  await expect(editToml(text, 'polyenv.toml', edit)).rejects.toMatchObject({
    code: 'manifest-edit-refused',
    message: expect.stringContaining('more than was meant'),
  });
});
