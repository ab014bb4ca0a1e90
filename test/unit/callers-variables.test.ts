import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { standingVariables } from '../../src/adapters/system/standing-variables';
import type { Environment } from '../../src/domain/routes/environment';
import { renderEnvFish, renderEnvSh } from '../../src/domain/routes/environment-texts';
import { applyEnvOps, type EnvOp } from '../../src/domain/words/env-op';
import { discard } from '../support/discard';

const HOMES = '/h/homes/*';
const OPS: readonly EnvOp[] = [
  { op: 'default', name: 'GOBIN', ours: { GOBIN: [HOMES, "/it's/bin"] } },
  {
    op: 'default',
    name: 'GOMODCACHE',
    value: '/p/go/pkg/mod',
    after: ['GOPATH'],
    ours: { GOMODCACHE: [HOMES], GOPATH: [HOMES, '/data/go'] },
  },
  { op: 'default', name: 'GOPATH', value: '/h/homes/a/go', ours: { GOPATH: [HOMES, '/data/go'] } },
  { op: 'default', name: 'GOTOOLCHAIN', value: 'local', ours: { GOTOOLCHAIN: [HOMES] } },
  { op: 'limit', name: 'LEVEL', most: 2 },
];

const NAMES = ['GOBIN', 'GOMODCACHE', 'GOPATH', 'GOTOOLCHAIN', 'LEVEL'];
const OWN = { GOMODCACHE: '/p/go/pkg/mod', GOPATH: '/h/homes/a/go', GOTOOLCHAIN: 'local' };

const CASES: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
  ['nothing', {}, OWN],
  ['an empty value', { GOPATH: '' }, OWN],
  [
    'what the caller set',
    { GOBIN: '/x y/bin', GOTOOLCHAIN: 'go1.25.7' },
    { ...OWN, GOBIN: '/x y/bin', GOTOOLCHAIN: 'go1.25.7' },
  ],
  ['one from which another follows', { GOPATH: '/x' }, { GOPATH: '/x', GOTOOLCHAIN: 'local' }],
  ['both of these', { GOPATH: '/x', GOMODCACHE: '/y' }, { GOPATH: '/x', GOMODCACHE: '/y', GOTOOLCHAIN: 'local' }],
  ['what polyenv set for another project', { GOPATH: '/h/homes/b/go', GOMODCACHE: '/h/homes/b/mod' }, OWN],
  ['what polyenv set for this one', OWN, OWN],
  ['what stands in a start-up file', { GOPATH: '/data/go', GOBIN: "/it's/bin" }, OWN],
  ...['0', '2', 'x', '-3', '3x'].map((text) => [`a level ${text}`, { LEVEL: text }, { ...OWN, LEVEL: text }] as const),
  ...['3', '47', '03'].map((text) => [`a level ${text}`, { LEVEL: text }, { ...OWN, LEVEL: '2' }] as const),
  ['one that only begins like another', { GOPATH: '/data/golang' }, { GOPATH: '/data/golang', GOTOOLCHAIN: 'local' }],
];

describe('a variable that isolates gives way to what the caller set', () => {
  it.each(CASES)('%s, in a program that polyenv starts', (_, env, expected) => {
    const after = applyEnvOps(env, OPS);
    expect(Object.fromEntries(NAMES.flatMap((name) => (after[name] ? [[name, after[name]]] : [])))).toEqual(expected);
  });

  const environment = {
    directory: '/p',
    runtimes: [],
    variables: OPS,
    shims: '/h/shims',
  } as unknown as Environment;

  const shells = [
    ['/bin/sh', renderEnvSh],
    ['bash', renderEnvSh],
    ['zsh', renderEnvSh],
    ['fish', renderEnvFish],
  ] as const;

  for (const [shell, render] of shells) {
    const absent = spawnSync(shell, ['-c', 'true']).status !== 0;
    it.skipIf(absent).each(CASES)(`%s, in ${shell}${absent ? ' (not on this machine)' : ''}`, (_, env, expected) => {
      const { stdout, stderr } = spawnSync(
        shell,
        [...(shell === 'bash' ? ['--norc'] : []), '-c', `${render(environment)}\nenv`],
        {
          encoding: 'utf8',
          env: { PATH: process.env.PATH, ...env },
        },
      );
      expect(stderr).toBe('');
      const set = stdout.split('\n').map((line) => line.split('=') as [string, string]);
      expect(Object.fromEntries(set.filter(([name, value]) => NAMES.includes(name) && value))).toEqual(expected);
    });
  }
});

describe('start-up files', () => {
  let home = '';

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'polyenv-standing-'));
  });
  afterEach(() => discard(home));

  it.each([
    ['.bashrc', 'export GOPATH=$HOME/go # mine', 'HOME/go'],
    ['.profile', 'GOPATH="${HOME}/my go"; export GOPATH', 'HOME/my go'],
    ['.profile', 'GOPATH="${HOME}/my go"', 'HOME/my go'],
    ['.zshenv', "typeset -x GOPATH='/a b'", '/a b'],
    ['.bash_profile', 'BASE=~/x\nexport GOPATH=$BASE/go', 'HOME/x/go'],
    ['.config/fish/config.fish', 'set -gx GOPATH $HOME/go', 'HOME/go'],
    ['.config/fish/conf.d/a.fish', 'set --export GOPATH /go', '/go'],
    ['.config/environment.d/a.conf', 'GOPATH=/go', '/go'],
    ['.bashrc', 'export GOPATH=$(go env GOPATH)', undefined],
    ['.bashrc', 'export GOPATH=$UNKNOWN/go', undefined],
    ['.bashrc', '# export GOPATH=/go', undefined],
    ['.bashrc', 'echo GOPATH=/go', undefined],
  ])('%s: %s', (file, text, expected) => {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), `x=1\n${text}\n`);
    const found = standingVariables({ env: {}, personHome: home }, ['GOPATH']);
    expect(found.map(({ value }) => value.replace(home, 'HOME'))).toEqual(expected === undefined ? [] : [expected]);
    if (expected !== undefined)
      expect(found[0]).toMatchObject({ file: join(home, file), line: text.split('\n').length + 1 });
  });
});
