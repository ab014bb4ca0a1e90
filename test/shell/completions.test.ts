import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOG } from '../../src/cli/catalog';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

const here = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

let machine: Machine;
let upstream: TinyNode;
let project: string;
let env: Record<string, string>;

/** Names that would do something if anything took them for more than text: each would leave a file `pwned`. */
const HOSTILE = [
  '$(touch pwned)',
  '`touch pwned`',
  "';touch pwned;'",
  '";touch pwned;"',
  'x;touch pwned',
  '%s\\n',
  '-n',
  '~',
];

beforeAll(async () => {
  machine = newMachine();
  upstream = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }, { version: '22.3.0' }, { version: '18.20.0' }]);
  project = machine.folder('a project $(touch pwned)');
  const bin = machine.folder('bin');
  writeFileSync(join(bin, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`);
  chmodSync(join(bin, 'polyenv'), 0o755);
  env = {
    POLYENV_MIRRORS: upstream.mirrors,
    POLYENV_VERIFY_SIGNATURES: 'off',
    PATH: `${bin}:${machine.env.PATH}`,
    TERM: 'dumb',
  };
  const names = [...HOSTILE, 'two\nlines', 'two\u001b[31m', 'build', 'bench'];
  const tasks = names.map((name) => `${JSON.stringify(name)} = { run = "true", description = "do $(touch pwned)" }`);
  expect(await machine.polyenv(['use', 'node@20'], { cwd: project, env })).toMatchObject({ exit: 0 });
  const manifest = join(project, 'polyenv.toml');
  writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}\n[tasks]\n${tasks.join('\n')}\n`);
  await upstream.close();
});

afterAll(() => machine.remove());

/** What the shell is told, by words; for bash by a line. */
async function completed(shell: string, ...words: readonly string[]): Promise<readonly string[]> {
  const ran = await machine.polyenv(['complete', shell, '--', ...words], { cwd: project, env });
  expect(ran).toMatchObject({ exit: 0, stderr: '' });
  return ran.stdout.trimEnd().split('\n');
}

async function words(...line: readonly string[]): Promise<readonly string[]> {
  const [native, ...rest] = await completed('fish', ...line);
  expect(native).toBe('words');
  return rest.map((one) => one.split('\t')[0] ?? '');
}

