import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** Ending trust ends all that was built with it, wherever that is. */
let server: TinyNode;
let machine: Machine;
let project: string;
let places: readonly string[];

beforeAll(async () => {
  server = await serveTinyNode([{ version: '22.1.0' }, { version: '20.11.1', lts: 'Iron' }]);
  machine = newMachine(siteOf(server));
  project = machine.folder('P');
  await machine.prepare(['use', 'node@20'], { cwd: project });
  const [sub, nested] = [join(project, 'sub'), join(project, 'nested/deep')];
  for (const folder of [sub, nested]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(sub, '.nvmrc'), '22\n');
  writeFileSync(join(nested, '.node-version'), '20\n');
  symlinkSync(project, join(machine.base, 'link'));
  places = [project, sub, nested, join(machine.base, 'link'), join(machine.base, 'link/sub')];
});
afterAll(async () => {
  machine?.remove();
  await server?.close();
});
beforeEach(async () => {
  writeFileSync(
    join(project, 'polyenv.toml'),
    '[runtimes]\nnode = "20"\n\n[env]\nOF_P = "yes"\n\n[tasks]\nshow = "echo ${OF_P-none}"\n',
  );
  await machine.prepare(['trust', '--yes'], { cwd: project });
});

/** By a shim, a shim with another version, exec, and the environment of a shell. */
const ways = (cwd: string, index: number): readonly Promise<boolean>[] => [
  ...[{}, { POLYENV_NODE: '22' }].map(async (env) => {
    const ran = await machine.run(['node', 'env'], { cwd, env });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    return ran.stdout.includes('OF_P=yes\n');
  }),
  // Each of these starts polyenv itself: two places are enough.
  ...(index > 1 ? [] : STARTS).map(async (args) =>
    (await machine.polyenv(args, { cwd, env: { SHELL: '/bin/sh' } })).stdout.includes('OF_P=yes'),
  ),
];
const STARTS = [
  ['exec', '--', 'env'],
  ['exec', 'node@22', '--', 'node', 'env'],
  ['shell', '--', '-c', 'echo "OF_P=${OF_P-}"'],
];
const applies = async (): Promise<readonly (readonly boolean[])[]> =>
  Promise.all(places.map((cwd, index) => Promise.all(ways(cwd, index))));

describe('untrust', () => {
  it.each([
    ['in the project', () => project],
    ['in a folder below it', () => join(project, 'sub')],
    ['by a link to it', () => join(machine.base, 'link')],
  ] as const)('%s ends it everywhere, by shims, exec and shell', { timeout: 120_000 }, async (_, from) => {
    expect((await applies()).flat()).not.toContain(false);
    expect(await machine.polyenv(['untrust'], { cwd: from() })).toMatchObject({ exit: 0 });
    expect((await applies()).flat()).not.toContain(true);
    expect((await machine.polyenv(['run', 'show'], { cwd: project })).exit).toBe(8);
  });

  it('comes about by a changed table too, and what is said agrees with what applies', {
    timeout: 120_000,
  }, async () => {
    expect((await applies()).flat()).not.toContain(false);
    writeFileSync(join(project, 'polyenv.toml'), '[runtimes]\nnode = "20"\n\n[env]\nOF_P = "other"\n');
    expect((await applies()).flat()).not.toContain(true);
    for (const cwd of places) {
      expect((await machine.inside(['trust', '--show'], { cwd })).stdout).toContain('would apply once trusted');
      expect((await machine.inside(['doctor'], { cwd })).stdout).toContain('polyenv trust');
    }
    await machine.polyenv(['trust', '--yes'], { cwd: join(project, 'sub') });
    for (const cwd of places) {
      expect((await machine.inside(['trust', '--show'], { cwd })).stdout).toContain('trusted already');
      expect((await machine.inside(['doctor'], { cwd })).stdout).not.toContain('is not trusted');
      expect((await machine.run(['node', 'env'], { cwd })).stdout).toContain('OF_P=other\n');
    }
  });

  it('works where the manifest cannot be read any more', async () => {
    writeFileSync(join(project, 'polyenv.toml'), '[runtimes\n');
    expect((await machine.polyenv(['untrust'], { cwd: project })).stdout).toContain('no longer trusted');
  });

  it('leaves a dependency folder to the project around it', async () => {
    const dependency = join(project, 'node_modules/x');
    mkdirSync(dependency, { recursive: true });
    writeFileSync(join(dependency, 'polyenv.toml'), '[env]\nEVIL = "1"\n');
    const { stdout } = await machine.polyenv(['trust', '--show'], { cwd: dependency });
    expect(stdout).toContain('OF_P');
    expect(stdout).not.toContain('EVIL');
  });
});

const SHELLS = [
  ['bash', '/bin/bash', ['--norc'], 'bash'],
  ['zsh', '/usr/bin/zsh', ['-f'], 'zsh'],
  ['fish', '/usr/bin/fish', ['--no-config'], 'fish'],
] as const;

/** What an activated shell has of the project's variables, before and after something was done elsewhere. */
function spoken(name: (typeof SHELLS)[number][3]): { readonly start: string; readonly look: string } {
  const tick = {
    bash: 'eval "$PROMPT_COMMAND"',
    zsh: 'for f in $precmd_functions; do $f; done',
    fish: 'emit fish_prompt',
  }[name];
  const show = name === 'fish' ? 'echo "is:$OF_P"' : 'echo "is:${OF_P-}"';
  const start = join(machine.folder('bin'), 'polyenv-start');
  writeFileSync(start, `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`, { mode: 0o755 });
  return {
    start: name === 'fish' ? 'polyenv-start activate fish | source' : `eval "$(polyenv-start activate ${name})"`,
    look: `${tick}\n${show}`,
  };
}

const said = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('is:'));
const around = () => ({ PATH: `${join(machine.base, 'bin')}:/usr/bin:/bin`, TERM: 'dumb' });

describe.each(SHELLS)('in a shell that was open: %s', (_, shell, options, name) => {
  it.skipIf(!existsSync(shell))('it ends at the next prompt, and comes back at the next', { timeout: 120_000 }, () => {
    const { start, look } = spoken(name);
    const elsewhere = (verb: string) => `sh -c 'cd ${project}; polyenv-start ${verb} >/dev/null 2>&1'`;
    const script = [start, `cd ${join(project, 'sub')}`, look, look, elsewhere('untrust'), look, look];
    const ran = spawnSync(shell, [...options, '-c', [...script, elsewhere('trust --yes'), look, look].join('\n')], {
      cwd: '/',
      env: { ...machine.env, ...around(), PWD: '/' },
      encoding: 'utf8',
    });
    expect([ran.stderr, said(ran.stdout)]).toEqual([
      expect.anything(),
      ['is:yes', 'is:yes', 'is:', 'is:', 'is:yes', 'is:yes'],
    ]);
  });

  it.skipIf(!existsSync(shell))('of polyenv shell, what was inherited goes too', { timeout: 120_000 }, async () => {
    const { start, look } = spoken(name);
    const untrust = `sh -c 'cd ${project}; polyenv-start untrust >/dev/null 2>&1'`;
    for (const before of [undefined, 'a %p of mine\nin two lines']) {
      await machine.prepare(['trust', '--yes'], { cwd: project });
      const script = [start, look, untrust, look].join('\n');
      const ran = await machine.polyenv(['shell', '--', ...options, '-c', script], {
        cwd: project,
        env: { ...around(), SHELL: shell, OF_P: before },
      });
      expect(said(ran.stdout), ran.stderr).toEqual(['is:yes', `is:${before?.split('\n')[0] ?? ''}`]);
    }
  });
});
