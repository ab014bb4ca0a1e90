import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { finishedFiles } from '../../src/adapters/store/finished-files';
import { sha256 } from '../support/published';

const root = mkdtempSync(join(tmpdir(), 'polyenv-finished-'));
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('what a program made, changed and took away is in the list, read-only; what is no file is gone', () => {
  mkdirSync(join(root, 'lib'), { recursive: true });
  for (const name of ['lib/kept', 'lib/changed', 'lib/gone']) writeFileSync(join(root, name), name);
  symlinkSync('kept', join(root, 'lib/link'));
  const recorded = ['lib/kept', 'lib/changed', 'lib/gone'].map((path) => ({
    path,
    mode: 0o444,
    size: path.length,
    digest: `digest of ${path}`,
  }));
  writeFileSync(join(root, 'lib/changed'), 'changed');
  writeFileSync(join(root, 'lib/made'), 'made');
  chmodSync(join(root, 'lib/made'), 0o755);
  rmSync(join(root, 'lib/gone'));
  symlinkSync('/etc', join(root, 'lib/outside'));
  const link = { path: 'lib/link', mode: 0o777, size: 0, link: 'kept' };
  const files = finishedFiles(root, [...recorded, link], /changed|gone/);
  expect([...files].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    { path: 'lib/changed', mode: 0o444, size: 7, digest: sha256('changed') },
    recorded[0],
    link,
    { path: 'lib/made', mode: 0o555, size: 4, digest: sha256('made') },
  ]);
  expect(lstatSync(join(root, 'lib/made')).mode & 0o777).toBe(0o555);
  expect(lstatSync(join(root, 'lib/outside'), { throwIfNoEntry: false })).toBeUndefined();
});
