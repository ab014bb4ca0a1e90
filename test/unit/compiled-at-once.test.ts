import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { environmentFolder } from '../../src/adapters/home/paths';
import { openShimStore, type StandIn } from '../support/shim-store';

const store = await openShimStore({ file: '/bin/sh' } as StandIn);
afterAll(() => store.remove());

test('those who compile one folder at the same time do not disturb each other, and leave nothing of their own', async () => {
  const folder = store.folder('project');
  await store.pin(folder, '1.0.0');
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      store.compile(store.describe(folder, index % 2 === 0 ? '2.0.0' : '1.0.0')),
    ),
  );
  const compiled = environmentFolder(store.home, folder);
  expect(readdirSync(compiled).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(lstatSync(join(compiled, 'dummy')).isSymbolicLink()).toBe(true);
  expect(readlinkSync(join(compiled, 'bin/dummy'))).toMatch(/[12]\.0\.0/);
});