describe('polyenv complete', () => {
  it('knows every verb of the catalogue that is shown', async () => {
    const shown = CATALOG.filter(({ hidden }) => !hidden).map(({ name }) => name);
    expect([...(await words(''))].sort()).toEqual([...shown].sort());
    expect(await words('uni')).toEqual(['uninstall']);
    expect(await words('help', 'uni')).toEqual(['uninstall']);
    expect(await words('no-such-verb', '')).toEqual([]);
  });

  it('knows the options of a verb, its aliases, and the values that an option may have', async () => {
    expect(await words('exec', '--re')).toEqual(['--report-writes']);
    expect(await words('x', '--re')).toEqual(['--report-writes']);
    expect(await words('ls', '--js')).toEqual(['--json']);
    expect(await words('ls', '--report')).toEqual([]);
    expect(await words('settings', '')).toEqual(['list', 'get', 'set', 'unset']);
    expect(await words('settings', 'set', 'off')).toEqual(['offline']);
    expect(await words('settings', 'set', 'verify.signatures', '')).toEqual(['required', 'when-present', 'off']);
    expect(await words('settings', 'set', 'offline', 't')).toEqual(['true']);
  });

  it('knows tools, and their versions: installed ones first, then those that a source has offered', async () => {
    expect(await words('current', 'no')).toEqual(['node']);
    expect(await words('use', 'no')).toEqual(['node', 'node@']);
    const moving = ['latest', 'lts', 'lts/krypton', 'lts/jod', 'lts/iron'].map((word) => `node@${word}`);
    expect(await words('use', 'node@')).toEqual([...moving, 'node@20.11.1', 'node@22.3.0', 'node@18.20.0']);
    expect(await words('use', 'node@2')).toEqual(['node@20.11.1', 'node@22.3.0']);
    expect(await words('use', 'python@3.12', 'node@18')).toEqual(['node@18.20.0']);
    expect(await words('uninstall', '')).toEqual(['node@20.11.1']);
    expect(await words('use', '../../node@')).toEqual([]);
  });

  it.each([
    ['rust', ['latest', 'stable', 'beta', 'nightly']],
    ['java', ['latest', 'lts', '25', '21']],
    ['python', ['latest', '3.14', '3.13']],
    ['go', ['latest', '1.27']],
  ])('knows what moves of %s, and the lines with support where no source was asked', async (tool, expected) => {
    expect(await words('use', `${tool}@`)).toEqual(expect.arrayContaining(expected.map((word) => `${tool}@${word}`)));
  });

  it('keeps the versions of earlier answers beside those of later ones', async () => {
    const later = await serveTinyNode([{ version: '24.1.0' }]);
    try {
      const found = await machine.polyenv(['ls-remote', 'node', '24'], {
        cwd: project,
        env: { ...env, POLYENV_MIRRORS: later.mirrors },
      });
      expect(found).toMatchObject({ exit: 0 });
    } finally {
      await later.close();
    }
    const kept = readFileSync(join(machine.polyenvHome, 'cache', 'node.versions'), 'utf8');
    expect(kept.replaceAll(/ .*$/gm, '')).toBe('24.1.0\n22.3.0\n20.11.1\n18.20.0\n');
    writeFileSync(join(machine.polyenvHome, 'cache', 'node.versions'), `${kept}$(touch pwned)\n\u001b[31m\n19.0.0 x\n`);
    expect(await words('use', 'node@1')).toEqual(['node@18.20.0']);
    expect(await words('use', 'node@$')).toEqual([]);
  });

  it('knows tasks, from here and above, as text; and templates', async () => {
    expect(await words('run', 'b')).toEqual(['build', 'bench']);
    expect(await words('run', 'x')).toEqual(['x;touch pwned']);
    const all = await words('run', '');
    expect(all).toEqual([...HOSTILE, 'build', 'bench']);
    mkdirSync(join(project, 'below'), { recursive: true });
    expect(await words('-C', 'below', 'run', 'be')).toEqual(['bench']);
    writeFileSync(join(machine.home, 'polyenv.toml'), '[tasks]\nof-home = "true"\n');
    expect(await words('-C', '~', 'run', '')).toEqual(['of-home']);
    expect(await completed('fish', 'new', 'python-f')).toEqual(['folders', 'python-fastapi', 'python-flask']);
  });

  it('knows aliases of tasks, and what each stands for', async () => {
    const aliased = machine.folder('aliased');
    const aliases = 'b = "build -- --fast"\nbare = ["bench", "all of it"]\nwrong = 7';
    writeFileSync(join(aliased, 'polyenv.toml'), `[tasks]\nbuild = "true"\n\n[aliases]\n${aliases}\n`);
    expect(await completed('fish', '-C', aliased, 'run', '')).toEqual([
      'words',
      'build\ttrue',
      'b\tstands for build -- --fast',
      'bare\tstands for bench all of it',
      'wrong',
    ]);
    expect(await words('-C', aliased, 'watch', 'ba')).toEqual(['bare']);
  });

  it('leaves files, folders and commands to the shell', async () => {
    expect(await completed('fish', '-C', '')).toEqual(['folders']);
    expect(await completed('fish', 'which', '')).toEqual(['commands']);
    expect(await completed('fish', 'exec', 'node@20', '--', '')).toEqual(['commands']);
    expect(await completed('fish', 'exec', 'node@20', '--', 'npm', '')).toEqual(['files']);
    expect(await completed('fish', 'exec', 'npm', '')).toEqual(['files']);
    expect(await completed('fish', 'run', 'build', '')).toEqual(['files']);
  });

  it('offers what it can where a manifest or the home is broken', async () => {
    const broken = machine.folder('broken');
    writeFileSync(join(broken, 'polyenv.toml'), '[tasks\n');
    const ran = await machine.polyenv(['complete', 'fish', '--', 'run', ''], { cwd: broken, env });
    expect(ran).toMatchObject({ exit: 0, stdout: 'words\n', stderr: '' });
    const none = await machine.polyenv(['complete', 'fish', '--', 'use', 'node@'], {
      cwd: broken,
      env: { ...env, POLYENV_HOME: join(broken, 'nothing') },
    });
    expect(none).toMatchObject({ exit: 0 });
    expect(none.stdout).toContain('words\nnode@latest\tthe newest release\nnode@lts\t');
    expect(none.stdout).toContain('\nnode@26\tuntil 2029-04-30\n');
    expect(none.stdout).not.toContain('node@16');
    expect(existsSync(join(broken, 'nothing'))).toBe(false);
  });

  it('says the same with --json', async () => {
    const ran = await machine.polyenv(['complete', '--json', 'fish', '--', 'uni'], { cwd: project, env });
    expect(ran.json()).toMatchObject({ schema: 1, native: 'words', candidates: [{ word: 'uninstall' }] });
  });

  it('comes from a file that has neither commander nor undici nor any verb in it', () => {
    const text = readFileSync(join(dirname(machine.program), 'complete.cjs'), 'utf8');
    expect(text.length).toBeLessThan(100_000);
    expect(text).not.toMatch(/CommanderError|vendor\/(?:undici|conf|openpgp|execa|tar)\b/);
  });

  it('answers within 60 ms of what Node itself needs', () => {
    const quickest = (...args: readonly string[]): number =>
      Math.min(
        ...Array.from({ length: 7 }, () => {
          const start = performance.now();
          spawnSync(process.execPath, args, { cwd: project, env: { ...machine.env, ...env } });
          return performance.now() - start;
        }),
      );
    const bare = quickest('-e', '0');
    expect(quickest(machine.program, 'complete', 'fish', '--', 'use', 'node@') - bare).toBeLessThan(60);
  });
});

