import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteFish, quoteSh } from '../../src/domain/words/shell-quote';
import { type Machine, newMachine, type Ran, type RunOptions } from '../support/cli';
import { discard } from '../support/discard';
import { fc } from '../support/seed';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

/** The same few words in every shell: `tick` is a prompt, `show NAME` prints `NAME=[value]` or `NAME unset`. */
interface Dialect {
  readonly name: string;
  readonly start: readonly [string, ...string[]];
  readonly activate: string;
  readonly prelude: string;
  readonly quote: (text: string) => string;
  /** The list of hooks, one line. */
  readonly hooks: string;
  readonly names: string;
}

const SH = `show() { eval "if [ -n \\"\\\${$1+x}\\" ]; then printf '%s=[%s]\\n' $1 \\"\\$$1\\"; else echo $1 unset; fi"; }
put() { export "$1=$2"; }
drop() { unset -v "$1"; }
`;
const DIALECTS: readonly Dialect[] = [
  {
    name: 'bash',
    start: ['bash', '--norc', '--noprofile'],
    activate: 'eval "$(polyenv activate bash)"',
    prelude: `${SH}tick() { local i; for i in "\${PROMPT_COMMAND[@]}"; do eval "$i"; done; }\n`,
    quote: quoteSh,
    hooks: 'echo "${PROMPT_COMMAND[*]-}"',
    names:
      "declare -F; compgen -v | grep -i polyenv_ | grep -v '^POLYENV_HOME$\\|^POLYENV_MIRRORS$\\|^POLYENV_VERIFY' || :",
  },
  {
    name: 'zsh',
    start: ['zsh', '-f'],
    activate: 'eval "$(polyenv activate zsh)"',
    prelude: `${SH}tick() { local f; for f in "\${precmd_functions[@]}"; do $f; done; }\n`,
    quote: quoteSh,
    hooks: 'echo "${precmd_functions[*]} / ${chpwd_functions[*]}"',
    names: 'print -l ${(ok)functions} ${(ok)parameters[(I)*polyenv_*]}',
  },
  {
    name: 'fish',
    start: ['fish', '--no-config'],
    activate: 'polyenv activate fish | source',
    prelude: `function show; if set -q $argv[1]; printf '%s=[%s]\\n' $argv[1] (string join -- : $$argv[1] | string collect); else; echo $argv[1] unset; end; end
function put; if test $argv[1] = PATH; set -gx PATH (string split -- : $argv[2]); else; set -gx $argv[1] $argv[2]; end; end
function drop; set -eg $argv[1]; end
function tick; emit fish_prompt; end
`,
    quote: quoteFish,
    hooks: 'functions --handlers | string match "*polyenv*"',
    names: 'functions --all --names | string match "*polyenv*"; set --names | string match "*__polyenv*"; true',
  },
];

let server: TinyNode;
let machine: Machine;
let one: string;
let two: string;
let out: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '22.1.0' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
  machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  one = await project('one', '20', { FOO: 'of one', ONE: '1' });
  two = await project('two', '18', { FOO: 'of two' });
  out = machine.folder('out');
});
afterAll(async () => {
  machine?.remove();
  await server?.close();
});

/** A trusted project, with everything installed. */
async function project(name: string, node: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = machine.folder(name);
  const lines = Object.entries(env).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  writeFileSync(join(folder, 'polyenv.toml'), `[runtimes]\nnode = "${node}"\n\n[env]\n${lines.join('')}`);
  for (const args of [['trust', '-y'], ['install']]) await machine.prepare(args, { cwd: folder });
  return folder;
}

