import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refuseProjectVariable } from '../../src/domain/project/project-variable';
import type { Environment, RoutedToolchain } from '../../src/domain/routes/environment';
import { renderDotenv, renderEnvFish, renderEnvSh } from '../../src/domain/routes/environment-texts';
import { renderRoute } from '../../src/domain/routes/route-script';
import { applyEnvOps, type EnvOp } from '../../src/domain/words/env-op';
import { PolyenvError } from '../../src/domain/words/errors';
import { discard } from '../support/discard';
import { fc } from '../support/seed';
import { program, STAND_INS } from '../support/shim-store';

/** Each file is sourced in a folder of its own, where whatever ran would leave a trace. */
const PIECES = [
  ...[
    "'",
    '"',
    '`',
    '$',
    '\\',
    '\n',
    '\r',
    '\t',
    ' ',
    '!',
    '%',
    '*',
    '?',
    '[',
    ']',
    '{',
    '}',
    '~',
    '#',
    '=',
    ':',
    ';',
    '&',
    '|',
  ],
  ...[
    '<',
    '>',
    '(',
    ')',
    '-',
    '--',
    '^',
    '@',
    '+',
    ',',
    '.',
    '..',
    'a',
    'é',
    '日',
    '\u0001',
    '\u001b',
    '\u007f',
    '\u2028',
  ],
  ...[
    '$(touch pwned)',
    '`touch pwned`',
    ';touch pwned;',
    '\ntouch pwned\n',
    "'\ntouch pwned\n'",
    '"\ntouch pwned\n"',
    '\\\n',
  ],
  ...[
    '${HOME}',
    '$HOME',
    '$((1+1))',
    '~/x',
    ':~',
    '=ls',
    ':=ls',
    '!!',
    '\\n',
    "\\'",
    '\\"',
    'EOF',
    ';;',
    'esac',
    '$0',
    '{a,b}',
  ],
];
const hostile = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 7 }).map((pieces) => pieces.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\0', '')) },
);
/** Whatever may be the name of a folder. */
const folderName = hostile
  .map((text) => [...text.replaceAll('/', '_')].slice(0, 40).join(''))
  .filter((name) => name !== '' && name !== '.' && name !== '..');

const variableName = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
    fc.constantFrom('FOO', 'foo', 'MY_PATH', 'NODE_PATH', 'x', '_x', 'PYTHONPATH', 'A1', 'value', 'name'),
  )
  .filter((name) => refuseProjectVariable(name) === undefined);
const operation: fc.Arbitrary<EnvOp> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constantFrom('set', 'prepend', 'append'), name: variableName, value: hostile }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('unset'), name: variableName }) },
);
const operations = fc.array(operation, { maxLength: 12 });
/** What stands there before. */
const caller = fc.dictionary(variableName, hostile, { maxKeys: 4, noNullPrototype: true });

const RUNS = { numRuns: 60 };

let root: string;
let serial = 0;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'quoting-')));
});
afterAll(() => discard(root));

function freshFolder(): string {
  serial += 1;
  const folder = join(root, String(serial));
  mkdirSync(folder);
  return folder;
}

interface Shell {
  readonly name: string;
  readonly file: string | undefined;
  readonly args: readonly string[];
}

/** As another name: how a shell is called decides what it is. */
function called(name: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const folder = freshFolder();
  symlinkSync(file, join(folder, name));
  return join(folder, name);
}

const SHELLS: readonly {
  readonly name: string;
  readonly as?: string;
  readonly file: string | undefined;
  readonly args: readonly string[];
}[] = [
  ...STAND_INS.map(({ name, file }) => ({ name, file, as: 'sh', args: [] })),
  { name: 'bash', file: program('bash'), args: ['--norc'] },
  { name: 'zsh', file: program('zsh'), args: ['-f'] },
  {
    name: 'zsh with its options',
    file: program('zsh'),
    args: [
      '-f',
      '-o',
      'magicequalsubst',
      '-o',
      'extendedglob',
      '-o',
      'shwordsplit',
      '-o',
      'rcquotes',
      '-o',
      'globsubst',
      '-o',
      'braceccl',
    ],
  },
];

