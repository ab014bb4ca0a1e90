import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prints = (text: string): string => `#!/bin/sh\necho '${text}'\n`;
export const printsNode = (version: string): string => prints(`v${version}`);
const python = (version: string): string => prints(`Python ${version}`);
const java = (version: string): string =>
  prints(`openjdk version "${version}" 2024-10-15\nOpenJDK Runtime Environment (build ${version}+11)`);

/** A manager's folders as it leaves them, with toolchains that print their version. */
export interface Manager {
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

export const MANAGERS: readonly Manager[] = [
  {
    manager: 'nvm',
    env: { NVM_DIR: 'elsewhere/nvm' },
    files: {
      'elsewhere/nvm/versions/node/v18.19.0/bin/node': printsNode('18.19.0'),
      'elsewhere/nvm/versions/node/v20.11.0/bin/node': printsNode('20.11.0'),
      'elsewhere/nvm/versions/node/v22.1.0/bin/node': printsNode('22.1.0'),
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
      '.fnm/node-versions/v20.11.0/installation/bin/node': printsNode('20.11.0'),
      '.fnm/node-versions/v22.1.0/installation/bin/node': printsNode('22.1.0'),
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
      '.volta/tools/image/node/20.11.0/bin/node': printsNode('20.11.0'),
      '.volta/tools/image/node/22.1.0/bin/node': printsNode('22.1.0'),
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
      '.asdf/installs/nodejs/20.11.0/bin/node': printsNode('20.11.0'),
      '.asdf/installs/nodejs/22.1.0/bin/node': printsNode('22.1.0'),
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
      '.mise/installs/node/20.11.0/bin/node': printsNode('20.11.0'),
      '.mise/installs/node/22.1.0/bin/node': printsNode('22.1.0'),
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

/** Its variables, for that home folder. */
export function environmentOf({ env }: Manager, home: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([name, path]) => [name, join(home, path)]));
}

export function populate({ files }: Pick<Manager, 'files'>, home: string): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text.startsWith('->')) symlinkSync(text.slice(2), path);
    else writeFileSync(path, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
}
