import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectIn } from '../../src/app/project/detect';
import { findProjectOf } from '../../src/app/project/project';
import { MISE_NAMES, miseNamesFor } from '../../src/domain/pins/files/mise-files';
import { discard } from '../support/discard';
import { contextFor, RUNTIMES, write } from '../support/pin-project';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'polyenv-mise-'));
});

afterEach(() => discard(home));

function chosen(env: Readonly<Record<string, string>> = {}, folder = 'p') {
  const { found, errors } = detectIn(contextFor(home, { env }), {
    directory: join(home, folder),
    runtimes: RUNTIMES,
  });
  expect(errors).toEqual([]);
  return found.filter((pin) => pin.chosen);
}

describe("mise's files", () => {
  it.each(MISE_NAMES)('%s is read, all of it', (name) => {
    write(home, {
      [`p/${name}`]:
        '[tools]\nnode = "20"\nrust = { version = "1.80", components = "rust-src, clippy", targets = ["wasm32-wasip1"], profile = "minimal" }',
    });
    expect(chosen()).toMatchObject([
      { tool: 'node', file: name, line: 2, requests: ['20'] },
      {
        tool: 'rust',
        file: name,
        line: 3,
        requests: ['1.80'],
        components: ['clippy', 'rust-src'],
        targets: ['wasm32-wasip1'],
        profile: 'minimal',
      },
    ]);
  });

  it('decide in their order, which is that of mise', () => {
    const names = [...miseNamesFor('ci'), ...MISE_NAMES];
    for (const name of names.toReversed()) {
      write(home, { [`p/${name}`]: '[tools]\nnode = "20"' });
      expect(chosen({ MISE_ENV: 'ci' })[0]?.file).toBe(name);
    }
  });

  it('in conf.d come last, and a further one there changes what is looked at', () => {
    const names = ['.config/mise/conf.d/b.toml', '.config/mise/conf.d/a.toml'];
    write(home, { 'p/.config/mise/conf.d/c.txt': 'no file of theirs' });
    for (const name of names.toReversed()) {
      write(home, { [`p/${name}`]: '[tools]\nnode = "20"' });
      expect(chosen()[0]?.file).toBe(name);
    }
    const { inputs } = findProjectOf(contextFor(home), { folder: join(home, 'p'), runtimes: RUNTIMES });
    expect(inputs).toContain(join(home, 'p/.config/mise/conf.d'));
    write(home, { 'p/.config/mise/config.toml': '[tools]\nnode = "22"' });
    expect(chosen()[0]?.requests).toEqual(['22']);
  });

  it.each([
    ['linux', 'x64', '20'],
    ['darwin', 'arm64', '22'],
    ['darwin', 'x64', undefined],
    ['win32', 'x64', '18'],
  ] as const)('ask on %s %s for %s', (os, arch, wanted) => {
    const rows = [
      'version = "20", os = "linux"',
      'version = "22", os = ["macos/arm64"]',
      'version = "18", os = ["windows"]',
    ];
    write(home, { 'p/mise.toml': `[tools]\nnode = [${rows.map((row) => `{ ${row} }`).join(', ')}]` });
    const context = contextFor(home);
    const asked = { folder: join(home, 'p'), runtimes: RUNTIMES };
    const project = findProjectOf({ ...context, host: { ...context.host, os, arch } }, asked);
    expect(project.decisions.map(({ request }) => request.text)).toEqual(wanted === undefined ? [] : [wanted]);
    expect(project.warnings.join()).toEqual(wanted === undefined ? expect.stringContaining('other machines') : '');
  });

  it('come behind .tool-versions', () => {
    write(home, { 'p/.mise.toml': '[tools]\nnode = "20"', 'p/.tool-versions': 'nodejs 18' });
    expect(chosen()[0]?.file).toBe('.tool-versions');
  });

  it('of an environment are read where the caller names it, and decide for that call', () => {
    write(home, { 'p/mise.toml': '[tools]\nnode = "20"', 'p/mise.ci.toml': '[tools]\nnode = "22"' });
    expect(chosen()[0]?.requests).toEqual(['20']);
    expect(chosen({ MISE_ENV: 'ci' })[0]?.requests).toEqual(['22']);
    expect(chosen({ MISE_ENV: '../p/x,other' })[0]?.requests).toEqual(['20']);
    const asked = { folder: join(home, 'p'), runtimes: RUNTIMES };
    expect(findProjectOf(contextFor(home, { env: { MISE_ENV: 'ci' } }), asked).decisions).toMatchObject([
      { once: true, through: 'MISE_ENV' },
    ]);
    expect(findProjectOf(contextFor(home), asked).decisions[0]).not.toHaveProperty('once');
  });

  it('of the last environment come first', () => {
    write(home, { 'p/mise.a.toml': '[tools]\nnode = "20"', 'p/mise.b.toml': '[tools]\nnode = "22"' });
    expect(chosen({ MISE_ENV: 'a,b' })[0]?.requests).toEqual(['22']);
    expect(chosen({ MISE_ENV: 'b,a' })[0]?.requests).toEqual(['20']);
  });

  it("in the home folder's .config/mise are settings of the person, not of a project", () => {
    write(home, { '.config/mise/config.toml': '[tools]\nnode = "20"', 'p/x': '' });
    expect(chosen()).toEqual([]);
    expect(chosen({}, '.')).toEqual([]);
    write(home, { 'p/.config/mise/config.toml': '[tools]\nnode = "22"' });
    expect(chosen()[0]?.requests).toEqual(['22']);
  });

  it('that name no version say so', () => {
    write(home, { 'p/mise.toml': '[tools]\nnode = { postinstall = "x" }' });
    const { warnings } = detectIn(contextFor(home), { directory: join(home, 'p'), runtimes: RUNTIMES });
    expect(warnings).toEqual([`${join(home, 'p/mise.toml')}:2: node names no version`]);
  });
});
