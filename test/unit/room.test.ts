import { expect, test } from 'vitest';
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
