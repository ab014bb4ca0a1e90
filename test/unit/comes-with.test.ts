import { describe, expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import { loadRuntime, loadRuntimes } from '../../src/app/base/registry';
import { decodeManifest } from '../../src/domain/project/manifest';
import type { PolyenvError } from '../../src/domain/words/errors';

const refusalOf = (name: string): Promise<PolyenvError> =>
  loadRuntime(name).then(
    () => {
      throw new Error(`${name} is a runtime`);
    },
    (error: unknown) => error as PolyenvError,
  );

describe('a command that is asked for as a runtime', () => {
  it.each([
    ['npx', 'npx comes with Node.js: polyenv use node'],
    ['cargo', 'cargo comes with Rust: polyenv use rust'],
    ['javac', 'polyenv use java'],
  ])('%s is answered with the runtime that brings it', async (name, hint) => {
    const { code, details } = await refusalOf(name);
    expect(code).toBe('tool-unknown');
    expect(details.hint).toContain(hint);
    // Its versions are others than the runtime's.
    expect(details.slip).toBeUndefined();
  });

  it('is answered alike where a manifest pins it, with the line', async () => {
    const runtimes = await loadRuntimes();
    const read = () => decodeManifest({ ...parseToml('[runtimes]\npip = "24"\n', 'polyenv.toml'), runtimes });
    expect(read).toThrow(
      expect.objectContaining({
        where: { file: 'polyenv.toml', line: 2 },
        hint: 'pip comes with Python: polyenv use python',
      }),
    );
  });

  it('does not hide a slip', async () => {
    expect((await refusalOf('noed')).details.slip).toEqual({ typed: 'noed', meant: 'node' });
  });
});
