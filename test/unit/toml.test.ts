import { describe, expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import { editToml, newManifest } from '../../src/adapters/documents/toml-edit';
import { renderLine, type TomlValue } from '../../src/adapters/documents/toml-text';
import type { PolyenvError } from '../../src/domain/words/errors';

async function set(text: string, key: string, value: TomlValue | undefined, table = 'runtimes'): Promise<string> {
  return editToml(text, 'polyenv.toml', { keys: [table, key], value });
}

describe('parseToml', () => {
  it('names file, line and column of what is wrong, in one line', () => {
    const error = thrown(() => parseToml('a = 1\nb = \n', 'x/polyenv.toml'));
    expect(error).toMatchObject({ code: 'manifest-invalid', where: { file: 'x/polyenv.toml', line: 2, column: 5 } });
    expect(error.message).not.toContain('\n');
  });

  it('says a merge conflict by its name and line', () => {
    const text = 'version = 1\n<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> other\n';
    const error = thrown(() => parseToml(text, 'polyenv.lock', { code: 'lockfile-invalid', hint: 'polyenv lock' }));
    expect(error).toMatchObject({ code: 'lockfile-invalid', where: { line: 2 }, hint: 'polyenv lock' });
    expect(error.message).toContain('merge conflict');
  });

  it('refuses a text above the limit before it is parsed', () => {
    expect(thrown(() => parseToml('#'.repeat(101), 'f', { limit: 100 })).message).toContain('larger');
  });

  it('refuses nesting that would exhaust the stack', () => {
    expect(thrown(() => parseToml(`a = ${'['.repeat(5000)}`, 'f')).code).toBe('manifest-invalid');
  });

  it('refuses a key of so many dots that a walk over the value would fail', () => {
    for (const text of [`a${'.a'.repeat(100_000)} = 1`, `[a${'.a'.repeat(100_000)}]`]) {
      expect(thrown(() => parseToml(text, 'f'))).toMatchObject({ code: 'manifest-invalid' });
    }
    expect(parseToml(`a${'.a'.repeat(40)} = 1`, 'f').lineOf('a', 'a')).toBe(1);
  });

  it('prints no control character of the file', () => {
    expect(thrown(() => parseToml('\u001b]0;x\u0007 = \u001b', 'f')).message).not.toMatch(/\p{Cc}/u);
  });
});

describe('editToml sets', () => {
  const cases: readonly [name: string, before: string, key: string, value: TomlValue, after: string][] = [
    ['into an empty file', '', 'node', '20', '[runtimes]\nnode = "20"\n'],
    ['after comments', '# mine\n', 'node', '20', '# mine\n\n[runtimes]\nnode = "20"\n'],
    ['below an empty header', '[runtimes] # all\n[env]\n', 'go', '1.24', '[runtimes] # all\ngo = "1.24"\n[env]\n'],
    [
      "before the next table's comment",
      '[runtimes]\nnode = "20" # n\n\n# about env\n[env]\nA = "1"\n',
      'go',
      '1.24',
      '[runtimes]\nnode = "20" # n\ngo = "1.24"\n\n# about env\n[env]\nA = "1"\n',
    ],
    [
      'keeping spaces and the comment',
      "[runtimes]\nnode   = '18'   # old\n",
      'node',
      '20',
      '[runtimes]\nnode   = "20"   # old\n',
    ],
    ['with CRLF', '[runtimes]\r\nnode = "20"\r\n', 'go', '1', '[runtimes]\r\nnode = "20"\r\ngo = "1"\r\n'],
    ['with a byte order mark', '\ufeff[runtimes]\nnode = "18"', 'node', '20', '\ufeff[runtimes]\nnode = "20"'],
    ['without a final newline', '[runtimes]\nnode = "20"', 'go', '1', '[runtimes]\nnode = "20"\ngo = "1"'],
    [
      'with the indent of its sibling',
      '[runtimes]\n\tnode = "20"\n',
      'go',
      '1',
      '[runtimes]\n\tnode = "20"\n\tgo = "1"\n',
    ],
    ['a dotted key', 'runtimes.node = "18" # x\n', 'node', '20', 'runtimes.node = "20" # x\n'],
    [
      'beside a dotted key',
      'runtimes.node = "18"\nroot = true\n[env]\n',
      'go',
      '1',
      'runtimes.node = "18"\nruntimes.go = "1"\nroot = true\n[env]\n',
    ],
    [
      'in an inline table',
      'runtimes = { node = "18", go = "1" } # x\n',
      'node',
      '20',
      'runtimes = { node = "20", go = "1" } # x\n',
    ],
    ['at the end of an inline table', 'runtimes = {node="18"}\n', 'go', '1', 'runtimes = {node="18", go = "1"}\n'],
    ['into an empty inline table', 'runtimes = {}\n', 'go', '1', 'runtimes = { go = "1" }\n'],
    ['a quoted key', '["runtimes"]\n"node" = "18"\n', 'node', '20', '["runtimes"]\n"node" = "20"\n'],
    [
      'the version in a table of its own',
      '[runtimes.rust]\n# why\nversion = "1.87" # v\n',
      'rust',
      '1.88',
      '[runtimes.rust]\n# why\nversion = "1.88" # v\n',
    ],
    [
      'only what differs in a table of options',
      '[runtimes]\nrust = { version = "1.87",  components = ["clippy"] } # r\n',
      'rust',
      { version: '1.88', components: ['clippy'] },
      '[runtimes]\nrust = { version = "1.88",  components = ["clippy"] } # r\n',
    ],
    [
      'an option more',
      '[runtimes.rust]\nversion = "1.88"\n\n# next\n[env]\n',
      'rust',
      { version: '1.88', components: ['clippy'] },
      '[runtimes.rust]\nversion = "1.88"\ncomponents = ["clippy"]\n\n# next\n[env]\n',
    ],
    [
      'options where there was a version',
      '[runtimes]\nrust = "1"\n',
      'rust',
      { version: '1.88', targets: ['a', 'b'] },
      '[runtimes]\nrust = { version = "1.88", targets = ["a", "b"] }\n',
    ],
    [
      'dotted options',
      '[runtimes]\nrust.version = "1"\nrust.profile = "x"\n',
      'rust',
      { version: '2', profile: 'x' },
      '[runtimes]\nrust.version = "2"\nrust.profile = "x"\n',
    ],
    ['nothing where it already says so', "[runtimes]\nnode = '20'\n", 'node', '20', "[runtimes]\nnode = '20'\n"],
    [
      'beside sub-tables only',
      '[runtimes.rust]\nversion = "1"\n',
      'node',
      '20',
      '[runtimes.rust]\nversion = "1"\n\n[runtimes]\nnode = "20"\n',
    ],
    [
      'after signs outside the first plane',
      '# 😀\n[runtimes]\nnode = "😀"\n',
      'node',
      '20',
      '# 😀\n[runtimes]\nnode = "20"\n',
    ],
  ];
  it.each(cases)('%s', async (_name, before, key, value, after) => {
    expect(await set(before, key, value)).toBe(after);
  });

  it('values that need quoting', async () => {
    const text = await set('', 'A B', 'x"\\\n\u007f\u001b', 'env');
    expect(parseToml(text, 'f').value).toMatchObject({ env: { 'A B': 'x"\\\n\u007f\u001b' } });
  });
});

describe('editToml takes away', () => {
  const cases: readonly [name: string, before: string, after: string][] = [
    ['a line', '# a\n[runtimes]\n# b\nnode = "20" # c\ngo = "1"\n', '# a\n[runtimes]\n# b\ngo = "1"\n'],
    ['the last line without a newline', '[runtimes]\r\ngo = "1"\r\nnode = "20"', '[runtimes]\r\ngo = "1"'],
    ['the first of an inline table', 'runtimes = { node = "18", go = "1" }', 'runtimes = { go = "1" }'],
    ['the last of an inline table', 'runtimes = { go = "1", node = "18" }', 'runtimes = { go = "1" }'],
    ['all of an inline table', 'runtimes = { node = "18" }', 'runtimes = {}'],
    [
      'a table of its own, but for comments on their own lines',
      '[runtimes.node] # x\n# why\nversion = "1"\nvendor = "x"\n\n# e\n[env]\n',
      '# why\n\n# e\n[env]\n',
    ],
    ['nothing where there is nothing', '[env]\nA = "1"\n', '[env]\nA = "1"\n'],
  ];
  it.each(cases)('%s', async (_name, before, after) => {
    expect(await set(before, 'node', undefined)).toBe(after);
  });
});

describe('editToml refuses, and says what to write', () => {
  it.each([
    ['a comment within the value', '[runtimes]\nnode = [\n  "18", # old\n]\n'],
    ['a comment in an empty inline table', 'runtimes = { # old\n}\n'],
    ['a list of tables', '[[runtimes]]\nnode = "18"\n'],
    ['a list of tables of its own', '[[runtimes.node]]\nversion = "18"\n'],
    ['no table', 'runtimes = "20"\n'],
  ])('%s', async (_name, text) => {
    await expect(set(text, 'node', '20')).rejects.toMatchObject({
      code: 'manifest-edit-refused',
      hint: expect.stringContaining('node = "20"'),
    });
  });

  it('what is no TOML, by its line', async () => {
    await expect(set('a =\n', 'node', '20')).rejects.toMatchObject({ code: 'manifest-invalid', where: { line: 1 } });
  });
});

describe('newManifest', () => {
  it('writes what it was given', () => {
    const text = newManifest([
      { keys: ['runtimes', 'node'], value: '20' },
      { keys: ['env', 'A'], value: 'x' },
      { keys: ['runtimes', 'rust'], value: { version: '1.88', components: ['clippy'] } },
    ]);
    expect(text).toBe(
      '[runtimes]\nnode = "20"\nrust = { version = "1.88", components = ["clippy"] }\n\n[env]\nA = "x"\n',
    );
  });

  it('renders one line for a person', () => {
    expect(renderLine('a.b', true)).toBe('"a.b" = true');
  });
});

function thrown(action: () => unknown): PolyenvError {
  try {
    action();
  } catch (error) {
    return error as PolyenvError;
  }
  throw new Error('nothing was thrown');
}
