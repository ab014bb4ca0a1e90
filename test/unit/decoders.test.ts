import { describe, expect, test } from 'vitest';
import {
  asArray,
  asArraySkipping,
  asBoolean,
  asChanged,
  asCount,
  asMatching,
  asNumber,
  asObject,
  asOneOf,
  asRecord,
  asRecordSkipping,
  asString,
  either,
  malformed,
  optional,
} from '../../src/domain/formats/decoders';

describe('decoders', () => {
  const release = asObject({
    version: asMatching(/^v\d+$/, 'a version'),
    lts: either(asString, asBoolean),
    files: asArray(asObject({ name: asString, size: optional(asCount) })),
  });

  test('return the fields that were named and no others', () => {
    const value = { version: 'v1', lts: false, files: [{ name: 'a', size: null, more: 1 }], other: 1 };
    expect(release(value)).toEqual({ version: 'v1', lts: false, files: [{ name: 'a', size: undefined }] });
  });

  test('name the place of what is wrong, and what stands there', () => {
    const bad = { version: 'v1', lts: 'Iron', files: [{ name: 'a' }, { name: 7 }] };
    expect(() => release(bad)).toThrow('files[1].name: expected a string, found 7');
    expect(() => asArray(release)([{ ...bad, version: 'x' }])).toThrow('[0].version: expected a version, found "x"');
    expect(() => asRecord(asNumber)({ 'a b': 'c' })).toThrow('["a b"]: expected a number, found "c"');
  });

  test('fail with upstream-malformed, for which another source may be tried', () => {
    expect.assertions(1);
    try {
      asString(undefined);
    } catch (error) {
      expect(error).toMatchObject({
        code: 'upstream-malformed',
        elsewhere: true,
        message: 'expected a string, found nothing',
      });
    }
  });

  test.each([
    [asString, 1],
    [asNumber, Number.NaN],
    [asCount, -1],
    [asCount, 2 ** 60],
    [asCount, 0.5],
    [asBoolean, 'true'],
    [asOneOf('a', 'b'), 'c'],
    [asArray(asString), { length: 0 }],
    [asRecord(asString), ['a']],
    [asObject({}), undefined],
  ])('%# refuse what they are not', (decode, value) => {
    expect(() => (decode as (value: unknown) => unknown)(value)).toThrow(/^expected /);
  });

  test('the skipping ones leave out bad rows, but not defects', () => {
    expect(asArraySkipping(asString)(['a', 1, 'b'])).toEqual(['a', 'b']);
    expect(asRecordSkipping(asString)({ a: 'x', b: 2 })).toEqual({ a: 'x' });
    const broken = () => {
      throw new TypeError('a defect');
    };
    expect(() => asArraySkipping(broken)(['a'])).toThrow(TypeError);
  });

  test('a changed value that is not one names what was expected', () => {
    const even = asChanged(asNumber, (value) => (value % 2 === 0 ? value : undefined), 'an even number');
    expect(even(2)).toBe(2);
    expect(() => even(3)).toThrow('expected an even number, found 3');
  });

  test('a key called __proto__ stays a key', () => {
    const record = asRecord(asString)(JSON.parse('{"__proto__":"x"}'));
    expect(Object.keys(record)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(() => asObject({ constructor: asString })({})).toThrow('constructor: expected a string, found nothing');
  });

  test('control characters of a value do not reach the message', () => {
    expect(() => asNumber('\u001b]0;x\u0007')).toThrow('found "\\u001b]0;x\\u0007"');
    expect(malformed('no table').message).toBe('no table');
  });
});
