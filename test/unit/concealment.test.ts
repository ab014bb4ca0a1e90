import { expect, test } from 'vitest';
import { concealUrls, openConcealment } from '../../src/domain/words/concealment';

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

test('what is told on the way holds no secret either', () => {
  const { hide, concealEvent } = openConcealment();
  hide('s3cret');
  expect(concealEvent({ type: 'warning', text: 'a s3cret', hint: 'the s3cret' })).toEqual({
    type: 'warning',
    text: 'a ***',
    hint: 'the ***',
  });
  expect(concealEvent({ type: 'note', text: 's3cret' })).toEqual({ type: 'note', text: '***' });
});
