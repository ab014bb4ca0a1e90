import { describe, expect, it } from 'vitest';
import { JsonFault } from '../../src/domain/formats/json-document';
import { editJsonc, type JsonValue, readJsonc } from '../../src/domain/formats/jsonc';
import { fc } from '../support/seed';

const SETTINGS = `{
  // The team's.
  "editor.tabSize": 2, /* two */
  "files.exclude": { "**/.git": true },
  "list": [
    1, // one
    2
  ],
  "last": "x" // no comma behind it
}
`;

describe('reading', () => {
  it('takes comments and trailing commas, and nothing else that is no JSON', () => {
    expect(readJsonc(SETTINGS)).toEqual({
      'editor.tabSize': 2,
      'files.exclude': { '**/.git': true },
      list: [1, 2],
      last: 'x',
    });
    expect(readJsonc('\ufeff// only a comment\n')).toEqual({});
    expect(readJsonc('{"a": [1, 2,], "url": "https://x/*y*/",}')).toEqual({ a: [1, 2], url: 'https://x/*y*/' });
    for (const text of ['{', '{"a" 1}', "{'a': 1}", '{"a": 1} x', '{"a": 01}', '{"a": 1 "b": 2}', '{"a": "\n"}', '/* '])
      expect(() => readJsonc(text), text).toThrow(JsonFault);
    expect(() => readJsonc('['.repeat(10_000))).toThrow('nesting is too deep');
  });

  it('says where the fault is', () => {
    expect(() => readJsonc('{\n  "a": 1,\n  b: 2\n}')).toThrow(expect.objectContaining({ line: 3, column: 3 }));
  });
});

describe('an edit', () => {
  it('adds behind the last member, whose comment stays with it', () => {
    expect(editJsonc(SETTINGS, ['new'], { a: 1 })).toBe(
      SETTINGS.replace(
        '"last": "x" // no comma behind it\n',
        '"last": "x", // no comma behind it\n  "new": {\n    "a": 1\n  }\n',
      ),
    );
  });

  it('replaces only the value, and changes nothing where it is there already', () => {
    expect(editJsonc(SETTINGS, ['editor.tabSize'], 4)).toBe(SETTINGS.replace('Size": 2', 'Size": 4'));
    expect(editJsonc(SETTINGS, ['editor.tabSize'], 2)).toBe(SETTINGS);
    expect(editJsonc(SETTINGS, ['files.exclude', 'b'], true)).toBe(
      SETTINGS.replace('"**/.git": true }', '"**/.git": true, "b": true }'),
    );
    expect(editJsonc(SETTINGS, ['list', 2], 3)).toBe(SETTINGS.replace('    2\n', '    2,\n    3\n'));
    expect(editJsonc('{"a": null}', ['a', 'b'], 1)).toBe('{"a": {\n  "b": 1\n}}');
    expect(editJsonc('{"a": 1, "a": 2}', ['a'], 3)).toBe('{"a": 1, "a": 3}');
  });

  it('keeps tabs, line ends and trailing commas', () => {
    expect(editJsonc('{\r\n\t"a": 1,\r\n}\r\n', ['b'], { c: 1 })).toBe(
      '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": 1\r\n\t}\r\n}\r\n',
    );
    expect(editJsonc('', ['a'], 1)).toBe('{\n  "a": 1\n}\n');
    expect(editJsonc('// mine\n', ['a'], 1)).toBe('// mine\n{\n  "a": 1\n}\n');
    expect(editJsonc('{\n  // nothing yet\n}\n', ['a'], 1)).toBe('{\n  // nothing yet\n  "a": 1\n}\n');
  });

  it('of any document sets that value and no other, and is itself again the second time', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', '//', '{', '"', '\\'), fc.string());
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    const document = fc.dictionary(key, tree, { maxKeys: 4 });
    fc.assert(
      fc.property(
        document,
        key,
        key,
        tree,
        fc.constantFrom(undefined, 2, '\t'),
        (before, first, second, value, indent) => {
          fc.pre(![first, second, ...Object.keys(before)].includes('__proto__'));
          const text = `// mine\n${JSON.stringify(before, undefined, indent)} // end\n`;
          const inner = before[first];
          const isObject = typeof inner === 'object' && !Array.isArray(inner);
          const after = editJsonc(text, [first, second], value);
          expect(readJsonc(after)).toEqual({ ...before, [first]: { ...(isObject ? inner : {}), [second]: value } });
          expect(editJsonc(after, [first, second], value)).toBe(after);
          expect(after.startsWith('// mine\n')).toBe(true);
          expect(after.endsWith(' // end\n')).toBe(true);
        },
      ),
    );
  });
});
