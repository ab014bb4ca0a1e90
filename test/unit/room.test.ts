import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Context } from '../../src/app/base/context';
import { withRoom } from '../../src/app/changes/room';
import { withNeed } from '../../src/app/toolchains/room';
import { PolyenvError } from '../../src/domain/words/errors';

test('a full disk is told with the room that the toolchain needs, once; other errors stay as they are', () => {
  const full = new PolyenvError('disk-full', 'no space is left for /x', { hint: 'polyenv prune' });
  const told = withNeed(full, 'node 20.11.1', 45_000_000);
  expect(told).toMatchObject({
    code: 'disk-full',
    message: 'no space is left for /x; node 20.11.1 needs about 225 MB',
    hint: 'polyenv prune',
  });
  expect(withNeed(told, 'node 20.11.1', 45_000_000)).toMatchObject({ message: (told as PolyenvError).message });
  expect(withNeed(full, 'node 20.11.1', undefined)).toBe(full);
  const other = new PolyenvError('network', 'x');
  expect(withNeed(other, 'node 20.11.1', 45_000_000)).toBe(other);
});

test('what was full is told by its own disk: prune frees nothing on another', async ({ skip }) => {
  skip(!existsSync('/proc/self'), 'no second file system is known here');
  const ctx = { home: { root: tmpdir() } } as unknown as Context;
  const full = new PolyenvError('disk-full', 'no space is left for /proc/x/y', {
    full: '/proc/x/y',
    hint: 'polyenv size',
  });
  const told = (await withRoom(ctx, withNeed(full, '.venv', 2_000_000))) as PolyenvError;
  expect(told.message).toBe('no space is left for /proc/x/y; .venv needs about 10 MB; 0 MB are free on that disk');
  expect(told.hint).toBe("make room there: df -h /proc; polyenv's toolchains are on another disk");
  const home = (await withRoom(
    ctx,
    new PolyenvError('disk-full', 'x', { full: join(tmpdir(), 'no/y') }),
  )) as PolyenvError;
  expect(home.message).toMatch(/^x; \d+ MB are free where polyenv keeps its toolchains$/);
  expect(home.hint).toContain('polyenv prune');
  const other = new PolyenvError('network', 'x');
  expect(await withRoom(ctx, other)).toBe(other);
});