describe('a line of bash', () => {
  const replies = async (line: string, replaced = line.split(' ').at(-1) ?? ''): Promise<readonly string[]> =>
    (await completed('bash', line, replaced)).slice(1).map((one) => one.split('\t')[0] ?? '');

  it('is taken apart as bash does, with nothing expanded', async () => {
    expect(await replies('polyenv use node@18')).toEqual(['node@18.20.0']);
    // readline begins what it replaces at `@`, and behind `=` and `:`.
    expect(await replies('polyenv use node@18', '@18')).toEqual(['@18.20.0']);
    expect(await replies('X=1 polyenv use "node@18', 'node@18')).toEqual(['node@18.20.0']);
    expect(await replies("polyenv -C 'bel'ow run be")).toEqual(['bench']);
    expect(await replies('polyenv -C "$(touch pwned)" run be')).toEqual(['bench']);
  });

  it('gets names quoted', async () => {
    expect(await replies('polyenv run x')).toEqual(['x\\;touch\\ pwned']);
    expect(await replies('polyenv run \\$')).toEqual(['\\$\\(touch\\ pwned\\)']);
    // Within an open quote it would have to be closed first.
    expect(await replies('polyenv run "$')).toEqual([]);
  });
});

describe('bash', () => {
  const run = (script: string) =>
    spawnSync('bash', ['--norc', '--noprofile', '-c', script], {
      cwd: project,
      env: { ...machine.env, ...env },
      encoding: 'utf8',
    });

  it('completes by the function, from COMP_WORDS and from COMP_LINE', () => {
    const source = 'set -u; source <(polyenv completions bash);';
    const show = '_polyenv_complete; printf "[%s]\\n" "${COMPREPLY[@]}"';
    expect(run(`${source} COMP_WORDS=(polyenv uni) COMP_CWORD=1; ${show}`).stdout).toBe('[uninstall]\n');
    expect(run(`${source} COMP_WORDS=(polyenv use node@18) COMP_CWORD=2; ${show}`).stdout).toBe('[node@18.20.0]\n');
    const line = `COMP_LINE='polyenv run bui xyz' COMP_POINT=15 COMP_WORDS=(polyenv run bui xyz) COMP_CWORD=2;`;
    expect(run(`${source} ${line} ${show}`)).toMatchObject({ stdout: '[build]\n', stderr: '' });
    expect(run(`${source} complete -p polyenv`).stdout).toContain('-F _polyenv_complete polyenv');
    const command = 'COMP_WORDS=(polyenv which mkfif) COMP_CWORD=2;';
    expect(run(`${source} ${command} ${show}`).stdout).toContain('[mkfifo]\n');
  });

  it('offers nothing, and says nothing, without polyenv', () => {
    const script = readFileSync(join(dirname(machine.program), '..', 'src/shim/complete.bash'), 'utf8');
    const ran = run(
      `${script}\nPATH=/nowhere; COMP_WORDS=(polyenv uni) COMP_CWORD=1; _polyenv_complete; echo "$#COMPREPLY[@]}"`,
    );
    expect(ran.stderr).toBe('');
  });
});

