import { expect, test } from 'vitest';
import { concealUrls, openConcealment } from '../../src/domain/concealment';

test.each([
  ['https://me:pw@host/x', 'https://***@host/x'],
  ['see http://tok@host:80/x.', 'see http://***@host:80/x.'],
  ['https://host/x?a=1&X-Amz-Signature=abc&b=2', 'https://host/x?a=1&X-Amz-Signature=***&b=2'],
  ['https://go.dev/dl/?mode=json&include=all', 'https://go.dev/dl/?mode=json&include=all'],
  ['mail me@host', 'mail me@host'],
])('%s is shown as %s', (text, shown) => {
  expect(concealUrls(text)).toBe(shown);
});

test('a hidden text that holds another one is hidden whole', () => {
  const { hide, conceal } = openConcealment();
  hide('abcd');
  hide('xabcdy');
  hide('ab');
  expect(conceal('xabcdy abcd ab')).toBe('*** *** ab');
});

test('errors without secrets stay the very same', () => {
  const error = new Error('plain');
  expect(openConcealment().concealError(error)).toBe(error);
  expect(openConcealment().concealError('text')).toBe('text');
});
