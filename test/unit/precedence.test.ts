import { describe, expect, it } from 'vitest';
import { answersFloor, decide, type Saying, understand, type Verdict } from '../../src/domain/pins/precedence';
import type { Version } from '../../src/domain/versions/version';
import { PolyenvError } from '../../src/domain/words/errors';
import { goScheme, javaScheme, npmScheme, pep440Scheme, rustScheme } from '../../src/kit';

const RUNTIMES = {
  node: { id: 'node', scheme: npmScheme },
  rust: { id: 'rust', scheme: rustScheme },
  python: { id: 'python', scheme: pep440Scheme },
  go: { id: 'go', scheme: goScheme },
  java: { id: 'java', scheme: javaScheme, sources: [{ vendors: ['temurin', 'zulu'] }] },
};

type Tool = keyof typeof RUNTIMES;

/** `FOLDER/FILE` saying one version; `say('rust', '/p/f', undefined, {...})` gives only options. */
function say(tool: Tool, path: string, text: string | undefined, more: Partial<Saying> = {}): Saying {
  const options = more.options ?? {};
  return {
    file: path,
    folder: path.slice(0, path.lastIndexOf('/')),
    kind: 'own',
    strength: 'pin',
    line: 1,
    requests: text === undefined ? [] : [text],
    options,
    atLeast: false,
    ...(text !== undefined && { request: understand(RUNTIMES[tool], { text, options }) }),
    ...more,
  };
}

function broken(path: string, more: Partial<Saying> = {}): Saying {
  return {
    file: path,
    folder: path.slice(0, path.lastIndexOf('/')),
    kind: 'own',
    strength: 'pin',
    requests: [],
    options: {},
    atLeast: false,
    fault: new PolyenvError('pin-file-invalid', 'it is broken', { where: { file: path, line: 7 } }),
    ...more,
  };
}

function chosen(verdict: Verdict): string | undefined {
  return verdict.chosen?.file;
}

describe('what decides', () => {
  it('is told of a floor that it contradicts', () => {
    const floors = [
      say('node', '/p/package.json', '>=22', { strength: 'floor', line: 4 }),
      say('node', '/p/a/package.json', '>=18', { strength: 'floor' }),
    ];
    const verdict = decide(RUNTIMES.node, [...floors, say('node', '/p/.nvmrc', '20')]);
    expect(verdict.contradicted).toEqual([floors[0]]);
    expect(verdict.warnings).toEqual(['/p/.nvmrc:1 asks for node 20, and /p/package.json:4 wants >=22']);
    const go = [say('go', '/p/go.mod', '1.24', { strength: 'floor', atLeast: true })];
    expect(decide(RUNTIMES.go, [...go, say('go', '/p/.go-version', '1.22')]).warnings[0]).toMatch(
      /wants 1.24 or newer/,
    );
    expect(decide(RUNTIMES.go, [...go, say('go', '/p/.go-version', '1.25')]).warnings).toEqual([]);
  });

  it('is nothing where nothing is said', () => {
    expect(decide(RUNTIMES.node, [])).toMatchObject({ alternatives: [], floors: [], warnings: [] });
    expect(decide(RUNTIMES.node, []).chosen).toBeUndefined();
  });

  it('is the first of the nearest folder, and the others know why they are not', () => {
    const verdict = decide(RUNTIMES.node, [
      say('node', '/p/a/package.json', '>=18', { strength: 'floor' }),
      say('node', '/p/.nvmrc', '20'),
      say('node', '/p/.node-version', '20.1.0'),
    ]);
    expect(chosen(verdict)).toBe('/p/.nvmrc');
    expect(verdict.alternatives.map(({ saying, why }) => [saying.file, why])).toEqual([
      ['/p/a/package.json', 'a floor decides only where nothing pins'],
      ['/p/.node-version', '.nvmrc comes before it'],
    ]);
    expect(verdict.floors.map(({ file }) => file)).toEqual(['/p/a/package.json']);
  });

  it('is the nearest floor where nothing pins', () => {
    const floors = [
      say('node', '/p/a/package.json', '>=18', { strength: 'floor' }),
      say('node', '/p/package.json', '>=16', { strength: 'floor' }),
    ];
    const verdict = decide(RUNTIMES.node, floors);
    expect(chosen(verdict)).toBe('/p/a/package.json');
    expect(verdict.floors.map(({ file }) => file)).toEqual(['/p/package.json']);
  });

  it('is an error where its file is broken, and never the next file', () => {
    const verdict = decide(RUNTIMES.node, [broken('/p/.nvmrc'), say('node', '/p/.node-version', '20')]);
    expect(verdict.chosen?.fault?.message).toBe('it is broken');
    expect(verdict.request).toBeUndefined();
  });

  it('is not disturbed by a broken file that would not have decided', () => {
    const verdict = decide(RUNTIMES.node, [say('node', '/p/.nvmrc', '20'), broken('/p/.node-version')]);
    expect(chosen(verdict)).toBe('/p/.nvmrc');
    expect(verdict.warnings).toEqual(['/p/.node-version:7: it is broken (another file decides)']);
  });

  it('is not stopped by a broken floor below a pin, but by one where nothing pins', () => {
    const floor = broken('/p/a/Cargo.toml', { strength: 'floor' });
    expect(chosen(decide(RUNTIMES.rust, [floor, say('rust', '/p/rust-toolchain', '1.88')]))).toBe('/p/rust-toolchain');
    expect(decide(RUNTIMES.rust, [floor]).chosen?.fault).toBeDefined();
  });
});

