import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';

let machine: Machine;

beforeEach(() => {
  machine = newMachine({ PATH: '/usr/bin:/bin', POLYENV_OFFLINE: 'true' });
});
afterEach(() => machine.remove());

/** A file of the person, or a link where the text begins with `->`. */
const put = (name: string, text: string): void => {
  const path = join(machine.home, name);
  mkdirSync(dirname(path), { recursive: true });
  if (text.startsWith('->')) symlinkSync(text.slice(2), path);
  else writeFileSync(path, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
};

const prints = (text: string): string => `#!/bin/sh\necho '${text}'\n`;
const node = (version: string): string => prints(`v${version}`);
const python = (version: string): string => prints(`Python ${version}`);
const java = (version: string): string =>
  prints(`openjdk version "${version}" 2024-10-15\nOpenJDK Runtime Environment (build ${version}+11)`);

interface Case {
  readonly manager: string;
  /** Relative to the person's home. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  /** Versions, newest first. */
  readonly holds: readonly string[];
  readonly command: string;
  /** What the manager itself would run where no project decides, relative to the person's home. */
  readonly runs: string;
}

const CASES: readonly Case[] = [
  {
    manager: 'nvm',
    env: { NVM_DIR: 'elsewhere/nvm' },
    files: {
      'elsewhere/nvm/versions/node/v18.19.0/bin/node': node('18.19.0'),
      'elsewhere/nvm/versions/node/v20.11.0/bin/node': node('20.11.0'),
      'elsewhere/nvm/versions/node/v22.1.0/bin/node': node('22.1.0'),
      'elsewhere/nvm/alias/default': 'lts/*\n',
      'elsewhere/nvm/alias/lts/*': 'lts/iron\n',
      'elsewhere/nvm/alias/lts/iron': 'v20.11.0\n',
    },
    holds: ['22.1.0', '20.11.0', '18.19.0'],
    command: 'node',
    runs: 'elsewhere/nvm/versions/node/v20.11.0/bin/node',
  },
  {
    manager: 'fnm',
    env: { FNM_DIR: '.fnm' },
    files: {
      '.fnm/node-versions/v20.11.0/installation/bin/node': node('20.11.0'),
      '.fnm/node-versions/v22.1.0/installation/bin/node': node('22.1.0'),
      '.fnm/aliases/default': '->../node-versions/v20.11.0/installation',
    },
    holds: ['22.1.0', '20.11.0'],
    command: 'node',
    runs: '.fnm/node-versions/v20.11.0/installation/bin/node',
  },
  {
    manager: 'volta',
    env: { VOLTA_HOME: '.volta' },
    files: {
      '.volta/tools/image/node/20.11.0/bin/node': node('20.11.0'),
      '.volta/tools/image/node/22.1.0/bin/node': node('22.1.0'),
      '.volta/tools/user/platform.json': '{"node":{"runtime":"20.11.0","npm":null},"pnpm":null,"yarn":null}',
    },
    holds: ['22.1.0', '20.11.0'],
    command: 'node',
    runs: '.volta/tools/image/node/20.11.0/bin/node',
  },
  {
    manager: 'pyenv',
    env: { PYENV_ROOT: '.pyenv' },
    files: {
      '.pyenv/versions/3.11.7/bin/python3': python('3.11.7'),
      '.pyenv/versions/3.12.1/bin/python3': python('3.12.1'),
      '.pyenv/versions/pypy3.10-7.3.15/bin/python3': python('3.10.13'),
      '.pyenv/versions/of-a-project': '->3.12.1/envs/of-a-project',
      '.pyenv/versions/3.12.1/envs/of-a-project/bin/python3': python('3.12.1'),
      '.pyenv/version': '3.11.7\n3.12.1\n',
    },
    holds: ['3.12.1', '3.11.7'],
    command: 'python3',
    runs: '.pyenv/versions/3.11.7/bin/python3',
  },
  {
    manager: 'rustup',
    env: { RUSTUP_HOME: '.rustup' },
    files: {
      '.rustup/toolchains/stable-x86_64-unknown-linux-gnu/bin/rustc': prints('rustc 1.88.0 (6b00bc388 2025-06-23)'),
      '.rustup/toolchains/1.80.0-x86_64-unknown-linux-gnu/bin/rustc': prints('rustc 1.80.0 (051478957 2024-07-21)'),
      '.rustup/settings.toml': 'default_toolchain = "1.80.0-x86_64-unknown-linux-gnu"\nversion = "12"\n',
    },
    holds: ['1.88.0', '1.80.0'],
    command: 'rustc',
    runs: '.rustup/toolchains/1.80.0-x86_64-unknown-linux-gnu/bin/rustc',
  },
  {
    manager: 'sdkman',
    env: { SDKMAN_DIR: '.sdkman' },
    files: {
      '.sdkman/candidates/java/17.0.9-tem/bin/java': java('17.0.9'),
      '.sdkman/candidates/java/17.0.9-tem/bin/javac': java('17.0.9'),
      '.sdkman/candidates/java/21.0.5-tem/bin/java': java('21.0.5'),
      '.sdkman/candidates/java/21.0.5-tem/bin/javac': java('21.0.5'),
      '.sdkman/candidates/java/17.0.9-tem/release': 'IMPLEMENTOR="Eclipse Adoptium"\n',
      '.sdkman/candidates/java/current': '->17.0.9-tem',
    },
    holds: ['21.0.5+11', '17.0.9+11'],
    command: 'java',
    runs: '.sdkman/candidates/java/17.0.9-tem/bin/java',
  },
  {
    manager: 'asdf',
    env: { ASDF_DATA_DIR: '.asdf' },
    files: {
      '.asdf/installs/nodejs/20.11.0/bin/node': node('20.11.0'),
      '.asdf/installs/nodejs/22.1.0/bin/node': node('22.1.0'),
      '.tool-versions': 'nodejs 20.11.0\n',
    },
    holds: ['22.1.0', '20.11.0'],
    command: 'node',
    runs: '.asdf/installs/nodejs/20.11.0/bin/node',
  },
  {
    manager: 'mise',
    env: { MISE_DATA_DIR: '.mise', MISE_CONFIG_DIR: '.config/mise' },
    files: {
      '.mise/installs/node/20.11.0/bin/node': node('20.11.0'),
      '.mise/installs/node/22.1.0/bin/node': node('22.1.0'),
      '.mise/installs/node/20': '->./20.11.0',
      '.mise/installs/node/latest': '->./22.1.0',
      '.config/mise/config.toml': '[settings]\nx = 1\n[tools]\nnode = ["20", "22"]\n',
    },
    holds: ['22.1.0', '20.11.0'],
    command: 'node',
    runs: '.mise/installs/node/20.11.0/bin/node',
  },
  {
    manager: 'goenv',
    env: { GOENV_ROOT: '.goenv' },
    files: {
      '.goenv/versions/1.22.3/bin/go': prints('go version go1.22.3 linux/amd64'),
      '.goenv/versions/1.24.1/bin/go': prints('go version go1.24.1 linux/amd64'),
      '.goenv/version': '1.22.3\n',
    },
    holds: ['1.24.1', '1.22.3'],
    command: 'go',
    runs: '.goenv/versions/1.22.3/bin/go',
  },
  {
    manager: 'jenv',
    env: { JENV_ROOT: '.jenv' },
    files: {
      'jdks/17/bin/java': java('17.0.9'),
      'jdks/17/bin/javac': java('17.0.9'),
      'jdks/21/bin/java': java('21.0.5'),
      'jdks/21/bin/javac': java('21.0.5'),
      '.jenv/versions/openjdk64-17.0.9': '->../../jdks/17',
      '.jenv/versions/17': '->../../jdks/17',
      '.jenv/versions/openjdk64-21.0.5': '->../../jdks/21',
      '.jenv/version': 'openjdk64-17.0.9\n',
    },
    holds: ['21.0.5+11', '17.0.9+11'],
    command: 'java',
    runs: 'jdks/17/bin/java',
  },
];

const environment = ({ env }: Case): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(env).map(([name, path]) => [name, join(machine.home, path)]));

