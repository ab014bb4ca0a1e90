import { describe, expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import { NAME_RULES, refuseName } from '../../src/domain/making/package-name';
import {
  chooseValues,
  chosenRuntimes,
  decodeTemplate,
  substitute,
  type Template,
} from '../../src/domain/making/template';
import { additionsOf, withAdditions } from '../../src/domain/making/template-additions';
import { PolyenvError } from '../../src/domain/words/errors';

function decode(text: string): Template {
  return decodeTemplate('sample', parseToml(text, 'template.toml', { code: 'template-invalid' }));
}

function failureOf(action: () => unknown): PolyenvError {
  try {
    action();
  } catch (error) {
    if (error instanceof PolyenvError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const SAMPLE = `
title = "Sample"
description = "For tests"
next = ["cd {{polyenv.folder}}"]

[runtimes]
node = "24"
java = { request = "temurin-25", when = "with_java" }

[parameters.name]
type = "name"
title = "Name"
default = "my-app"
check = ["npm"]

[parameters.package]
type = "name"
title = "Package"
default = "com.example.{{polyenv.name_ident}}"
check = ["java-package"]

[parameters.port]
type = "port"
title = "Port"
default = 8080

[parameters.other_port]
type = "port"
title = "Other port"
default = 8081

[parameters.with_java]
type = "boolean"
title = "Java"
default = false

[parameters.flavour]
type = "choice"
title = "Flavour"
default = "plain"
choices = ["plain", "salted"]

[parameters.about]
type = "text"
title = "About"
default = ""
`;

describe('additions', () => {
  const template = decode(SAMPLE);
  const other = { ...template, name: 'other' };

  it('are the boolean parameters called with_NAME', () => {
    expect(additionsOf(template)).toEqual(['java']);
    expect(withAdditions(template, ['java'], [other])).toEqual({ with_java: 'true' });
  });

  it('that a template has not are refused, naming those that have it, or the nearest', () => {
    const bare = { ...template, name: 'bare', parameters: [] };
    const message = (wanted: string) => failureOf(() => withAdditions(bare, [wanted], [bare, other])).hint;
    expect(message('java')).toBe('templates that can: other');
    expect(message('jav')).toBe('did you mean --with java?');
    expect(message('postgres')).toBe('templates can be made with java');
  });
});

describe('substitution', () => {
  const values = new Map([
    ['name', 'my-app'],
    ['port', '8080'],
    ['trick', '{{polyenv.name}} $& $1'],
  ]);

  it.each([
    ['{{polyenv.name}}:{{polyenv.port}}', 'my-app:8080'],
    ['x{{polyenv.name}}x', 'xmy-appx'],
    ['${PORT:{{polyenv.port}}}', '${PORT:8080}'],
    ['{{polyenv.trick}}', '{{polyenv.name}} $& $1'],
  ])('replaces %s', (text, expected) => {
    expect(substitute(text, values)).toBe(expected);
  });

  it.each([
    '{{ polyenv.name }}',
    '{{polyenv.name }}',
    '{{polyenv. name}}',
    '${{polyenv.name}}',
    '${{ polyenv.name }}',
    '{{{polyenv.name}}}',
    '{{polyenv.unknown}}',
    '{{polyenv.NAME}}',
    '{{polyenv.name|upper}}',
    '{{polyenv.name.length}}',
    '{{.polyenv.name}}',
    '{{polyenv.constructor}}',
    '{{polyenv.__proto__}}',
    '{polyenv.name}',
    '<%= polyenv.name %>',
    '__name__',
    '{% raw %}',
  ])('leaves %s alone', (text) => {
    expect(substitute(text, values)).toBe(text);
  });
});

describe('values', () => {
  it('are the defaults, and what follows from them', () => {
    const values = chooseValues(decode(SAMPLE), {}, 'folder');
    expect(Object.fromEntries(values)).toMatchObject({
      name: 'my-app',
      name_ident: 'my_app',
      package: 'com.example.my_app',
      package_path: 'com/example/my_app',
      port: '8080',
      with_java: 'false',
      node: '24',
      node_line: '24',
      java_line: '25',
      folder: 'folder',
      dot: '.',
    });
  });

  it('decide which runtimes there are', () => {
    const template = decode(SAMPLE);
    expect(chosenRuntimes(template, chooseValues(template, {}, 'x'))).toEqual([{ tool: 'node', request: '24' }]);
    expect(chosenRuntimes(template, chooseValues(template, { with_java: 'true', java: '17' }, 'x'))).toEqual([
      { tool: 'node', request: '24' },
      { tool: 'java', request: '17' },
    ]);
  });

  it('take the line of the default where a request has none', () => {
    expect(chooseValues(decode(SAMPLE), { node: 'lts' }, 'x').get('node_line')).toBe('24');
    expect(chooseValues(decode(SAMPLE), { node: '>=22.18 <25' }, 'x').get('node_line')).toBe('22.18');
  });

  it.each([
    [{ port: '0' }, /port cannot be "0"/],
    [{ port: '65536' }, /65535/],
    [{ port: '8081' }, /other_port cannot be "8081": port has that port already/],
    [{ port: '80 80' }, /port cannot be/],
    [{ name: 'My App' }, /npm package/],
    [{ package: 'com.class' }, /class is a keyword of Java/],
    [{ with_java: 'yes' }, /true or false/],
    [{ flavour: 'sweet' }, /plain, salted/],
    [{ about: 'a "quote"' }, /letters, digits/],
    [{ about: 'two\nlines' }, /letters, digits/],
    [{ node: '24"\n[env]\nX = "1' }, /no version request/],
    [{ node: '' }, /no version request/],
    [{ prot: '1' }, /no parameter "prot"/],
    [{ constructor: 'x' }, /no parameter "constructor"/],
  ])('refuse %j', (given, message) => {
    const error = failureOf(() => chooseValues(decode(SAMPLE), given as Record<string, string>, 'x'));
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
    expect(error.hint).toBeDefined();
  });

  it('name the nearest parameter', () => {
    expect(failureOf(() => chooseValues(decode(SAMPLE), { prot: '1' }, 'x')).hint).toBe('did you mean port?');
  });

  it('do not come from the prototype', () => {
    const template = decode(`title = "T"\ndescription = "D"\n[parameters.constructor]
type = "text"\ntitle = "C"\ndefault = "own"`);
    expect(chooseValues(template, {}, 'x').get('constructor')).toBe('own');
  });
});

describe('decoding', () => {
  const head = 'title = "T"\ndescription = "D"\n';
  const parameter = (body: string): string => `${head}[parameters.p]\ntitle = "P"\n${body}`;

  it.each([
    ['title = 1\ndescription = "D"', 1, /title: it must be a text/],
    [`${head}scripts = ["rm"]`, 3, /scripts: it is not known here/],
    [`${head}[runtimes]\nnode = 24`, 4, /it must be a table/],
    [`${head}[runtimes]\nnode = "$(id)"`, 4, /no version request/],
    [`${head}[runtimes]\nnode = { request = "1", when = "p" }`, 4, /no boolean parameter/],
    [`${head}[runtimes]\nNode = "1"`, 4, /no runtime's name/],
    [parameter('type = "code"\ndefault = "1"'), 5, /a type is one of text, port/],
    [parameter('type = "port"\ndefault = 0'), 6, /a port is a number/],
    [parameter('type = "port"\ndefault = 1\ncheck = ["npm"]'), 7, /check is only for the type name/],
    [parameter('type = "name"\ndefault = "a"\ncheck = ["gem"]'), 7, /no check/],
    [parameter('type = "name"\ndefault = "A"\ncheck = ["npm"]'), 6, /capital letters/],
    [parameter('type = "boolean"\ndefault = true\nadds = "../x"'), 7, /folder beside files/],
    [parameter('type = "boolean"\ndefault = true\nadds = "files"'), 7, /folder beside files/],
    [parameter('type = "choice"\ndefault = "a"\nchoices = ["a", "\\""]'), 7, /letters, digits/],
    [parameter('type = "text"\ndefault = "\\u001b[31m"'), 6, /cannot be shown/],
    [parameter('type = "text"\ndefault = ""\nrun = "id"'), 7, /not known here/],
    [
      `${parameter('type = "name"\ndefault = "a"')}\n[parameters.p_ident]\ntype = "text"\ntitle = "Q"\ndefault = ""`,
      7,
      /two meanings/,
    ],
    [
      `${parameter('type = "text"\ndefault = ""')}\n[parameters.folder]\ntype = "text"\ntitle = "Q"\ndefault = ""`,
      7,
      /two meanings/,
    ],
    [`${head}generate = ["wrapper"]`, 3, /nothing that is generated/],
  ])('refuses %j', (text, line, message) => {
    const error = failureOf(() => decode(text));
    expect(error.code).toBe('template-invalid');
    expect(error.message).toMatch(message);
    expect(error.where).toMatchObject({ file: 'template.toml', line });
  });
});

describe('names', () => {
  it.each([
    ['npm', ['a', 'my-app', '@me/app', 'a.b_c', '2fast']],
    ['pypi', ['a', 'My.Project_1', 'x-y']],
    ['crates', ['a', 'my-app', 'My_App', '_x']],
    ['java-package', ['app', 'com.example.app_1', 'org._2']],
    ['maven', ['a', 'my-app', 'My.App_1']],
    ['go-module', ['example.com/me/app', 'app', 'example.com/x/v2', 'example.com/~me/x']],
  ] as const)('%s takes what it should', (rule, names) => {
    for (const name of names) expect([name, refuseName(rule, name)]).toEqual([name, undefined]);
  });

  it.each([
    ['npm', ['App', '.a', '_a', 'a b', 'a/b', '@me', '@me/a/b', '@/a', 'node_modules', 'http', 'a\n', 'x'.repeat(215)]],
    ['pypi', ['-a', 'a-', '.', 'a b', 'ä', 'a/b']],
    ['crates', ['2fast', 'a.b', 'a b', 'fn', 'test', 'std', 'build', '_', 'nul', 'x'.repeat(65), '-a']],
    ['java-package', ['com.', '.com', 'com..x', 'com.class', '2a', 'java.x', 'javax', 'a-b', 'com.aux', 'a/b']],
    ['maven', ['a b', '-a', 'a/b', 'ä']],
    [
      'go-module',
      [
        '/a',
        'a/',
        'a//b',
        'net/x',
        'a b',
        '-a',
        'example.com/.x',
        'example.com/x.',
        'example.com/x/v1',
        '../x',
        'x/con',
      ],
    ],
  ] as const)('%s refuses what it should', (rule, names) => {
    for (const name of names) expect([name, refuseName(rule, name)]).toEqual([name, expect.any(String)]);
  });

  it.each(NAME_RULES)('%s never takes an empty one, or one that could leave a folder or a quote', (rule) => {
    for (const name of ['', '..', '../x', '/x', 'a\0b', 'a"b', "a'b", 'a\\b', '$(id)', 'a;b']) {
      expect([name, refuseName(rule, name)]).toEqual([name, expect.any(String)]);
    }
  });
});
