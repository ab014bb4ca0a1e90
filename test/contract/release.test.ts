import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeEverything } from '../../scripts/release/everything';
import { sha256 } from '../../scripts/release/sums';
import { discard } from '../support/discard';
import { root, TEST_KEY_FILE } from '../support/release';

const base = mkdtempSync(join(tmpdir(), 'polyenv-twice-'));
afterAll(() => discard(base));

/** A checkout with less in it than ours: what takes long to pack is not what is asked here. */
const checkout = join(base, 'checkout');
for (const name of [
  'package.json',
  'package-lock.json',
  'LICENSE',
  'README.md',
  'dist/polyenv.cjs',
  'dist/man',
  'templates/go-http',
  'scripts/release/install.sh',
])
  cpSync(join(root, name), join(checkout, name), { recursive: true });

/** Every file of a release by its digest: made by somebody with that umask, in a folder of that name. */
async function make(name: string, mask: number): Promise<Readonly<Record<string, string>>> {
  const [work, out] = [join(base, name, 'work'), join(base, name, 'out')];
  const before = process.umask(mask);
  try {
    mkdirSync(work, { recursive: true });
    await makeEverything({
      root: checkout,
      work,
      out,
      version: '1.2.3',
      base: 'https://polyenv.example/releases',
      key: TEST_KEY_FILE,
      time: new Date('2026-11-29T00:00:00Z'),
      platforms: ['linux-arm64'],
      // Its path is named in the bill of materials.
      program: join(base, 'program'),
    });
  } finally {
    process.umask(before);
  }
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map((entry) => [entry.name, sha256(join(entry.parentPath, entry.name))]));
}

it('the same commit gives the same bytes, whoever makes the release and where', { timeout: 60_000 }, async () => {
  writeFileSync(join(base, 'program'), '#!/bin/sh\nexec node "$@"\n', { mode: 0o755 });
  const first = await make('one', 0o022);
  const second = await make('another folder', 0o077);
  expect(Object.keys(first).sort()).toEqual([
    'SHA256SUMS',
    'SHA256SUMS.asc',
    'install.sh',
    'latest',
    'polyenv-1.2.3-linux-arm64.tar.gz',
    'polyenv-1.2.3-linux-arm64.tar.xz',
    'polyenv-1.2.3.cdx.json',
    'polyenv-1.2.3.tgz',
    'polyenv.rb',
  ]);
  expect(second).toEqual(first);
});

it('what is built names no folder of the machine that built it', () => {
  for (const name of readdirSync(join(root, 'dist')).filter((file) => file.endsWith('.cjs')))
    expect(readFileSync(join(root, 'dist', name), 'utf8').includes(`${root}/`), name).toBe(false);
});