/** Types keys into an interactive shell on a terminal of its own, and returns what it then wrote to `typed`. */
function type(shell: string, setup: string, keys: string): string {
  const typed = join(machine.base, 'typed');
  writeFileSync(typed, '');
  const driver = `
zmodload zsh/zpty
zpty t ${shell}
zpty -w t ${JSON.stringify(setup).replaceAll('$', '\\$').replaceAll('`', '\\`')}' && PS1=REA""DY'
zpty -r -m t out '*READY*'
zpty -w -n t "$KEYS"
integer n=0
while [[ ! -s "$TYPED" ]] && (( n++ < 100 )); do zpty -r -t t out; sleep 0.1; done
zpty -d t`;
  const ran = spawnSync('zsh', ['-f', '-c', driver], {
    cwd: project,
    env: { ...machine.env, ...env, KEYS: keys, TYPED: typed, ZDOTDIR: machine.base },
    encoding: 'utf8',
    timeout: 25_000,
  });
  expect(ran.error).toBeUndefined();
  return readFileSync(typed, 'utf8');
}

/** To the line's start, where it becomes the arguments of a `printf`, and on. */
const PRINT = '\u0001printf "[%s]" \u0005 >"$TYPED"\n';

describe('on a terminal', () => {
  const SHELLS = [
    ['bash', 'bash --norc --noprofile -i', 'source <(polyenv completions bash)'],
    [
      'zsh',
      'zsh -f -i',
      `autoload -Uz compinit && compinit -u -D && source <(polyenv completions zsh) && bindkey '^I' complete-word && bindkey -e`,
    ],
  ] as const;
  const usable = here('zsh');

  for (const [name, command, setup] of SHELLS) {
    it.skipIf(!usable || !here(name))(`${name} completes a verb, a version and a hostile name as text`, () => {
      expect(type(command, setup, `polyenv uninst\t${PRINT}`)).toBe('[polyenv][uninstall]');
      expect(type(command, setup, `polyenv use node@18\t${PRINT}`)).toBe('[polyenv][use][node@18.20.0]');
      expect(type(command, setup, `polyenv run x\t${PRINT}`)).toBe('[polyenv][run][x;touch pwned]');
      expect(type(command, setup, `polyenv run \\$\t${PRINT}`)).toBe('[polyenv][run][$(touch pwned)]');
      expect(type(command, setup, `polyenv -C belo\t${PRINT}`)).toMatch(/^\[polyenv\]\[-C\]\[below\/?\]$/);
    });
  }
});

describe('zsh', () => {
  it.skipIf(!here('zsh'))('is handed every name as one word', () => {
    const script = `
source <(polyenv completions zsh)
compadd() { print -rl -- GOT "\${@[\${@[(i)--]}+1,-1]}" }
words=(polyenv run '') CURRENT=3 PREFIX=''
_polyenv`;
    const ran = spawnSync('zsh', ['-f', '-c', script], {
      cwd: project,
      env: { ...machine.env, ...env },
      encoding: 'utf8',
    });
    expect(ran.stdout.trimEnd().split('\n')).toEqual(['GOT', ...HOSTILE, 'build', 'bench']);
  });
});

describe('fish', () => {
  const ask = (line: string): string =>
    spawnSync('fish', ['-N', '-c', 'source (polyenv completions fish | psub); complete -C "$LINE"'], {
      cwd: project,
      env: { ...machine.env, ...env, LINE: line },
      encoding: 'utf8',
    }).stdout;

  it.skipIf(!here('fish'))('completes verbs, versions, tasks and folders', () => {
    expect(ask('polyenv uni')).toMatch(/^uninstall\t/);
    expect(ask('polyenv use node@18')).toBe('node@18.20.0\n');
    expect(ask("polyenv -C 'bel'ow run be")).toBe('bench\tdo $(touch pwned)\n');
    expect(ask('polyenv run x')).toContain('x;touch pwned');
    expect(ask('polyenv -C belo')).toMatch(/^below\//);
  });
});

it('nothing of all this was run', () => {
  const found = readdirSync(machine.base, { recursive: true, encoding: 'utf8' });
  expect(found.filter((path) => /(^|\/)pwned$/.test(path))).toEqual([]);
});

it('the text for bash has no fault that shellcheck knows', ({ skip }) => {
  if (!here('shellcheck')) skip('there is no shellcheck here');
  const script = join(dirname(machine.program), '..', 'src/shim/complete.bash');
  expect(spawnSync('shellcheck', ['-s', 'bash', '-S', 'style', script], { encoding: 'utf8' }).stdout).toBe('');
});
