import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { homeOf } from '../../src/adapters/home/paths';
import { onceFolder, removeOnceRoutes, writeDefaults, writeOnceRoute } from '../../src/adapters/routes/environments';
import { renderShim } from '../../src/adapters/routes/shims';
import type { Host } from '../../src/host';
import { setVariable } from '../../src/kit';
import { discard } from '../support/discard';
import { COMMANDS, DUMMY, openShimStore, program, type ShimStore, STAND_INS } from '../support/shim-store';

const ODD = [
  ...['', ' ', 'a b', '\t', 'x\ny', '\n', 'end\n', '"', "'", '`id`', '$HOME', '$(id)', '\\', '\\n', '*', '?', '[a-z]'],
  ...[
    '~',
    '#',
    '!',
    '&&',
    ';',
    '|',
    '>x',
    '-e',
    '-',
    '--',
    '--help',
    '--version',
    '-c',
    'a=b',
    'é',
    '日本',
    '\u0001\u007f',
  ],
];

for (const shell of STAND_INS) {
  const absent = shell.file === undefined;
  describe.skipIf(absent)(`shims under ${shell.name}${absent ? ' (not on this machine)' : ''}`, () => {
    let store: ShimStore;
    let a: string;
    let b: string;
    let outside: string;
    const quiet = { stderr: '', status: 0 };

    beforeAll(async () => {
      store = await openShimStore(shell);
      a = store.folder('A');
      b = store.folder('B');
      outside = store.folder('outside');
      store.folder('A/sub/deep');
      await store.pin(a, '1.0.0');
      await store.pin(b, '2.0.0');
    });
    afterAll(() => store.remove());
    beforeEach(() => void store.slow());

    /** In a shell whose first command on PATH is the shim; it is ended by a signal if it does not end. */
    const script = (
      text: string,
      more: { readonly cwd?: string; readonly env?: Record<string, string | undefined> } = {},
    ) => store.start('/bin/sh', { cwd: a, ...more, args: ['-c', text, 'script', join(store.home.shims, 'dummy')] });

    describe('what the tool gets', () => {
      it('gets every argument as it was given', () => {
        const expected = `argc=${ODD.length}\n${ODD.map((word) => `[${word}]\n`).join('')}`;
        expect(store.run('show', { cwd: a, args: ODD })).toMatchObject({ ...quiet, stdout: expected });
        expect(store.run('show', { cwd: outside, args: ODD })).toMatchObject({ ...quiet, stdout: expected });
        expect(store.run('show', { cwd: a })).toMatchObject({ ...quiet, stdout: 'argc=0\n' });
      });

      it('gets arguments that are no UTF-8, long ones and many', () => {
        expect(script("show \"$(printf 'a\\377\\376b')\" | od -An -c | tr -d ' \\n'").stdout).toContain('[a377376b]');
        const long = 'x'.repeat(100_000);
        expect(store.run('show', { cwd: a, args: [long] }).stdout).toBe(`argc=1\n[${long}]\n`);
        const many = Array.from({ length: 5_000 }, (_, index) => String(index));
        expect(store.run('show', { cwd: a, args: many }).stdout).toMatch(/^argc=5000\n\[0\]\n/);
      });

      it('gets standard input byte for byte, and none of it is read before', () => {
        const input = randomBytes(8 * 1024 * 1024);
        const file = join(store.root, 'input');
        writeFileSync(file, input);
        const sum = createHash('sha256').update(input).digest('hex');
        for (const cwd of [a, outside]) expect(script(`stdin <"${file}" | sha256sum`, { cwd }).stdout).toContain(sum);
        expect(script('printf "1\\n2\\n3\\n" | { read -r first; stdin; }').stdout).toBe('2\n3\n');
      });

      it.each([
        ['stdin closed', 'dummy <&-', 'dummy 1.0.0\n'],
        ['stdout closed, status', 'code 3 >&-; echo $?', '3\n'],
        ['stderr closed', 'dummy 2>&-', 'dummy 1.0.0\n'],
        ['all closed, status', 'code 5 <&- >&- 2>&-; echo $?', '5\n'],
        ['a full disk for stderr', 'dummy 2>/dev/full', 'dummy 1.0.0\n'],
        ['a reader that went away', 'dummy | :; echo on', 'on\n'],
      ])('runs with %s', (_, text, stdout) => {
        expect(script(text)).toMatchObject({ status: 0, stdout, stderr: '' });
      });

      it('gets the open descriptors of its caller and no others', () => {
        writeFileSync(join(a, 'list'), '#!/bin/sh\nls /proc/self/fd | wc -l; cat <&7\n', { mode: 0o755 });
        const list = (command: string) => script(`echo seven >x; exec 7<x 9>/dev/null; ${command}; rm x`);
        const tool = join(store.home.store, 'dummy-1.0.0/bin/code');
        const before = readFileSync(tool, 'utf8');
        writeFileSync(tool, readFileSync(join(a, 'list')));
        try {
          expect(list('code').stdout).toBe(list('./list').stdout);
        } finally {
          writeFileSync(tool, before);
        }
      });

      it('decides the status', () => {
        for (const status of [0, 1, 2, 42, 125, 126, 127, 255])
          for (const cwd of [a, outside])
            expect(store.run('code', { cwd, args: [String(status)] })).toMatchObject({
              status,
              stdout: '',
              stderr: '',
            });
      });

      it('gets the signals sent to the pid that the caller started, and nothing is left over', () => {
        for (const signal of ['TERM', 'HUP', 'USR1']) {
          const ran = script(
            `trapped "$PWD/got" ${signal} & pid=$!
            while [ ! -f got.ready ]; do sleep 0.02; done
            kill -${signal} $pid; wait $pid; echo $? "$(cat got)"; kill -0 $pid 2>/dev/null || echo none; rm got got.ready`,
          );
          expect(ran).toMatchObject({ stdout: '9 got\nnone\n' });
        }
      });

      it('keeps signals ignored that the caller ignores', () => {
        for (const trap of ["trap '' INT QUIT", ':']) {
          const direct = script(`${trap}; grep SigIgn /proc/self/status | cut -f2`).stdout;
          expect(script(`${trap}; signals`).stdout).toBe(direct);
        }
      });

      it('has the pid that the caller started', () => {
        for (const cwd of [a, join(a, 'sub/deep'), outside]) {
          const [tool, started] = script('ident >pid & echo $!; wait; cat pid; rm pid', { cwd }).stdout.split('\n');
          expect(tool).toMatch(/^\d+$/);
          expect(started).toBe(tool);
        }
      });

      it('keeps umask, limits, niceness and both names of the working folder', () => {
        const cwd = join(a, 'another way');
        symlinkSync(join(a, 'sub'), cwd);
        const set = 'umask 027; ulimit -n 77; cd "$PWD"';
        const plain = Number(script('nice').stdout);
        expect(script(`${set}; nice -n 5 state`, { cwd }).stdout).toBe(
          `0027\n77\n${join(a, 'sub')}\n${cwd}\n${plain + 5}\n`,
        );
        rmSync(cwd);
      });

      it('gets the variables of its caller, and of polyenv only what the project says', async () => {
        const odd = { EMPTY: '', LINES_: 'a\nb\n', QUOTE: `'"\\$(id)\``, npm_config_x: 'y', IFS_: ' ' };
        const ran = store.run('envdump', { cwd: a, env: odd });
        const got = Object.fromEntries(
          ran.stdout
            .split('\0')
            .filter(Boolean)
            .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
        );
        expect(got).toMatchObject({ ...odd, POLYENV_ENV: a, HOME: store.person });
        const { OLDPWD, SHLVL, _, ...rest } = got;
        expect(Object.keys(rest).sort()).toEqual([...Object.keys(odd), 'HOME', 'PATH', 'POLYENV_ENV', 'PWD'].sort());
      });

      it("gets the project's variables literally", async () => {
        const folder = store.folder('valued');
        const value = `$(touch pwned)\`touch pwned\`'"\\\n*~ !%`;
        await store.pin(folder, '1.0.0', { variables: [setVariable('VALUE', value), { op: 'unset', name: 'GONE' }] });
        const ran = store.run('envdump', { cwd: folder, env: { GONE: 'x', VALUE: 'other' } });
        expect(ran.stdout.split('\0')).toContain(`VALUE=${value}`);
        expect(ran.stdout).not.toContain('GONE');
        expect(existsSync(join(folder, 'pwned'))).toBe(false);
      });
    });

    describe('odd surroundings', () => {
      it.each<[string, Record<string, string>]>([
        ['POSIXLY_CORRECT', { POSIXLY_CORRECT: '1' }],
        ['IFS of a slash', { IFS: '/' }],
        ['IFS of letters', { IFS: 'dumyenv.' }],
        ['no IFS', { IFS: '' }],
        ['CDPATH', { CDPATH: '/:/usr:.' }],
        ['ENV and BASH_ENV', { ENV: './evil', BASH_ENV: './evil' }],
        ['set -u', { SHELLOPTS: 'nounset' }],
        ['set -eu and no clobbering', { SHELLOPTS: 'errexit:nounset:noclobber:noglob' }],
        ['set -a', { SHELLOPTS: 'allexport' }],
        ['options of bash', { BASHOPTS: 'nullglob:failglob:nocaseglob:nocasematch:extglob' }],
        ['another language', { LC_ALL: 'C.UTF-8', LANG: 'de_DE' }],
        [
          'its own names',
          { __polyenv_r: 'pass', __polyenv_d: '/', __polyenv_h: '/evil', __polyenv_f: '/bin/false', __polyenv_n: 'x' },
        ],
        ['a depth of the caller', { POLYENV_DEPTH: '19' }],
        ['a depth that is no number', { POLYENV_DEPTH: 'a[$(touch pwned)]' }],
        ['an environment that is none', { POLYENV_ENV: '../../x' }],
        ['no variable at all', { HOME: '', PATH: '' }],
      ])('routes with %s', (_, env) => {
        writeFileSync(join(a, 'evil'), 'echo evil; touch pwned');
        for (const cwd of [a, join(a, 'sub/deep')])
          expect(store.run('dummy', { cwd, env })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
        expect(existsSync(join(a, 'pwned'))).toBe(false);
      });

      it.each<[string, Record<string, string>]>([
        ['IFS of a slash', { IFS: '/' }],
        ['no IFS', { IFS: '' }],
        ['set -eu', { SHELLOPTS: 'errexit:nounset:noclobber:noglob' }],
        ['POSIXLY_CORRECT', { POSIXLY_CORRECT: '1' }],
      ])('passes through with %s', (_, env) => {
        expect(store.run('dummy', { cwd: outside, env })).toMatchObject({ ...quiet, stdout: 'dummy system\n' });
      });

      it('hands on an IFS as the shell itself would, with and without one of the caller', () => {
        const own = join(store.system, 'envdump');
        const text = readFileSync(own);
        rmSync(own);
        symlinkSync('/usr/bin/env', own);
        try {
          for (const env of [{ IFS: '/' }, {}] as const) {
            const direct = store.start(join(store.root, 'sh'), { cwd: outside, env, args: ['-c', 'exec env -0'] });
            const split = (text: string) => text.split('\0').filter((line) => line.startsWith('IFS='));
            const through = store.run('envdump', { cwd: outside, env, args: ['-0'] });
            expect(split(through.stdout)).toEqual(split(direct.stdout));
          }
        } finally {
          rmSync(own);
          writeFileSync(own, text, { mode: 0o755 });
        }
      });

      it('never runs what stands in a depth', () => {
        for (const depth of [
          'a[$(touch pwned)]',
          '$(touch pwned)',
          '08',
          '08 09 dummy ',
          '-1 1 x',
          '1 a[$(touch pwned)] x',
          '-1',
          '99999999999999999999',
          ' 1',
          'PATH',
        ]) {
          const ran = store.run('dummy', { cwd: outside, env: { POLYENV_DEPTH: depth } });
          expect([0, 126]).toContain(ran.status);
          expect(existsSync(join(outside, 'pwned'))).toBe(false);
        }
      });

      it('routes without PATH, HOME and PWD', () => {
        const env = { PATH: undefined, HOME: undefined, PWD: undefined };
        expect(store.run('dummy', { cwd: a, env })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
        expect(
          store.start('/usr/bin/env', { cwd: join(a, 'sub'), args: ['-i', join(store.home.shims, 'dummy')] }),
        ).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
        expect(
          store.start('/usr/bin/env', { cwd: outside, args: ['-i', join(store.home.shims, 'dummy')] }),
        ).toMatchObject({ status: 127, stdout: '' });
      });

      it('believes the folder that it is in, not a PWD that lies', () => {
        for (const PWD of [b, '/', '', 'x', '/nowhere', `${b}/.`])
          expect(store.run('dummy', { cwd: a, env: { PWD } })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
      });

      it('goes by the name that the person used for a folder behind a link', () => {
        const link = join(b, 'to-A');
        symlinkSync(join(a, 'sub'), link);
        expect(store.run('dummy', { cwd: link, env: { PWD: link } }).stdout).toBe('dummy 2.0.0\n');
        expect(store.run('dummy', { cwd: link, env: { PWD: join(a, 'sub') } }).stdout).toBe('dummy 1.0.0\n');
        rmSync(link);
      });

      it('survives a working folder that is gone', () => {
        const gone = 'mkdir -p gone/x; cd gone/x; rm -r ../../gone;';
        expect(script(`${gone} dummy`, { cwd: outside }).stdout).toBe('dummy system\n');
        expect(script(`${gone} dummy`, { cwd: outside, env: { POLYENV_ENV: a } }).stdout).toBe('dummy 1.0.0\n');
        expect(script(`${gone} code 4; echo $?`, { cwd: outside }).stdout).toBe('4\n');
      });

      it('works through links, from folders with blanks, and does not loop', () => {
        const farm = join(store.root, 'x y');
        mkdirSync(farm, { recursive: true });
        symlinkSync(join(store.home.shims, 'dummy'), join(farm, 'dummy'));
        expect(store.start(join(farm, 'dummy'), { cwd: a })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
        const PATH = `${farm}:${store.home.shims}:${farm}:${store.system}:/usr/bin:/bin`;
        expect(store.start(join(farm, 'dummy'), { cwd: outside, env: { PATH } })).toMatchObject({
          ...quiet,
          stdout: 'dummy system\n',
        });
      });

      it('works by a relative path, from its own folder, and named without a slash', () => {
        expect(script(`cd sub; ../../../home/shims/dummy`).stdout).toBe('dummy 1.0.0\n');
        expect(script(`cd "${store.home.shims}" && ./dummy`).stdout).toBe('dummy system\n');
        const sh = join(store.root, 'sh');
        expect(script(`"${sh}" "${store.home.shims}/dummy"; cd "${store.home.shims}"; "${sh}" dummy`).stdout).toBe(
          'dummy 1.0.0\ndummy system\n',
        );
      });
    });

    describe('which version runs', () => {
      const says = (cwd: string, stdout: string, env?: Record<string, string>) =>
        expect(store.run('dummy', { cwd, ...(env && { env }) })).toMatchObject({
          ...quiet,
          stdout: `dummy ${stdout}\n`,
        });

      it('is that of the nearest folder that pins', async () => {
        says(a, '1.0.0');
        says(b, '2.0.0');
        says(join(a, 'sub/deep'), '1.0.0');
        const own = store.folder('A/own/below');
        await store.pin(join(a, 'own'), '2.0.0');
        says(own, '2.0.0');
        says(a, '1.0.0');
        expect(store.slow()).toEqual([]);
      });

      it('is looked up in time that a deep folder does not stretch to a stop', () => {
        const deep = store.folder(`A/${'d/'.repeat(60)}`);
        says(deep, '1.0.0');
      });

      it('is a question for polyenv, never for another copy, where the pin is not compiled or its toolchain is gone', async () => {
        const fresh = store.folder('fresh');
        writeFileSync(join(fresh, '.dummy-version'), '9.9.9\n');
        expect(store.run('dummy', { cwd: fresh, args: ['x'] })).toMatchObject({ status: 97, stdout: '' });
        expect(store.slow()).toEqual([`shim dummy dummy ${fresh} x`]);
        const broken = store.folder('broken');
        await store.pin(broken, '3.0.0');
        expect(store.run('dummy', { cwd: broken })).toMatchObject({ status: 97, stdout: '' });
        expect(store.slow()).toEqual([`shim dummy dummy ${broken}`]);
      });

      it('is a question for polyenv where the runtime is pinned and not ready', async () => {
        const folder = store.folder('pending');
        await store.pin(folder, '9.9.9', { runtimes: [], pending: ['dummy'] });
        expect(store.run('dummy', { cwd: folder })).toMatchObject({ status: 97, stdout: '' });
      });

      it("is the system's for a command that the pins do not provide", async () => {
        const folder = store.folder('partial');
        const { node: _, ...commands } = store.routed('1.0.0').commands;
        await store.pin(folder, '1.0.0', { runtimes: [store.routed('1.0.0', { commands })] });
        expect(store.run('node', { cwd: folder })).toMatchObject({ ...quiet, stdout: 'fake-node system\n' });
        says(folder, '1.0.0');
      });

      it('is what the project installed for itself, if that can run', async () => {
        const folder = store.folder('private');
        const bin = join(store.home.homes, 'private/bin');
        mkdirSync(bin, { recursive: true });
        const { node: _, ...commands } = store.routed('1.0.0').commands;
        await store.pin(folder, '1.0.0', { runtimes: [store.routed('1.0.0', { commands, bins: [bin] })] });
        const node = () => store.run('node', { cwd: folder }).stdout;
        expect(node()).toBe('fake-node system\n');
        writeFileSync(join(bin, 'node'), '#!/bin/sh\necho own\n', { mode: 0o644 });
        expect(node()).toBe('fake-node system\n');
        chmodSync(join(bin, 'node'), 0o755);
        expect(node()).toBe('own\n');
        rmSync(join(bin, 'node'));
        mkdirSync(join(bin, 'node'));
        expect(node()).toBe('fake-node system\n');
      });

      it('is asked of polyenv with an override, a plus, and the words as they were', () => {
        expect(store.run('dummy', { cwd: a, env: { POLYENV_DUMMY: '2' } }).status).toBe(97);
        expect(store.slow()).toEqual([`shim dummy dummy ${a}`]);
        expect(store.run('dummy', { cwd: a, args: ['+2', 'build'] }).status).toBe(97);
        expect(store.slow()).toEqual([`shim dummy dummy ${a} build`]);
        for (const odd of ['>=2 <3', '../2', '2;id', 'a b', '*']) {
          expect(store.run('dummy', { cwd: a, env: { POLYENV_DUMMY: odd } }).status).toBe(97);
          expect(store.slow()).toEqual(['shim dummy dummy ']);
        }
        says(a, 'system', { POLYENV_DUMMY: 'system' });
        for (const args of [['+'], ['a', '+2'], ['', '+2']])
          expect(store.run('dummy', { cwd: a, args }).stdout).toBe('dummy 1.0.0\n');
        expect(store.run('show', { cwd: a, args: ['+2'] }).stdout).toBe('argc=1\n[+2]\n');
        says(a, '1.0.0', { POLYENV_DUMMY: '' });
      });

      it('is what was compiled for this once, at the pin or anywhere else, until the store changes', async () => {
        const env = { POLYENV_DUMMY: '2' };
        const asked = { tool: 'dummy', text: '2' };
        // `a` again, and a place for which nothing is compiled.
        for (const [folder, cwd] of [
          [a, store.folder('A/sub/deep')],
          [undefined, outside],
        ] as const) {
          const environment = store.describe(folder ?? store.person, '2.0.0', {
            inputs: [...(folder === undefined ? [] : [join(a, '.dummy-version')]), store.home.store],
            folders: [store.home.store],
            absences: [],
          });
          await writeOnceRoute(onceFolder(store.home, asked, folder) as string, environment);
          says(cwd, '2.0.0', env);
          expect(store.run('dummy', { cwd, args: ['+2', 'x'] }).stdout).toBe('dummy 2.0.0\n');
          expect(store.run('show', { cwd, args: ['+2'], env }).stdout).toBe('argc=1\n[+2]\n');
          expect(store.run('envdump', { cwd, args: [] }).stdout).not.toContain('POLYENV_DUMMY');
        }
        says(a, '1.0.0');
        expect(store.slow()).toEqual([]);
        mkdirSync(join(store.home.store, 'another'));
        utimesSync(store.home.store, new Date(), new Date(Date.now() + 3000));
        for (const cwd of [a, outside]) expect(store.run('dummy', { cwd, env }).status).toBe(97);
        expect(store.slow()).toEqual([`shim dummy dummy ${a}`, 'shim dummy dummy ']);
        rmSync(join(store.home.store, 'another'), { recursive: true });
        await removeOnceRoutes(store.home);
        expect(store.run('dummy', { cwd: a, env: { POLYENV_DUMMY: '2' } }).status).toBe(97);
        store.slow();
      });

      it("is the system's with the bypass, even where the pin is broken", () => {
        const fresh = store.folder('unready');
        writeFileSync(join(fresh, '.dummy-version'), '9.9.9\n');
        for (const cwd of [a, fresh, outside]) says(cwd, 'system', { POLYENV_BYPASS: '1' });
        says(a, 'system', { POLYENV_BYPASS: '1', POLYENV_DUMMY: '2', POLYENV_ENV: b });
        for (const POLYENV_BYPASS of ['', '0']) says(a, '1.0.0', { POLYENV_BYPASS });
      });

      it("stops looking at the person's home folder", async () => {
        await store.pin(store.root, '1.0.0');
        says(outside, 'system');
        rmSync(join(store.root, '.dummy-version'));
      });
    });

    describe('freshness', () => {
      const asks = (cwd: string) => {
        store.slow();
        expect(store.run('dummy', { cwd })).toMatchObject({ status: 97, stdout: '' });
        expect(store.slow()).toEqual([`shim dummy dummy ${cwd}`]);
      };
      const moveTime = (file: string, by: number) => {
        const { mtimeMs } = statSync(file);
        utimesSync(file, (mtimeMs + by) / 1000, (mtimeMs + by) / 1000);
      };

      it.each([
        [
          'an edit',
          (folder: string) => {
            writeFileSync(join(folder, '.dummy-version'), '2.0.0\n');
            moveTime(join(folder, '.dummy-version'), 3_000);
          },
        ],
        ['a time that moved backwards', (folder: string) => moveTime(join(folder, '.dummy-version'), -3_600_000)],
        ['a time in 1970', (folder: string) => utimesSync(join(folder, '.dummy-version'), 1, 1)],
        ['a time in the future', (folder: string) => utimesSync(join(folder, '.dummy-version'), 4e9, 4e9)],
        ['a lock that a pull brought', (folder: string) => writeFileSync(join(folder, 'polyenv.lock'), '')],
        ['a manifest that was not there', (folder: string) => writeFileSync(join(folder, 'polyenv.toml'), '')],
        [
          'a pin file that became a folder',
          (folder: string) => {
            rmSync(join(folder, '.dummy-version'));
            mkdirSync(join(folder, '.dummy-version'));
          },
        ],
        [
          'stamps that are gone',
          (folder: string) => {
            const route = readFileSync(join(store.home.envs, folder, '.polyenv/route.sh'), 'utf8');
            discard(/\S+\/stamps-[0-9a-f]+/.exec(route)?.[0] ?? '');
          },
        ],
      ])('sees %s', async (name, change) => {
        const folder = store.folder(`fresh ${name}`.replaceAll(' ', '-'));
        await store.pin(folder, '1.0.0');
        expect(store.run('dummy', { cwd: folder })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
        change(folder);
        asks(folder);
      });

      it.skipIf(shell.seconds)('sees an edit within the same second', async () => {
        const folder = store.folder('quick');
        for (let round = 0; round < 5; round += 1) {
          await store.pin(folder, '1.0.0');
          writeFileSync(join(folder, '.dummy-version'), '2.0.0\n');
          asks(folder);
        }
      });

      it('sees a file that went, or became a folder of the same time, though it pins nothing', async () => {
        const folder = store.folder('resting');
        const rest = join(folder, 'rest');
        for (const change of [
          () => rmSync(rest),
          () => {
            rmSync(rest);
            mkdirSync(rest);
            utimesSync(rest, 1_700_000_000, 1_700_000_000);
          },
        ]) {
          discard(rest);
          writeFileSync(rest, '');
          utimesSync(rest, 1_700_000_000, 1_700_000_000);
          await store.pin(folder, '1.0.0', { inputs: [join(folder, '.dummy-version'), rest] });
          expect(store.run('dummy', { cwd: folder })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
          change();
          asks(folder);
        }
      });

      it('sees a new pin file in between, and its going', async () => {
        const between = store.folder('A/between');
        const deep = store.folder('A/between/deep');
        expect(store.run('dummy', { cwd: deep }).stdout).toBe('dummy 1.0.0\n');
        writeFileSync(join(between, '.dummy-version'), '2.0.0\n');
        expect(store.run('dummy', { cwd: deep }).status).toBe(97);
        expect(store.slow()).toEqual([`shim dummy dummy ${between}`]);
        await store.pin(between, '2.0.0');
        expect(store.run('dummy', { cwd: deep }).stdout).toBe('dummy 2.0.0\n');
        rmSync(join(between, '.dummy-version'));
        expect(store.run('dummy', { cwd: deep }).stdout).toBe('dummy 1.0.0\n');
      });

      describe('many levels below the pin', () => {
        const levels = (count: number): string => Array.from({ length: count }, (_, index) => `l${index}`).join('/');
        let far: string;
        beforeAll(() => {
          far = store.folder(`A/far/${levels(24)}`);
        });
        const middle = (): string => join(a, 'far', levels(9));

        it('runs where it was called, with the variables of its caller', () => {
          const dumped = (env: Record<string, string | undefined>) => {
            const { stdout, stderr, status } = store.run('envdump', { cwd: far, env });
            expect({ stderr, status }).toEqual(quiet);
            return stdout
              .split('\0')
              .filter((line) => /^(?:OLDPWD|PWD|CDPATH)=/.test(line))
              .sort();
          };
          expect(dumped({ OLDPWD: b })).toEqual([`OLDPWD=${b}`, `PWD=${far}`]);
          expect(dumped({})).toEqual([`PWD=${far}`]);
          expect(dumped({ CDPATH: `/:${b}` })).toEqual([`CDPATH=/:${b}`, `PWD=${far}`]);
          expect(script('dummy; pwd -P; dummy', { cwd: far }).stdout).toBe(`dummy 1.0.0\n${far}\ndummy 1.0.0\n`);
          expect(store.run('dummy', { cwd: far, env: { 'BASH_FUNC_cd%%': '() { exit 9; }' } }).stdout).toBe(
            'dummy 1.0.0\n',
          );
        });

        it('sees a new pin file at every level, and its going', () => {
          for (const count of [24, 23, 22, 20, 12, 2]) {
            const folder = join(a, 'far', levels(count));
            writeFileSync(join(folder, '.dummy-version'), '2.0.0\n');
            expect(store.run('dummy', { cwd: far }).status).toBe(97);
            expect(store.slow()).toEqual([`shim dummy dummy ${folder}`]);
            rmSync(join(folder, '.dummy-version'));
            mkdirSync(join(folder, '.config/mise'), { recursive: true });
            writeFileSync(join(folder, '.config/mise/config.toml'), '');
            expect(store.run('dummy', { cwd: far }).status).toBe(97);
            expect(store.slow()).toEqual([`shim dummy dummy ${folder}`]);
            discard(join(folder, '.config'));
            expect(store.run('dummy', { cwd: far }).stdout).toBe('dummy 1.0.0\n');
          }
        });

        it('finds the pin through folders that cannot be read, or not entered', () => {
          for (const mode of ['311', '100', '000']) {
            const text = `chmod ${mode} '${middle()}'; dummy; s=$?; chmod 755 '${middle()}'; exit $s`;
            expect(script(text, { cwd: far })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
          }
        });

        it('goes by the name of the folder behind a link, and passes on where nothing pins', () => {
          const link = join(b, 'far-link');
          symlinkSync(middle(), link);
          const behind = join(link, far.slice(middle().length + 1));
          expect(store.run('dummy', { cwd: behind, env: { PWD: behind } }).stdout).toBe('dummy 2.0.0\n');
          rmSync(link);
          const free = store.folder(`outside/${levels(24)}`);
          expect(store.run('dummy', { cwd: free })).toMatchObject({ ...quiet, stdout: 'dummy system\n' });
          expect(store.run('dummy', { cwd: join(store.folder(`home-of/${levels(20)}`)) }).stdout).toBe(
            'dummy system\n',
          );
        });

        it('stays where it is while its folder has a name with a link and ".." in it', () => {
          const link = join(b, 'far-link');
          symlinkSync(join(a, 'far/l0'), link);
          const odd = `${link}/../${levels(24)}`;
          expect(store.run('dummy', { cwd: far, env: { PWD: odd } })).toMatchObject({
            ...quiet,
            stdout: expect.stringMatching(/^dummy [12]\.0\.0\n$/),
          });
          rmSync(link);
        });

        it('survives a working folder that is gone', () => {
          const gone = 'mkdir -p gone/x; cd gone/x; rm -r ../../gone;';
          expect(script(`${gone} dummy`, { cwd: far }).stdout).toMatch(/^dummy (?:1\.0\.0|system)\n$/);
        });
      });

      it('sees every shared and manifest name as a pin', () => {
        for (const name of ['polyenv.local.toml', 'polyenv.toml', '.tool-versions', 'mise.toml']) {
          const folder = store.folder(`named-${name}`);
          writeFileSync(join(folder, name), '');
          asks(folder);
        }
      });
    });

    describe('the way through to the next one on PATH', () => {
      it.each([
        ['shims first', (s: ShimStore) => [s.home.shims, s.system]],
        ['shims last', (s: ShimStore) => [s.system, s.home.shims]],
        ['shims in the middle', (s: ShimStore) => ['/nowhere', s.home.shims, s.system]],
        ['shims twice', (s: ShimStore) => [s.home.shims, s.home.shims, s.system]],
        ['shims with a slash', (s: ShimStore) => [`${s.home.shims}/`, `${s.home.shims}/.`, s.system]],
        ['empty and relative entries', (s: ShimStore) => ['', '.', 'bin', '..', s.home.shims, s.system, '']],
        ['a folder of that name', (s: ShimStore) => [s.home.shims, join(s.root, 'folders'), s.system]],
        ['one that is not executable', (s: ShimStore) => [s.home.shims, join(s.root, 'plain'), s.system]],
        ['a pattern', (s: ShimStore) => [s.home.shims, `${s.root}/patt*`, s.system]],
      ])('is found with %s', (_, path) => {
        mkdirSync(join(store.root, 'folders/dummy'), { recursive: true });
        mkdirSync(join(store.root, 'plain'), { recursive: true });
        mkdirSync(join(store.root, 'pattern'), { recursive: true });
        for (const name of ['dummy', 'show'])
          writeFileSync(join(store.root, 'pattern', name), '#!/bin/sh\necho pattern\n', { mode: 0o755 });
        writeFileSync(join(store.root, 'plain/dummy'), '#!/bin/sh\necho plain\n', { mode: 0o644 });
        writeFileSync(join(outside, 'dummy'), '#!/bin/sh\necho here\n', { mode: 0o755 });
        const env = { PATH: path(store).join(':') };
        expect(store.run('dummy', { cwd: outside, env })).toMatchObject({ ...quiet, stdout: 'dummy system\n' });
        expect(store.run('show', { cwd: outside, env, args: ['*', 'a b'] }).stdout).toBe('argc=2\n[*]\n[a b]\n');
        rmSync(join(outside, 'dummy'));
      });

      it('leaves out shims of another home, and farms of links to ours', () => {
        const other = join(store.root, 'other/shims');
        const farm = join(store.root, 'farm');
        for (const folder of [other, farm]) mkdirSync(folder, { recursive: true });
        writeFileSync(join(other, 'dummy'), readFileSync(join(store.home.shims, 'dummy')), { mode: 0o755 });
        symlinkSync(join(store.home.shims, 'dummy'), join(farm, 'dummy'));
        const linked = join(store.root, 'linked');
        symlinkSync(store.home.shims, linked);
        const PATH = [store.home.shims, other, farm, linked, store.system].join(':');
        expect(store.run('dummy', { cwd: outside, env: { PATH } })).toMatchObject({
          ...quiet,
          stdout: 'dummy system\n',
        });
      });

      it("takes another manager's shims for programs", () => {
        const shims = join(store.root, 'manager/shims');
        mkdirSync(shims, { recursive: true });
        for (const text of ['#!/bin/sh\necho managed\n', '#!/bin/sh\n\necho managed', 'echo managed']) {
          rmSync(join(shims, 'dummy'), { force: true });
          writeFileSync(join(shims, 'dummy'), text.startsWith('#!') ? text : `#!/bin/sh\n${text}`, { mode: 0o755 });
          const PATH = [store.home.shims, shims, store.system].join(':');
          expect(store.run('dummy', { cwd: outside, env: { PATH } })).toMatchObject({ ...quiet, stdout: 'managed\n' });
        }
      });

      it('says who provides it where there is none', () => {
        const ran = store.run('dummy', { cwd: outside, env: { PATH: store.home.shims } });
        expect(ran).toMatchObject({ status: 127, stdout: '' });
        expect(ran.stderr).toMatch(/dummy.*\n.*polyenv use dummy/);
      });

      it('says what to do where polyenv itself is gone', () => {
        const launcher = join(store.home.bin, 'polyenv');
        chmodSync(launcher, 0o644);
        try {
          const ran = store.run('dummy', { cwd: a, args: ['+1'] });
          expect(ran).toMatchObject({ status: 127, stdout: '' });
          expect(ran.stderr).toContain(store.home.shims);
        } finally {
          chmodSync(launcher, 0o755);
        }
      });

      it('ends where two managers call each other, and tells which command', () => {
        const wrap = join(store.root, 'wrap');
        mkdirSync(wrap, { recursive: true });
        writeFileSync(join(wrap, 'dummy'), `#!/bin/sh\nexec "${store.home.shims}/dummy" "$@"\n`, { mode: 0o755 });
        const ran = store.run('dummy', { cwd: outside, env: { PATH: `${wrap}:${store.home.shims}:${store.system}` } });
        expect(ran).toMatchObject({ status: 126, stdout: '' });
        expect(ran.stderr).toMatch(/dummy calls itself/);
        expect(store.run('dummy', { cwd: a, env: { PATH: `${wrap}:${store.home.shims}` } }).stdout).toBe(
          'dummy 1.0.0\n',
        );
      });

      it('does not count a way through below a pinned command that was reached', async () => {
        const folder = store.folder('alternating');
        const { node: _, ...commands } = store.routed('1.0.0').commands;
        await store.pin(folder, '1.0.0', { runtimes: [store.routed('1.0.0', { commands })] });
        const pinned = join(store.home.store, 'dummy-1.0.0/bin/stdin');
        const through = join(store.system, 'node');
        const before = [pinned, through].map((file) => readFileSync(file));
        writeFileSync(pinned, '#!/bin/sh\n[ "$1" -gt 0 ] || exec dummy\nnode $(($1 - 1))\n');
        writeFileSync(through, '#!/bin/sh\nstdin "$1"\n');
        try {
          expect(store.run('stdin', { cwd: folder, args: ['30'] })).toMatchObject({
            ...quiet,
            stdout: 'dummy 1.0.0\n',
          });
        } finally {
          [pinned, through].forEach((file, index) => void writeFileSync(file, before[index] ?? ''));
        }
      });

      it('does not count runs of pinned commands within each other', () => {
        const tool = join(store.home.store, 'dummy-1.0.0/bin/stdin');
        const before = readFileSync(tool, 'utf8');
        writeFileSync(tool, '#!/bin/sh\n[ "$1" -gt 0 ] || exec dummy\nnode >/dev/null && stdin $(($1 - 1))\n');
        try {
          expect(store.run('stdin', { cwd: a, args: ['40'] })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
        } finally {
          writeFileSync(tool, before);
        }
      });
    });

    describe('leaving the project', () => {
      const at = (cwd: string, POLYENV_ENV: string, name = 'dummy') =>
        store.run(name, { cwd, env: { POLYENV_ENV } }).stdout.trim();

      it('is decided by the environment that started it', () => {
        expect(at('/', a)).toBe('dummy 1.0.0');
        expect(at(outside, a)).toBe('dummy 1.0.0');
        expect(at('/', '/nowhere')).toBe('dummy system');
        expect(at(b, a)).toBe('dummy 2.0.0');
        expect(
          script('show >/dev/null; envdump | tr "\\0" "\\n" | grep ^POLYENV_ENV', { cwd: b, env: { POLYENV_ENV: a } })
            .stdout,
        ).toBe(`POLYENV_ENV=${b}\n`);
      });

      it("is decided by the person's default where nobody started it", async () => {
        await writeDefaults(store.home, { ...store.describe('', '2.0.0'), inputs: [], absences: [] });
        try {
          for (const cwd of ['/', outside]) expect(at(cwd, '')).toBe('dummy 2.0.0');
          expect(at('/', a)).toBe('dummy 1.0.0');
          expect(at(a, '')).toBe('dummy 1.0.0');
          expect(store.run('dummy', { cwd: '/', env: { POLYENV_BYPASS: '1' } }).stdout).toBe('dummy system\n');
        } finally {
          discard(join(store.home.state, 'default'));
        }
      });

      it('takes no relative or empty environment for one that is compiled', () => {
        for (const place of [`${store.home.envs}X/.polyenv`, `${store.home.envs}/.polyenv`]) {
          mkdirSync(place, { recursive: true });
          writeFileSync(join(place, 'route.sh'), 'echo taken; exit 3\n');
        }
        for (const POLYENV_ENV of ['X', '']) expect(at(outside, POLYENV_ENV)).toBe('dummy system');
        discard(join(store.home.envs, '.polyenv'));
      });

      it('refuses an environment that points elsewhere', () => {
        for (const path of ['..', '../..', '/..', `${a}/../B`, 'A', '/', '.', `${a}/..`])
          expect(at('/', path)).toBe('dummy system');
      });

      it.each(['node_modules/x', 'node_modules/@s/x/node_modules/y/bin', 'lib/site-packages/z', '.venv/lib'])(
        'lets a dependency in %s decide nothing',
        async (inner) => {
          const folder = store.folder(`A/${inner}`);
          await store.pin(folder, '2.0.0');
          expect(at(folder, '')).toBe('dummy 1.0.0');
          expect(at(folder, b)).toBe('dummy 2.0.0');
          const alone = store.folder(`outside/${inner}`);
          await store.pin(alone, '2.0.0');
          expect(at(alone, '')).toBe('dummy system');
          expect(at(alone, a)).toBe('dummy 1.0.0');
        },
      );

      it('obeys the person in a dependency too, and looks no further up than their home', async () => {
        const folder = store.folder('A/node_modules/obeying');
        expect(store.run('dummy', { cwd: folder, env: { POLYENV_BYPASS: '1' } }).stdout).toBe('dummy system\n');
        expect(store.run('dummy', { cwd: folder, env: { POLYENV_DUMMY: '2' } }).status).toBe(97);
        expect(store.run('dummy', { cwd: folder, args: ['+2'] }).status).toBe(97);
        await store.pin(store.root, '1.0.0');
        expect(at(store.folder('outside/node_modules/alone'), '')).toBe('dummy system');
        rmSync(join(store.root, '.dummy-version'));
      });

      it("lets the caches of cargo and Go, and polyenv's own folders, decide nothing", async () => {
        const cases: readonly (readonly [string, Record<string, string>])[] = [
          [store.folder('.cargo/registry/src/x'), {}],
          [store.folder('cargo home/registry/src/x'), { CARGO_HOME: join(store.person, 'cargo home') }],
          [store.folder('go/pkg/mod/x'), {}],
          [store.folder('gopath/pkg/mod/x'), { GOPATH: join(store.person, 'gopath') }],
          [store.folder('modules/x'), { GOMODCACHE: join(store.person, 'modules') }],
        ];
        for (const [folder, env] of cases) {
          await store.pin(folder, '2.0.0');
          expect(store.run('dummy', { cwd: folder, env: { ...env, POLYENV_ENV: a } }).stdout).toBe('dummy 1.0.0\n');
          expect(store.run('dummy', { cwd: folder, env }).stdout).toBe('dummy system\n');
        }
        const own = join(store.home.homes, 'x');
        mkdirSync(own, { recursive: true });
        writeFileSync(join(own, '.dummy-version'), '2.0.0\n');
        expect(at(own, a)).toBe('dummy 1.0.0');
        expect(at(own, '')).toBe('dummy system');
      });
    });

    describe('hostile folders', () => {
      it.each([
        ['a quote', `a'b"c`],
        ['a substitution', '$(touch pwned)'],
        ['backticks', '`touch pwned`'],
        ['a line break', 'a\nb'],
        ['a line break at the end', 'a\n'],
        ['only blanks', '  '],
        ['a leading dash', '-n'],
        ['a pattern', '*[a-z]?'],
        ['backslashes', 'a\\b\\n\\'],
        ['bells', '\b\r\u001b[31m'],
        ['UTF-8', 'é日本🎉'],
        ['a variable', '$HOME'],
        ['a colon', 'a:b'],
        ['a comment', '# x'],
        ['many dots', '...'],
        ['a word of the shell', 'do'],
        ['a pattern of the shim', 'x) exit 3 ;; *'],
      ])('route with %s in their name, and nothing runs', async (_, name) => {
        const folder = store.folder(join('hostile', name));
        await store.pin(folder, '1.0.0', { variables: [setVariable('VALUE', name)] });
        const below = store.folder(join('hostile', name, name));
        for (const cwd of [folder, below]) {
          expect(store.run('dummy', { cwd, env: { PWD: cwd } })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
          expect(store.run('envdump', { cwd }).stdout.split('\0')).toEqual(
            expect.arrayContaining([`VALUE=${name}`, `POLYENV_ENV=${folder}`]),
          );
          expect(existsSync(join(cwd, 'pwned'))).toBe(false);
        }
        expect(at('/', folder)).toBe('dummy 1.0.0');
      });

      const at = (cwd: string, POLYENV_ENV: string) => store.run('dummy', { cwd, env: { POLYENV_ENV } }).stdout.trim();

      it('pass through, or ask, 3,000 characters below a pin', () => {
        const deep = `A/${Array.from({ length: 15 }, () => 'n'.repeat(200)).join('/')}`;
        expect(store.run('dummy', { cwd: store.folder(deep) })).toMatchObject({ ...quiet, stdout: 'dummy 1.0.0\n' });
      });

      it('cannot bring routes of their own', async () => {
        const folder = store.folder('clone');
        mkdirSync(join(folder, '.polyenv'), { recursive: true });
        writeFileSync(join(folder, '.dummy-version'), '1.0.0\n');
        for (const name of ['.polyenv/route.sh', 'route.sh', '.polyenv/env.sh'])
          writeFileSync(join(folder, name), `touch '${join(folder, 'pwned')}'; exit 0`);
        expect(store.run('dummy', { cwd: folder }).status).toBe(97);
        writeFileSync(join(folder, '.polyenv/.dummy-version'), '1.0.0\n');
        expect(store.run('dummy', { cwd: join(folder, '.polyenv') }).status).toBe(97);
        expect(existsSync(join(folder, 'pwned'))).toBe(false);
      });
    });

    it('lets route.sh add the shims to PATH only where they are missing', () => {
      const path = (PATH: string | undefined) =>
        store
          .run('envdump', { cwd: a, env: { PATH } })
          .stdout.split('\0')
          .find((line) => line.startsWith('PATH='));
      const { shims } = store.home;
      expect(path(`/usr/bin:${shims}:/bin`)).toBe(`PATH=/usr/bin:${shims}:/bin`);
      expect(path('/usr/bin:/bin')).toBe(`PATH=${shims}:/usr/bin:/bin`);
      expect(path(`/usr/bin:${shims}x`)).toBe(`PATH=${shims}:/usr/bin:${shims}x`);
      expect(path('')).toBe(`PATH=${shims}`);
    });
  });
}

const CALLERS = [
  { name: 'bash', args: ['--norc'] },
  { name: 'zsh', args: ['-f'] },
  { name: 'fish', args: ['--no-config'] },
];

for (const caller of CALLERS) {
  const file = program(caller.name);
  describe.skipIf(file === undefined)(
    `shims called from ${caller.name}${file === undefined ? ' (not on this machine)' : ''}`,
    () => {
      let store: ShimStore;
      let a: string;
      beforeAll(async () => {
        store = await openShimStore({ name: 'sh', file: '/bin/sh', seconds: false });
        a = store.folder('A');
        await store.pin(a, '1.0.0');
        await store.pin(store.folder('B'), '2.0.0');
      });
      afterAll(() => store.remove());
      const run = (text: string) => store.start(file as string, { cwd: a, args: [...caller.args, '-c', text] });
      const status = caller.name === 'fish' ? '$status' : '$?';

      it.each([
        ['dummy', 'dummy 1.0.0\n'],
        ['cd ../B; dummy; cd ../A; dummy', 'dummy 2.0.0\ndummy 1.0.0\n'],
        [`code 42; echo ${status}`, '42\n'],
        [`show '' 'a b' '*' -- | cat`, 'argc=4\n[]\n[a b]\n[*]\n[--]\n'],
        ['exec dummy', 'dummy 1.0.0\n'],
        ['echo x | stdin', 'x\n'],
        ['dummy & wait', 'dummy 1.0.0\n'],
        ['command dummy; env dummy; nohup dummy 2>/dev/null </dev/null', 'dummy 1.0.0\n'.repeat(3)],
      ])('runs %s', (text, stdout) => {
        expect(run(text)).toMatchObject({ status: 0, stdout, stderr: '' });
      });
    },
  );
}

it('has a tool for every command of the table', () => {
  expect(COMMANDS).toContain('signals');
});

it('refuses a home whose path cannot stand on PATH', () => {
  for (const root of ['/a:b', '/a\nb', '/a::b']) {
    const home = homeOf({ env: { POLYENV_HOME: root }, personHome: '/' } as unknown as Host);
    expect(() => renderShim(home, DUMMY, { personHome: '/' })).toThrow(/line break or a colon/);
  }
});
