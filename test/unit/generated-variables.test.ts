import { expect, test } from 'vitest';
import { devcontainer } from '../../src/domain/making/devcontainer';
import { dockerfile } from '../../src/domain/making/dockerfile';

const facts = { name: 'p', polyenv: './polyenvw', trust: false, tasks: [] };
const java = { name: 'JAVA_HOME', tool: 'java', path: '' };
const python = { name: 'UV_PYTHON', tool: 'python', path: '/bin/python3' };

test('programs that no shim starts are told where toolchains are', () => {
  const all = { ...facts, variables: [java, python] };
  expect(dockerfile(all)).toContain(
    'ENV JAVA_HOME=/opt/polyenv/envs/app/.polyenv/java\nENV UV_PYTHON=/opt/polyenv/envs/app/.polyenv/python/bin/python3\n',
  );
  expect(devcontainer(all)).toContain(
    '"JAVA_HOME": "/home/node/.local/share/polyenv/envs${containerWorkspaceFolder}/.polyenv/java"',
  );
});

test('nothing is said of what nothing pins', () => {
  const none = { ...facts, variables: [] };
  for (const text of [dockerfile(none), devcontainer(none)])
    expect(text).not.toMatch(/GITHUB_ENV|_HOME=\/opt\/polyenv\/envs/);
});
