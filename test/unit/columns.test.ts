import { expect, it } from 'vitest';
import { columns } from '../../src/cli/output/columns';
import { counted } from '../../src/domain/words/counted';

it('a very long cell does not push the rest of the other lines away', () => {
  const long = 'x'.repeat(150);
  expect(
    columns([
      ['mirrors', long, 'said'],
      ['jobs', '4', 'default'],
      ['proxy', 'none', ''],
    ]),
  ).toBe([`mirrors  ${long}  said`, 'jobs     4     default', 'proxy    none'].join('\n'));
});

it.each([
  [0, '0 files'],
  [1, '1 file'],
  [2, '2 files'],
])('%i is counted as %s', (number, text) => expect(counted(number, 'file')).toBe(text));

it('a word with a plural of its own is counted by it', () => {
  expect([1, 3].map((number) => counted(number, 'entry', 'entries'))).toEqual(['1 entry', '3 entries']);
});