function environmentOf(over: Partial<Environment>): Environment {
  return {
    directory: '/project',
    runtimes: [],
    pending: [],
    variables: [],
    inputs: [],
    absences: [],
    traces: [],
    shims: '/home/shims',
    home: '/home',
    ...over,
  };
}

function runtimeOf(over: Partial<RoutedToolchain>): RoutedToolchain {
  return {
    tool: 'dummy',
    version: '1.0.0',
    toolchain: '/toolchain',
    commands: {},
    variables: [],
    bins: [],
    homes: [],
    installs: [],
    linked: false,
    plusVersion: [],
    ...over,
  };
}

/** The variables that a shell has after it took a file in, and that nothing else happened. */
function variablesAfter(
  shell: Shell,
  text: string,
  of: { readonly line: string; readonly env: Readonly<Record<string, string>> },
) {
  const folder = freshFolder();
  writeFileSync(join(folder, 'file'), text);
  const ran = spawnSync(shell.file as string, [...shell.args, '-c', `${of.line}\nexec /usr/bin/env -0`], {
    cwd: folder,
    env: { HOME: root, LANG: 'C.UTF-8', ...of.env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ stderr: ran.stderr, status: ran.status, files: readdirSync(folder) }).toEqual({
    stderr: '',
    status: 0,
    files: ['file'],
  });
  discard(folder);
  return variablesIn(ran.stdout);
}

function variablesIn(dump: string): ReadonlyMap<string, string> {
  return new Map(
    dump
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function expectVariables(
  got: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string>>,
  ops: readonly EnvOp[],
): void {
  const wanted = applyEnvOps(env, ops);
  for (const { name } of ops) expect([name, got.get(name)]).toEqual([name, wanted[name]]);
}

const PATH = '/usr/bin:/bin';

for (const { as, ...shell } of SHELLS) {
  describe.skipIf(shell.file === undefined)(
    `env.sh in ${shell.name}${shell.file === undefined ? ' (not on this machine)' : ''}`,
    () => {
      it.each(['. ./file', 'eval "$(cat file)"'])(
        'brings every value byte for byte by %s, and runs nothing',
        (line) => {
          const own: Shell = { ...shell, file: as === undefined ? shell.file : called(as, shell.file) };
          fc.assert(
            fc.property(operations, caller, folderName, (variables, before, name) => {
              const env = { ...before, PATH };
              const runtimes = [runtimeOf({ commands: { dummy: `/store/${name}/bin/dummy` } })];
              const environment = environmentOf({ variables, runtimes, directory: `/x/${name}` });
              const got = variablesAfter(own, renderEnvSh(environment), { line, env });
              expectVariables(got, env, variables);
              expect(got.get('POLYENV_ENV')).toBe(`/x/${name}`);
              expect(got.get('PATH')).toBe(name.includes(':') ? PATH : `/store/${name}/bin:${PATH}`);
            }),
            RUNS,
          );
        },
      );
    },
  );
}

const fish: Shell = { name: 'fish', file: program('fish'), args: ['--no-config'] };
describe.skipIf(fish.file === undefined)(
  `env.fish${fish.file === undefined ? ' (there is no fish on this machine)' : ''}`,
  () => {
    it.each(['source ./file', 'cat file | source', 'eval (cat file | string collect)'])(
      'brings every value byte for byte by %s, and runs nothing',
      (line) => {
        fc.assert(
          fc.property(operations, caller, folderName, (variables, before, name) => {
            const env = { ...before, PATH };
            const runtimes = [runtimeOf({ commands: { dummy: `/store/${name}/bin/dummy` } })];
            const environment = environmentOf({ variables, runtimes, directory: `/x/${name}` });
            const got = variablesAfter(fish, renderEnvFish(environment), { line, env });
            expectVariables(got, env, variables);
            expect(got.get('POLYENV_ENV')).toBe(`/x/${name}`);
            expect(got.get('PATH')).toBe(name.includes(':') ? PATH : `/store/${name}/bin:${PATH}`);
          }),
          RUNS,
        );
      },
    );
  },
);

describe('no folder on PATH', () => {
  it('adds none, not even the empty one, which is the working folder', () => {
    const sh: Shell = { name: 'sh', file: '/bin/sh', args: [] };
    const none = environmentOf({});
    expect(variablesAfter(sh, renderEnvSh(none), { line: '. ./file', env: { PATH } }).get('PATH')).toBe(PATH);
    if (fish.file !== undefined)
      expect(variablesAfter(fish, renderEnvFish(none), { line: 'source ./file', env: { PATH } }).get('PATH')).toBe(
        PATH,
      );
  });
});

describe('dotenv', () => {
  const values = fc.dictionary(variableName, hostile, { maxKeys: 6, noNullPrototype: true });
  const render = (set: Readonly<Record<string, string>>): string =>
    renderDotenv(
      environmentOf({ variables: Object.entries(set).map(([name, value]) => ({ op: 'set', name, value })) }),
    );

  it('is what it says to Node, as far as its quotes reach, and one line never becomes another', () => {
    fc.assert(
      fc.property(values, (set) => {
        const got = parseEnv(render(set));
        expect(Object.keys(got).sort()).toEqual(Object.keys(set).sort());
        for (const [name, value] of Object.entries(set))
          if (!value.includes('\r') && !(value.includes("'") && /["`$\\]/.test(value)) && !value.endsWith('\\'))
            expect([name, got[name]]).toEqual([name, value]);
      }),
      { numRuns: 300 },
    );
  });

  for (const { as, ...shell } of SHELLS.slice(0, 4))
    it.skipIf(shell.file === undefined)(
      `runs nothing when ${shell.name} takes it for a script, and arrives there too`,
      () => {
        const own: Shell = { ...shell, file: as === undefined ? shell.file : called(as, shell.file) };
        fc.assert(
          fc.property(values, (set) => {
            const got = variablesAfter(own, render(set), { line: 'set -a; . ./file', env: { PATH } });
            for (const [name, value] of Object.entries(set))
              if (!value.includes('\r') && !(value.includes('\n') && /'|\\$/.test(value)))
                expect([name, got.get(name)]).toEqual([name, value]);
          }),
          RUNS,
        );
      },
    );
});

for (const shell of STAND_INS) {
  describe.skipIf(shell.file === undefined)(
    `route.sh under ${shell.name}${shell.file === undefined ? ' (not on this machine)' : ''}`,
    () => {
      let sh: Shell;
      beforeAll(() => {
        sh = { name: shell.name, file: called('sh', shell.file), args: [] };
      });

      /** What a shim does with a route: the tool's variables, or why there is none. */
      const route = (
        text: string,
        of: {
          readonly name: string;
          readonly args?: readonly string[];
          readonly env?: Readonly<Record<string, string>>;
        },
      ) => {
        const folder = freshFolder();
        writeFileSync(join(folder, 'file'), text);
        const line = '__polyenv_n=$1 __polyenv_t=dummy; shift; . ./file\nprintf %s "returned $__polyenv_r"';
        const ran = spawnSync(sh.file as string, ['-c', line, 'sh', of.name, ...(of.args ?? [])], {
          cwd: folder,
          env: { PATH, HOME: root, ...of.env },
          encoding: 'utf8',
          timeout: 20_000,
        });
        expect({ stderr: ran.stderr, status: ran.status, files: readdirSync(folder) }).toEqual({
          stderr: '',
          status: 0,
          files: ['file'],
        });
        discard(folder);
        return ran.stdout;
      };

      it('leads to tools in hostile folders with every variable byte for byte, and runs nothing', () => {
        fc.assert(
          fc.property(operations, caller, folderName, (variables, env, name) => {
            const base = freshFolder();
            const folder = join(base, name);
            mkdirSync(folder);
            for (const tool of ['dummy', 'later'])
              writeFileSync(join(folder, tool), '#!/bin/sh\nexec /usr/bin/env -0 -u PWD -u OLDPWD -u _\n', {
                mode: 0o755,
              });
            for (const file of ['input', '0']) writeFileSync(join(folder, file), '');
            for (const file of ['input', '0']) utimesSync(join(folder, file), 1_700_000_000, 1_700_000_000);
            const environment = environmentOf({
              directory: folder,
              runtimes: [runtimeOf({ commands: { dummy: join(folder, 'dummy') }, bins: [folder] })],
              variables,
              inputs: [join(folder, 'input')],
              absences: [join(folder, 'absent')],
              shims: join(folder, 'shims'),
            });
            const text = renderRoute(environment, folder);
            for (const tool of ['dummy', 'later']) {
              const got = variablesIn(route(text, { name: tool, env }));
              expectVariables(got, env, variables);
              expect(got.get('POLYENV_ENV')).toBe(folder);
              expect(got.get('PATH')).toBe(`${folder}/shims:${PATH}`);
            }
            expect(route(text, { name: 'nothing' })).toBe('returned pass');
            writeFileSync(join(folder, 'absent'), '');
            expect(route(text, { name: 'dummy' })).toBe('returned stale');
            discard(base);
          }),
          RUNS,
        );
      });

      it('knows a global install by its very words, whatever stands in them', () => {
        const word = hostile.filter((text) => text !== '' && !text.startsWith('-'));
        const flag = hostile.map((text) => `-${text}`);
        fc.assert(
          fc.property(word, flag, word, (own, option, other) => {
            const installs = [{ command: 'dummy', words: [own], flags: [option] }];
            const runtimes = [runtimeOf({ commands: { dummy: '/nowhere/dummy' }, installs })];
            const text = renderRoute(environmentOf({ runtimes }), '/stamps');
            expect(route(text, { name: 'dummy', args: [own, option] })).toBe('returned installs');
            expect(route(text, { name: 'dummy', args: [option, own, other] })).toBe('returned installs');
            expect(route(text, { name: 'dummy', args: [own] })).toBe('returned gone');
            if (other !== own) expect(route(text, { name: 'dummy', args: [other, option] })).toBe('returned gone');
          }),
          RUNS,
        );
      });

      it('takes no hostile name of a command or a runtime for a pattern', () => {
        fc.assert(
          fc.property(hostile, (name) => {
            const text = renderRoute(
              environmentOf({ runtimes: [runtimeOf({ commands: { [name]: '/bin/false' } })], pending: [name] }),
              '/stamps',
            );
            expect(route(text, { name: 'nothing' })).toBe(name === 'dummy' ? 'returned missing' : 'returned pass');
          }),
          RUNS,
        );
      });
    },
  );
}

it('no form is rendered for a name that is no name of a variable, nor for a NUL', () => {
  fc.assert(
    fc.property(
      hostile.filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
      (name) => {
        const environment = environmentOf({ variables: [{ op: 'set', name, value: 'x' }] });
        for (const render of [
          renderEnvSh,
          renderEnvFish,
          renderDotenv,
          (one: Environment) => renderRoute(one, '/stamps'),
        ])
          expect(() => render(environment)).toThrow(PolyenvError);
      },
    ),
  );
  for (const value of ['\0', 'a\0b'])
    for (const render of [renderEnvSh, renderEnvFish, renderDotenv, (one: Environment) => renderRoute(one, '/stamps')])
      expect(() => render(environmentOf({ variables: [{ op: 'set', name: 'FOO', value }] }))).toThrow(PolyenvError);
});

it('a project cannot set the names that a route itself uses', () => {
  for (const name of ['__polyenv_f', '__polyenv_r', '__POLYENV_x', 'POLYENV_ENV', 'POLYENV_DEPTH'])
    expect(refuseProjectVariable(name)).toMatch(/polyenv's own/);
});