describe.each(DIALECTS.filter(({ start }) => existsSync(`/usr/bin/${start[0]}`) || existsSync(`/bin/${start[0]}`)))(
  'an activated $name',
  (shell) => {
    const { quote } = shell;
    const cd = (folder: string): string => `cd ${quote(folder)}\ntick`;

    async function say(lines: readonly string[], options: RunOptions & { readonly bare?: true } = {}): Promise<Ran> {
      const script = join(machine.base, `script-${shell.name}`);
      const head = options.bare ? '' : `cd ${quote(out)}\n${shell.activate}\n`;
      writeFileSync(script, `${shell.prelude}${head}${lines.join('\n')}\n`);
      const { bare: _, ...rest } = options;
      const PATH = `${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin`;
      return machine.run([...shell.start, script], { cwd: out, ...rest, env: { PATH, ...rest.env } });
    }

    it('comes to a prompt whatever its own variables hold: cut short, empty, of another hand', async () => {
      const lists = [
        't/',
        't',
        't/\u001e',
        't/\u001et',
        '%',
        't%',
        `t/\u001exFOO=a\u001ef`,
        'i1\u001ex',
        '\u001e\u001e',
        'l\u001ef',
      ];
      for (const list of lists) {
        const lines = ['tick', 'show FOO', `put POLYENV_SHELL ''`, cd(one), 'show FOO'];
        const env = { POLYENV_SHELL: 'node@20', POLYENV_GRANTED: list, POLYENV_UNDO: list, FOO: 'own' };
        const ran = await say(lines, { env });
        expect([list, ran.exit, ran.stderr], list).toEqual([list, 0, '']);
        // What the cut list took for a value is put back; else what was there stays.
        expect(ran.stdout.split('\n')[0], list).toMatch(/^FOO=\[(?:own|a)\]$/);
        expect(ran.stdout, list).toContain('FOO=[of one]');
      }
    });

    it('gives what a project says, swaps it with that of another, and takes it back', async () => {
      mkdirSync(join(one, 'deep', 'er'), { recursive: true });
      const ran = await say(
        [
          cd(one),
          'show FOO; show ONE; show POLYENV_ENV',
          'node --version',
          cd(join(one, 'deep', 'er')),
          'show FOO',
          cd(two),
          'show FOO; show ONE; show POLYENV_ENV',
          'node --version',
          cd(out),
          'show FOO; show ONE; show POLYENV_ENV; show POLYENV_UNDO; show npm_config_prefix; show PATH',
        ],
        { env: { FOO: 'before' } },
      );
      expect(ran.stderr).toBe('');
      expect(ran.stdout.trimEnd().split('\n')).toEqual([
        'FOO=[of one]',
        'ONE=[1]',
        `POLYENV_ENV=[${one}]`,
        'v20.11.1',
        'FOO=[of one]',
        'FOO=[of two]',
        'ONE unset',
        `POLYENV_ENV=[${two}]`,
        'v18.19.0',
        'FOO=[before]',
        'ONE unset',
        'POLYENV_ENV unset',
        'POLYENV_UNDO unset',
        'npm_config_prefix unset',
        `PATH=[${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin]`,
      ]);
    });

    it('restores what was unset, empty, changed meanwhile, or of this shell only', async () => {
      const own = shell.name === 'fish' ? 'set -g ONE own' : 'ONE=own';
      const ran = await say(
        [
          own,
          cd(one),
          'show ONE',
          `put FOO ${quote('changed meanwhile')}`,
          `put LATER ${quote('by the person')}`,
          'tick',
          'show FOO',
          cd(out),
          'show FOO; show ONE; show LATER',
          "sh -c 'echo exported ${ONE-no}'",
        ],
        { env: { FOO: '' } },
      );
      expect(ran.stdout.trimEnd().split('\n')).toEqual([
        'ONE=[1]',
        'FOO=[changed meanwhile]',
        'FOO=[]',
        'ONE=[own]',
        'LATER=[by the person]',
        'exported no',
      ]);
    });

    it('is the same activated once or five times, and says nothing', async () => {
      const lines = [shell.hooks, 'show PATH'];
      const once = await say([shell.activate, 'tick', ...lines]);
      const often = await say([...Array.from({ length: 5 }, () => `${shell.activate}\ntick`), ...lines]);
      expect(often).toMatchObject({ stdout: once.stdout, stderr: '' });
      expect((await say(['tick', 'tick'])).stdout).toBe('');
    });

    it('keeps every entry of PATH that others put there, whatever they look like', async () => {
      const entry = fc.constantFrom(
        '/usr/bin',
        '/bin',
        '/a b',
        '/x',
        '/y/*',
        '/z',
        '/-n',
        join(machine.base, 'p'),
        machine.shims,
      );
      const paths = fc.sample(
        fc.array(shell.name === 'fish' ? entry : fc.oneof({ weight: 8, arbitrary: entry }, fc.constant('')), {
          minLength: 1,
          maxLength: 12,
        }),
        { numRuns: 60, seed: 7 },
      );
      const lines = paths.flatMap((entries) => [
        `put PATH ${quote(entries.join(':'))}`,
        cd(one),
        cd(two),
        cd(out),
        'show PATH',
      ]);
      const ran = await say(lines);
      expect(ran.stdout.trimEnd().split('\n')).toEqual(paths.map((entries) => `PATH=[${entries.join(':')}]`));
      const between = await say([
        cd(one),
        shell.name === 'fish'
          ? 'set -gx PATH /first $PATH[1] /second $PATH[2..-1]'
          : 'export PATH="/first:${PATH%%:*}:/second:${PATH#*:}"',
        cd(out),
        'show PATH',
      ]);
      expect(between.stdout).toBe(`PATH=[/first:/second:${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin]\n`);
    });

    it('carries any value, and runs none', async () => {
      const values = [
        '$HOME',
        '$(touch pwned)',
        '`touch pwned`',
        "it's",
        'say "x"',
        'back\\slash',
        '\\',
        'two\nlines',
        'ends\n',
        'tab\there',
        'ünïcode 日本',
        '-n',
        '%s%n',
        '!!',
        '*',
        '~',
        'a;b',
        'a&&b',
        ' blanks ',
        '%p%r%n',
        '\u001e',
        '=x',
        '#',
        '{a,b}',
        '\r',
      ];
      const env = Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
      const folder = await project(`values-${shell.name}`, '20', env);
      const print = values.map((_, index) => `sh -c 'printf "%s|" "$V${index}"'`);
      const ran = await say([cd(folder), ...print]);
      expect(ran.stdout).toBe(values.map((value) => `${value}|`).join(''));
      expect((await say([cd(folder), cd(out), ...print], { env })).stdout).toBe(ran.stdout);
      expect([folder, out, machine.base].filter((place) => existsSync(join(place, 'pwned')))).toEqual([]);
    });

    it.each([
      '$(touch pwned)',
      '`touch pwned`',
      'a\'b"c',
      'a b',
      '-n',
      '*',
      'a\\b',
      'ü',
      '%s',
      ';x',
      '{a,b}',
      '~',
      '!x',
    ])('enters and leaves a folder that is called %s', async (name) => {
      const parent = machine.folder(`odd-${shell.name}`);
      const folder = await project(join(`odd-${shell.name}`, name), '20', { FOO: 'odd' });
      const ran = await say([cd(folder), 'show FOO', 'node --version', cd(out), 'show FOO']);
      expect(ran).toMatchObject({ stdout: 'FOO=[odd]\nv20.11.1\nFOO unset\n', stderr: '' });
      expect([folder, out, parent].filter((place) => existsSync(join(place, 'pwned')))).toEqual([]);
    });

    it('sees an edit, an older file, a new pin above and below, and another project under the same name', async () => {
      const base = machine.folder(`edits-${shell.name}`);
      const folder = await project(`edits-${shell.name}/p`, '20', { FOO: 'a' });
      const manifest = join(folder, 'polyenv.toml');
      mkdirSync(join(folder, 'sub'));
      writeFileSync(join(base, 'other.toml'), '[runtimes]\nnode = "18"\n');
      utimesSync(join(base, 'other.toml'), 1_000_000_000, 1_000_000_000);
      const ran = await say([
        cd(join(folder, 'sub')),
        'show FOO',
        `sh -c 'printf "\\n# more\\n" >> ${quoteSh(manifest)}'`,
        'tick',
        'show FOO',
        `printf '[env]\\nMINE = "x"\\n' > ${quote(join(folder, 'polyenv.local.toml'))}`,
        'tick',
        `rm ${quote(join(folder, 'polyenv.local.toml'))}`,
        'tick',
        'show FOO',
        `printf '[runtimes]\\nnode = "22"\\n' > ${quote(join(folder, 'sub', 'polyenv.toml'))}`,
        'tick',
        'show POLYENV_ENV; show FOO',
        `rm ${quote(join(folder, 'sub', 'polyenv.toml'))}`,
        'tick',
        'show POLYENV_ENV; show FOO',
        `mv ${quote(join(base, 'other.toml'))} ${quote(manifest)}`,
        'tick',
        'show FOO; node --version',
        `mv ${quote(folder)} ${quote(join(base, 'gone'))}`,
        'tick',
        'show FOO; show POLYENV_ENV',
      ]);
      expect(ran.stderr).toContain('polyenv.local.toml also wants to set');
      expect(ran.stdout.trimEnd().split('\n')).toEqual([
        'FOO=[a]',
        'FOO=[a]',
        'FOO=[a]',
        `POLYENV_ENV=[${join(folder, 'sub')}]`,
        'FOO unset',
        `POLYENV_ENV=[${folder}]`,
        'FOO=[a]',
        'FOO unset',
        'v18.19.0',
        'FOO unset',
        'POLYENV_ENV unset',
      ]);
    });

    it('says once what is broken, not trusted or not installed, and what has changed since', async () => {
      const folder = await project(`said-${shell.name}`, '20');
      const manifest = join(folder, 'polyenv.toml');
      const write = (text: string): string => `printf '%b' ${quote(text.replaceAll('\n', '\\n'))} > ${quote(manifest)}`;
      const mark = (name: string): string => `sh -c 'echo ${name} >&2'`;
      const ran = await say([
        cd(one),
        mark('broken'),
        write('[runtimes\nnode = "20"\n'),
        cd(folder),
        'show ONE',
        'tick',
        'tick',
        mark('again'),
        write('[runtimes\nnode = "18"\n'),
        'tick',
        'tick',
        mark('wants'),
        write('[runtimes]\nnode = "20"\n[env]\nFOO = "x"\n'),
        'tick',
        'tick',
        cd(out),
        cd(folder),
        'show FOO',
        mark('trusted'),
        'polyenv trust -y -q >/dev/null',
        'tick',
        'show FOO',
        mark('missing'),
        write('[runtimes]\nnode = "22"\n'),
        'tick',
        'tick',
        mark('installed'),
        'polyenv install -q >/dev/null',
        'tick',
        'node --version',
      ]);
      const parts = Object.fromEntries(
        ran.stderr.split(/^(?=(?:broken|again|wants|trusted|missing|installed)$)/m).map((part) => {
          const [name = '', ...rest] = part.trimEnd().split('\n');
          return [name, rest];
        }),
      );
      expect(parts).toEqual({
        broken: [expect.stringMatching(/^polyenv: .*polyenv\.toml:1: /)],
        again: [expect.stringMatching(/^polyenv: .*polyenv\.toml:1: /)],
        wants: [expect.stringMatching(/^polyenv: .*polyenv\.toml also wants to set .*: polyenv trust --show$/)],
        trusted: [],
        missing: ['polyenv: node@22 is pinned here and not installed: polyenv install'],
        installed: [],
      });
      expect(ran.stdout.trimEnd().split('\n')).toEqual(['ONE unset', 'FOO unset', 'FOO=[x]', 'v22.1.0']);
    });

    it('undoes what the shell had that started it', async () => {
      const child = join(machine.base, `child-${shell.name}`);
      writeFileSync(
        child,
        `${shell.prelude}${shell.activate}\nshow FOO\n${cd(out)}\nshow FOO; show PATH; show POLYENV_ENV\n`,
      );
      const ran = await say([cd(one), [...shell.start, quote(child)].join(' ')], { env: { FOO: 'before' } });
      const PATH = `${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin`;
      const want = ['FOO=[of one]', 'FOO=[before]', `PATH=[${PATH}]`, 'POLYENV_ENV unset'];
      expect(ran.stdout.trimEnd().split('\n')).toEqual(want);
      // As tmux, started inside a project, hands it to a shell elsewhere.
      const elsewhere = await say([
        `cd ${quote(one)}`,
        'tick',
        `cd ${quote(out)}`,
        [...shell.start, quote(child)].join(' '),
      ]);
      expect(elsewhere.stdout).toContain('FOO unset\n');
      const started = await machine.polyenv(['exec', '-C', one, '--', ...shell.start, child], {
        cwd: out,
        env: { PATH },
      });
      expect(started.stdout.split('\n').filter((line) => line.startsWith('POLYENV_ENV'))).toEqual([
        'POLYENV_ENV unset',
      ]);
    });

    it('goes off, on and away', async () => {
      const before = await say([shell.names], { bare: true });
      const ran = await say([
        cd(one),
        'polyenv off',
        'show FOO; show POLYENV_BYPASS',
        cd(two),
        'show FOO',
        'polyenv on',
        'show FOO; show POLYENV_BYPASS',
        'polyenv deactivate',
        'show FOO; show POLYENV_UNDO',
        cd(one).replace(/\ntick$/, ''),
        'show FOO',
        'echo names',
        shell.names,
      ]);
      const [shown, names] = ran.stdout.split('names\n');
      expect(shown?.trimEnd().split('\n')).toEqual([
        'FOO unset',
        'POLYENV_BYPASS=[1]',
        'FOO unset',
        'FOO=[of two]',
        'POLYENV_BYPASS unset',
        'FOO unset',
        'POLYENV_UNDO unset',
        'FOO unset',
      ]);
      expect(names).toBe(before.stdout);
    });

    it('waits for polyenv on where it was told to', async () => {
      const late = shell.activate.replace(shell.name, `${shell.name} --no-hook`);
      const ran = await say([late, cd(one), 'show FOO', 'polyenv on', 'show FOO'], { bare: true });
      expect(ran.stdout).toBe('FOO unset\nFOO=[of one]\n');
    });

    it('lives on where the working folder, polyenv or its home is gone', async () => {
      const gone = machine.folder(`gone-${shell.name}`);
      const ran = await say([cd(gone), `rmdir ${quote(gone)}`, 'tick', 'tick', cd(out), 'echo alive']);
      expect(ran).toMatchObject({ exit: 0, stdout: 'alive\n', stderr: '' });
      const away = `${machine.polyenvHome}-away`;
      const without = await say([
        cd(one),
        `mv ${quote(machine.polyenvHome)} ${quote(away)}`,
        'tick',
        cd(two),
        cd(out),
        'show FOO',
        `ls -d ${quote(machine.polyenvHome)} 2>/dev/null`,
        `mv ${quote(away)} ${quote(machine.polyenvHome)}`,
      ]);
      if (existsSync(away)) renameSync(away, machine.polyenvHome);
      expect(without).toMatchObject({ stdout: 'FOO unset\n', stderr: '' });
    });

    it('never waits, fetches or runs anything of a project', async () => {
      const folder = machine.folder(`trap-${shell.name}`);
      mkdirSync(join(folder, 'bin'), { recursive: true });
      for (const name of ['node', 'sh', 'ls'])
        writeFileSync(join(folder, 'bin', name), '#!/bin/sh\ntouch pwned\n', { mode: 0o755 });
      symlinkSync(join(folder, 'bin'), join(folder, '.venv'));
      writeFileSync(
        join(folder, 'polyenv.toml'),
        '[runtimes]\nnode = "19"\n[paths]\nprepend = ["bin"]\n[env]\nFOO = "x"\n',
      );
      const asked = server.asked.length;
      const ran = await say(
        [`mkfifo ${quote(join(folder, '.nvmrc'))}`, cd(folder), 'tick', 'show FOO', 'ls / >/dev/null', cd(out)],
        {
          input: 'y\n',
        },
      );
      expect(ran.stdout).toBe('FOO unset\n');
      expect(server.asked.length).toBe(asked);
      expect([folder, out].filter((place) => existsSync(join(place, 'pwned')))).toEqual([]);
      discard(folder);
    });

    it('does not ask polyenv again and again where that fails', async () => {
      const folder = machine.folder(`fails-${shell.name}`);
      writeFileSync(join(folder, 'polyenv.toml'), '[runtimes]\nnode = "20"\n');
      const real = join(machine.polyenvHome, 'bin', 'polyenv');
      const calls = join(machine.base, `calls-${shell.name}`);
      const ran = await say(
        [
          `mv ${quote(real)} ${quote(`${real}-kept`)}`,
          `printf '#!/bin/sh\\necho call >> "${calls}"\\ncat >/dev/null\\nexit 1\\n' > ${quote(real)}`,
          `chmod +x ${quote(real)}`,
          cd(folder),
          'tick',
          'tick',
          'sleep 0.05',
          `touch ${quote(join(folder, 'polyenv.toml'))}`,
          'sleep 0.05',
          'tick',
          'sleep 0.05',
          `touch ${quote(machine.base)}`,
          'tick',
          'tick',
          `mv ${quote(`${real}-kept`)} ${quote(real)}`,
          'head -n 1',
        ],
        { input: 'typed\n' },
      );
      expect(ran.stdout).toBe('typed\n');
      expect(ran.exit).toBe(0);
      expect(readFileSync(calls, 'utf8')).toBe('call\ncall\n');
    });

    it('starts no program while nothing changes', async ({ skip }) => {
      if (!existsSync('/usr/bin/strace')) skip('there is no strace here to count with');
      const forks = async (ticks: number): Promise<number> => {
        const script = join(machine.base, `ticks-${shell.name}`);
        const lines = Array.from({ length: ticks }, () => 'tick').join('\n');
        writeFileSync(script, `${shell.prelude}${shell.activate}\n${cd(one)}\n${lines}\n`);
        const trace = `${script}.trace`;
        await machine.run(
          ['strace', '-f', '-qq', '-o', trace, '-e', 'trace=clone,clone3,fork,vfork', ...shell.start, script],
          {
            cwd: out,
            env: { PATH: `${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin` },
          },
        );
        return readFileSync(trace, 'utf8')
          .split('\n')
          .filter((line) => /(?:clone3?|v?fork)\(/.test(line) && !/CLONE_THREAD/.test(line)).length;
      };
      await forks(1);
      expect(await forks(40)).toBe(await forks(1));
    });
  },
);

const inBash = async (lines: readonly string[], options: RunOptions = {}): Promise<Ran> => {
  const script = join(machine.base, 'script-only-bash');
  writeFileSync(script, `${SH}${lines.join('\n')}\n`);
  const PATH = `${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin`;
  return machine.run(['bash', '--norc', '--noprofile', script], {
    cwd: out,
    ...options,
    env: { PATH, ...options.env },
  });
};

describe('bash', () => {
  it('keeps its other prompt commands, a text or a list, and the status that they see', async () => {
    const ran = await inBash([
      'other() { echo other saw $?; }',
      "PROMPT_COMMAND='other; true'",
      'eval "$(polyenv activate bash)"',
      '(exit 3)',
      'eval "$PROMPT_COMMAND"',
      'polyenv deactivate; echo "$PROMPT_COMMAND"',
      "PROMPT_COMMAND=(other 'echo second')",
      'eval "$(polyenv activate bash)"; eval "$(polyenv activate bash)"',
      'for c in "${PROMPT_COMMAND[@]}"; do (exit 4); eval "$c"; done',
      'polyenv deactivate; echo "${PROMPT_COMMAND[@]}"',
    ]);
    expect(ran.stdout).toBe('other saw 3\nother; true\nother saw 4\nsecond\nother echo second\n');
    expect(ran.stderr).toBe('');
  });

  it('does without errors under set -eu, in posix mode, and with a strange IFS', async () => {
    for (const options of [
      'set -eu',
      'set -o posix; set -u',
      'IFS=/; set -u',
      'set -o noclobber; set -f',
      'shopt -s nullglob failglob',
    ]) {
      const ran = await inBash([
        options,
        'eval "$(polyenv activate bash)"',
        `cd ${quoteSh(one)}; eval "$PROMPT_COMMAND"; show FOO`,
        `cd ${quoteSh(out)}; eval "$PROMPT_COMMAND"; show FOO`,
      ]);
      expect([options, ran.stdout, ran.stderr]).toEqual([options, 'FOO=[of one]\nFOO unset\n', '']);
    }
  });

  it('leaves what is read-only, says so, and applies the rest', async () => {
    const ran = await inBash([
      'readonly FOO=mine',
      'eval "$(polyenv activate bash)"',
      `cd ${quoteSh(one)}; eval "$PROMPT_COMMAND"; show FOO; show ONE`,
      `cd ${quoteSh(out)}; eval "$PROMPT_COMMAND"; show FOO; show ONE`,
    ]);
    expect(ran.stdout).toBe('FOO=[mine]\nONE=[1]\nFOO=[mine]\nONE unset\n');
    expect(ran.stderr).toBe('polyenv: FOO is read-only in this shell, and stays as it is\n');
  });

  it('runs the right command in one line that changes the folder first', async () => {
    const ran = await inBash([
      'eval "$(polyenv activate bash)"',
      `cd ${quoteSh(one)}; eval "$PROMPT_COMMAND"`,
      `(cd ${quoteSh(two)} && node --version)`,
      'POLYENV_NODE=22 node --version',
    ]);
    expect(ran.stdout).toBe('v18.19.0\nv22.1.0\n');
  });

  it('leaves a shell of polyenv shell as it was asked for', async () => {
    const ran = await machine.polyenv(['shell', 'node@22'], {
      cwd: one,
      env: { SHELL: '/bin/bash', PATH: `${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin` },
      input: 'eval "$(polyenv activate bash)"; node --version\n',
    });
    expect(ran.stdout).toContain('v22.1.0\n');
  });
});

describe.runIf(existsSync('/usr/bin/zsh'))('zsh', () => {
  it.each([
    'nounset',
    'ksh_arrays',
    'sh_word_split',
    'posix_identifiers',
    'warn_create_global',
    'err_return',
    'no_clobber',
    'ksh_glob no_nomatch',
    'posix_builtins',
    'glob_subst',
    'typeset_silent',
    'rc_expand_param',
    'no_bare_glob_qual',
    'csh_null_glob',
  ])('works under setopt %s, whatever is an alias', async (options) => {
    const script = join(machine.base, 'script-options');
    writeFileSync(
      script,
      `setopt ${options}\nalias export='echo alias' local='echo alias' printf='echo alias' case='echo alias'\n
eval "$(polyenv activate zsh)"
cd ${quoteSh(one)}
builtin echo "$FOO"
cd ${quoteSh(out)}
builtin echo "\${FOO-unset}"
`,
    );
    const ran = await machine.run(['zsh', '-f', script], {
      cwd: out,
      env: { PATH: `${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin` },
    });
    expect([ran.stdout, ran.stderr]).toEqual(['of one\nunset\n', '']);
  });
});

it('the text for bash has no fault that shellcheck knows', async ({ skip }) => {
  if (!existsSync('/usr/bin/shellcheck')) skip('there is no shellcheck here');
  const script = join(machine.base, 'activate.bash');
  writeFileSync(script, (await machine.polyenv(['activate', 'bash'])).stdout);
  expect(await machine.run(['shellcheck', '-s', 'bash', '-S', 'style', script])).toMatchObject({ exit: 0, stdout: '' });
});

describe('the verbs', () => {
  it('name the shells that are supported', async () => {
    for (const [args, env] of [
      [['activate', 'tcsh'], {}],
      [['activate'], { SHELL: '/bin/tcsh' }],
    ] as const) {
      const ran = await machine.polyenv(args, { env });
      expect([ran.exit, ran.stdout]).toEqual([2, '']);
      expect(ran.stderr).toContain('bash, zsh, fish');
    }
    expect((await machine.polyenv(['activate'], { env: { SHELL: '/bin/zsh' } })).stdout).toContain('emulate zsh');
  });

  it('turn the shims of any shell off and on by what they print', async () => {
    expect((await machine.polyenv(['off'])).stdout).toBe('export POLYENV_BYPASS=1\n');
    expect((await machine.polyenv(['on'])).stdout).toBe('unset POLYENV_BYPASS\n');
  });
});