describe('options without a version', () => {
  const only = say('rust', '/p/a/rust-toolchain.toml', undefined, {
    options: { components: ['clippy'], targets: ['x'] },
  });

  it('are added to what decides, whose own come first', () => {
    const verdict = decide(RUNTIMES.rust, [
      only,
      say('rust', '/p/polyenv.toml', '1.88', { options: { components: ['rustfmt'] } }),
    ]);
    expect(verdict.request?.options).toEqual({ components: ['rustfmt'], targets: ['x'] });
    expect(verdict.alternatives[0]?.why).toMatch(/only its options/);
  });

  it('decide nothing alone, and say so', () => {
    const verdict = decide(RUNTIMES.rust, [only]);
    expect(verdict.chosen).toBeUndefined();
    expect(verdict.warnings[0]).toMatch(/rust-toolchain.toml:1 names no version of rust/);
  });
});

describe('disagreement within one folder', () => {
  it.each<[Tool, string, string, boolean]>([
    ['node', '18.0.0', '16.0.0', true],
    ['node', '20', '20.11.1', false],
    ['node', '20.11', '20.12', true],
    ['node', '20', '>=18 <22', false],
    ['node', '20', '^18', true],
    ['node', '^18', '^20', false],
    ['node', 'lts/iron', 'lts/iron', false],
    ['node', 'lts/iron', 'lts/jod', true],
    ['node', 'latest', '20', true],
    ['node', 'v20.1.0', '20.1.0', false],
    ['rust', 'stable', '1.88', true],
    ['go', '1.22.5', 'go1.22', false],
    ['go', '1.22.5', '1.23', true],
    ['python', '3.11', '>=3.12', true],
    ['python', '3.12.4', '>=3.12', false],
    ['java', 'temurin-21', '21', false],
    ['java', 'temurin-21', 'zulu-21', true],
    ['java', '21', '17', true],
  ])('%s: %s and %s: %s', (tool, first, second, expected) => {
    const verdict = decide(RUNTIMES[tool], [say(tool, '/p/a', first), say(tool, '/p/b', second)]);
    expect(verdict.disagreements.length > 0).toBe(expected);
  });

  it('is none between folders', () => {
    expect(decide(RUNTIMES.node, [say('node', '/p/a/x', '18'), say('node', '/p/x', '20')]).disagreements).toEqual([]);
  });
});

describe('a project that begins below a pin', () => {
  const floor = say('python', '/p/a/pyproject.toml', '>=3.11', { strength: 'floor', boundary: true });

  it('is decided by its own range where the pin contradicts that', () => {
    const verdict = decide(RUNTIMES.python, [floor, say('python', '/p/.python-version', '3.10')]);
    expect(chosen(verdict)).toBe('/p/a/pyproject.toml');
    expect(verdict.warnings[0]).toMatch(/asks for "3.10", which .* excludes/);
  });

  it('keeps a pin that answers it, and any that stands beside it or in a manifest', () => {
    expect(chosen(decide(RUNTIMES.python, [floor, say('python', '/p/.python-version', '3.12')]))).toBe(
      '/p/.python-version',
    );
    expect(
      chosen(decide(RUNTIMES.python, [floor, say('python', '/p/polyenv.toml', '3.10', { kind: 'manifest' })])),
    ).toBe('/p/polyenv.toml');
    expect(chosen(decide(RUNTIMES.python, [say('python', '/p/a/.python-version', '3.10'), floor]))).toBe(
      '/p/a/.python-version',
    );
  });
});

describe('a floor', () => {
  it.each<[Tool, string, boolean, string, boolean]>([
    ['rust', '1.70', true, '1.70.0', true],
    ['rust', '1.70', true, '1.88.0', true],
    ['rust', '1.70', true, '1.69.0', false],
    ['go', '1.22', true, '1.22.0', true],
    ['go', '1.22.3', true, '1.22.2', false],
    ['go', '1.21', true, '1.24.1', true],
    ['java', '17', true, '21.0.2+13', true],
    ['java', '21', true, '17.0.1', false],
    ['node', '18', false, '20.0.0', false],
    ['node', '>=18', false, '20.0.0', true],
    ['python', '==3.12', false, '3.12.1', false],
  ])('of %s %s (at least: %s) is answered by %s: %s', (tool, text, atLeast, version, expected) => {
    const floor = say(tool, '/p/f', text, { strength: 'floor', atLeast });
    expect(answersFloor(RUNTIMES[tool].scheme, floor, version as Version)).toBe(expected);
  });
});

it('refuses two vendors at once', () => {
  expect(() => understand(RUNTIMES.java, { text: 'zulu-21', vendor: 'temurin', options: {} })).toThrow(
    /vendor is temurin/,
  );
  expect(understand(RUNTIMES.java, { text: '21', vendor: 'zulu', options: {} }).vendor).toBe('zulu');
});