const populate = ({ files }: Case): void => {
  for (const [name, text] of Object.entries(files)) put(name, text);
};

describe('import', () => {
  it.each(CASES)('takes over from $manager what it holds, and then answers as it does', async (one) => {
    populate(one);
    const env = environment(one);
    const ran = await machine.polyenv(['import', one.manager, '--yes', '--json'], { env });
    expect(ran).toMatchObject({ exit: 0 });
    const { managers } = ran.json<{ managers: { manager: string; toolchains: { version: string }[] }[] }>();
    expect(managers.map(({ manager }) => manager)).toEqual([one.manager]);
    expect(managers[0]?.toolchains.map(({ version }) => version)).toEqual(one.holds);
    const which = await machine.polyenv(['which', one.command], { cwd: machine.folder('nowhere') });
    expect(which.stdout.trim()).toBe(join(machine.home, one.runs));
    for (const [name, text] of Object.entries(one.files)) {
      if (!text.startsWith('->')) expect(readFileSync(join(machine.home, name), 'utf8')).toBe(text);
    }
  });

  it('lists who is here, and records nothing', async () => {
    const [nvm, pyenv] = [CASES[0] as Case, CASES[3] as Case];
    populate(nvm);
    populate(pyenv);
    const ran = await machine.polyenv(['import'], { env: { ...environment(nvm), ...environment(pyenv) } });
    expect(ran.stdout).toMatch(/^nvm +node 20\.11\.0 +default/m);
    expect(ran.stdout).toMatch(/^pyenv +python 3\.11\.7 +default/m);
    expect(existsSync(machine.polyenvHome) && existsSync(join(machine.polyenvHome, 'store'))).toBe(false);
    const dry = await machine.polyenv(['import', 'nvm', '--dry-run'], { env: environment(nvm) });
    expect(dry.stdout).toContain('nothing was changed');
    expect((await machine.polyenv(['ls', '--json'])).json()).toMatchObject({ toolchains: [] });
  });

  it('leaves the defaults alone where nobody can be asked, and says how to take them', async () => {
    const one = CASES[0] as Case;
    populate(one);
    const ran = await machine.polyenv(['import', 'nvm'], { env: environment(one) });
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain('polyenv use --default node@20.11.0');
    const which = await machine.polyenv(['which', 'node', '--why'], { cwd: machine.folder('nowhere') });
    expect(which.stdout).not.toContain('nvm');
    const cwd = machine.folder('project');
    writeFileSync(join(cwd, '.nvmrc'), '18\n');
    // It may be used, and comes last: once no source can be reached.
    expect((await machine.polyenv(['which', 'node'], { cwd })).stdout.trim()).toBe('');
    await machine.polyenv(['install', '--offline'], { cwd });
    expect((await machine.polyenv(['which', 'node'], { cwd })).stdout.trim()).toBe(
      join(machine.home, 'elsewhere/nvm/versions/node/v18.19.0/bin/node'),
    );
  });

  it('leaves out what does not run or is an alias in a circle, and goes on', async () => {
    put('.nvm/versions/node/v20.11.0/bin/node', node('20.11.0'));
    put('.nvm/versions/node/v22.1.0/bin/node', '#!/bin/sh\nexit 3\n');
    put('.nvm/versions/node/v23.0.0/README', 'empty');
    put('.nvm/alias/default', 'a\n');
    put('.nvm/alias/a', 'b\n');
    put('.nvm/alias/b', 'a\n');
    const ran = await machine.polyenv(['import', 'nvm', '--yes'], { env: { NVM_DIR: '' } });
    expect(ran.exit).toBe(0);
    expect(ran.stdout).toContain('node 20.11.0');
    expect(ran.stdout).not.toContain('your defaults');
    expect(ran.stderr).toContain('v22.1.0 is left out');
    expect(ran.stderr).toContain('v23.0.0 is left out');
  });

  it('reads no alias outside of the manager’s folder', async () => {
    put('.nvm/versions/node/v20.11.0/bin/node', node('20.11.0'));
    put('.nvm/alias/default', '../../secret\n');
    put('secret', 'v20.11.0\n');
    const ran = await machine.polyenv(['import', 'nvm', '--yes', '--json']);
    expect(ran.json()).toMatchObject({ defaults: [] });
  });

  it('says what is wrong with a name, and where there is nothing', async () => {
    const typo = await machine.polyenv(['import', 'nmv']);
    expect(typo).toMatchObject({ exit: 2 });
    expect(typo.stderr).toContain('did you mean nvm?');
    const none = await machine.polyenv(['import', 'pyenv']);
    expect(none).toMatchObject({ exit: 1 });
    expect(none.stderr).toContain('polyenv import');
  });
});
