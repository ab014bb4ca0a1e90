import { expect, it } from 'vitest';
import { isPrintable, printable, printableLines, quoted } from '../../src/domain/words/printable';

it.each([
  ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
  ['a\rb\nc\td', 'a\\rb\\nc\\td'],
  ['exe\u202etxt', 'exe\\u202etxt'],
  ['\u2066x\u2069\u200b\ufeff\u00ad', '\\u2066x\\u2069\\u200b\\ufeff\\xad'],
  ['\u009b31m', '\\x9b31m'],
  ['\u2028\u2029', '\\u2028\\u2029'],
  ['\ud800', '\\ud800'],
  ['\u{e0041}', '\\u{e0041}'],
])('%j cannot act on a terminal', (text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(isPrintable(text)).toBe(false);
});

it('leaves every ordinary text as it is', () => {
  for (const text of ['', 'a b', 'naïve 日本語 😀 e\u0301', '"\\$`']) {
    expect(printable(text)).toBe(text);
    expect(isPrintable(text)).toBe(true);
  }
});

it('keeps line feeds and tabs where lines are wanted', () => {
  expect(printableLines('a\n\tb\r\u001b')).toBe('a\n\tb\\r\\x1b');
});

it('quotes, and cuts what is long', () => {
  expect(quoted('a"\\\n')).toBe('"a\\"\\\\\\n"');
  expect(quoted('x'.repeat(500), 10)).toBe(`"${'x'.repeat(10)}..."`);
});
