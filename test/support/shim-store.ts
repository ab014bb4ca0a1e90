import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Home } from '../../src/adapters/home/paths';
import { homeOf } from '../../src/adapters/home/paths';
import { writeEnvironment } from '../../src/adapters/routes/environments';
import { writeShims } from '../../src/adapters/routes/shims';
import type { Environment, RoutedToolchain } from '../../src/domain/routes/environment';
import type { Host } from '../../src/host';
import { npmScheme, type Runtime } from '../../src/kit';
import { discard } from './discard';

/** A runtime of no language: whatever routes it routes any. */
export const DUMMY: Runtime = {
  id: 'dummy',
  title: 'Dummy',
  homepage: 'https://example.org',
  scheme: npmScheme,
  pins: [{ file: '.dummy-version', read: () => ({ pins: [] }) }],
  sources: [],
  layout: () => ({ commands: {}, variables: [], bins: [], homes: [], installs: [] }),
  probe: { command: 'dummy', args: [], version: () => undefined },
  plusVersion: ['dummy'],
};

export const COMMANDS = [
  'dummy',
  'show',
  'stdin',
  'code',
  'envdump',
  'node',
  'state',
  'trapped',
  'ident',
  'signals',
] as const;

/** A shell that may stand behind `/bin/sh`. */
export interface StandIn {
  readonly name: string;
  /** Its program; `undefined` where this machine lacks it. */
  readonly file: string | undefined;
  /** Whether it compares the times of files by whole seconds. */
  readonly seconds: boolean;
}

export const STAND_INS: readonly StandIn[] = [
  { name: 'dash', file: program('dash'), seconds: false },
  { name: 'bash as sh', file: program('bash'), seconds: false },
  { name: 'busybox sh', file: program('busybox'), seconds: true },
];

export function program(name: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/local/bin'].map((folder) => join(folder, name)).find(existsSync);
}

export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly args?: readonly string[];
  /** Beside PATH and HOME; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Buffer;
}

/** A throw-away home of a person with a home of polyenv, a tool in two versions, and a launcher that only notes its calls. */
export interface ShimStore {
  readonly root: string;
  readonly person: string;
  readonly home: Home;
  /** Each has the next program on PATH of every name. */
  readonly system: string;
  /** Makes a folder below the person's home. */
  folder(name: string): string;
  /** What compiling a folder that pins the version would come to. */
  describe(folder: string, version: string, over?: Partial<Environment>): Environment;
  routed(version: string, over?: Partial<RoutedToolchain>): RoutedToolchain;
  /** Writes a pin file into the folder and its environment into the home. */
  pin(folder: string, version: string, over?: Partial<Environment>): Promise<Environment>;
  compile(environment: Environment): Promise<void>;
  shims(): Promise<void>;
  env(over?: RunOptions['env']): Record<string, string>;
  /** Runs a command as a shim, by absolute path. */
  run(name: string, options: RunOptions): Ran;
  /** Runs any program. */
  start(file: string, options: RunOptions): Ran;
  /** The arguments of each call of polyenv itself, and forgets them. */
  slow(): readonly string[];
  remove(): void;
}

const TOOLS: Readonly<Record<(typeof COMMANDS)[number], (version: string) => string>> = {
  dummy: (version) => `echo "dummy ${version}"`,
  show: () => `printf 'argc=%s\\n' "$#"; for a in "$@"; do printf '[%s]\\n' "$a"; done`,
  stdin: () => 'exec cat',
  code: () => 'exit "$1"',
  envdump: () => 'exec /usr/bin/env -0',
  node: (version) => `echo "fake-node ${version}"`,
  state: () => 'umask; ulimit -n; pwd -P; pwd; nice',
  trapped: () => `trap 'echo got >"$1"; exit 9' "$2"; : >"$1.ready"; while :; do sleep 0.05; done`,
  ident: () => 'echo "$$"',
  signals: () => 'grep SigIgn /proc/self/status | cut -f2',
};

export async function openShimStore(shell: StandIn): Promise<ShimStore> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'shims-')));
  const person = join(root, 'person');
  const sh = join(root, 'sh');
  symlinkSync(shell.file as string, sh);
  const home = homeOf({ env: { POLYENV_HOME: join(root, 'home') }, personHome: person } as unknown as Host);
  const system = join(root, 'system');
  const calls = join(root, 'calls');
  for (const folder of [person, home.bin, home.shims, system]) mkdirSync(folder, { recursive: true });
  const write = (file: string, body: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  };
  for (const version of ['1.0.0', '2.0.0'])
    for (const name of COMMANDS) write(join(home.store, `dummy-${version}`, 'bin', name), TOOLS[name](version));
  for (const name of COMMANDS) write(join(system, name), TOOLS[name]('system'));
  write(join(home.bin, 'polyenv'), `printf '%s\\n' "$*" >>'${calls}'; exit 97`);

  const routed = (version: string, over: Partial<RoutedToolchain> = {}): RoutedToolchain => {
    const toolchain = join(home.store, `dummy-${version}`);
    return {
      tool: 'dummy',
      version,
      toolchain,
      commands: Object.fromEntries(COMMANDS.map((name) => [name, join(toolchain, 'bin', name)])),
      variables: [],
      bins: [],
      homes: [],
      installs: [],
      linked: false,
      plusVersion: ['dummy'],
      ...over,
    };
  };
  const store: ShimStore = {
    root,
    person,
    home,
    system,
    routed,
    folder: (name) => {
      const folder = join(person, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    describe: (folder, version, over = {}) => ({
      directory: folder,
      runtimes: [routed(version)],
      pending: [],
      variables: [],
      inputs: [join(folder, '.dummy-version')],
      absences: ['polyenv.local.toml', 'polyenv.toml', 'polyenv.lock'].map((name) => join(folder, name)),
      traces: [],
      shims: home.shims,
      home: home.root,
      ...over,
    }),
    pin: async (folder, version, over) => {
      writeFileSync(join(folder, '.dummy-version'), `${version}\n`);
      const environment = store.describe(folder, version, over);
      await store.compile(environment);
      return environment;
    },
    compile: (environment) => writeEnvironment(home, environment),
    shims: async () => {
      await writeShims(home, [{ runtime: DUMMY, commands: COMMANDS }], person);
      for (const name of readdirSync(home.shims)) {
        const file = join(home.shims, name);
        writeFileSync(file, readFileSync(file, 'utf8').replace('#!/bin/sh', `#!${sh}`));
      }
    },
    env: (over = {}) => {
      const all = { HOME: person, PATH: [home.shims, system, '/usr/bin', '/bin'].join(delimiter), ...over };
      return Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
    },
    run: (name, options) => store.start(join(home.shims, name), options),
    start: (file, { cwd, args = [], env = {}, input = '' }) => {
      const ran = spawnSync(file, args, {
        cwd,
        env: store.env({ PWD: cwd, ...env }),
        input,
        encoding: 'utf8',
        timeout: 20_000,
        maxBuffer: 64 * 1024 * 1024,
      });
      return { status: ran.status, signal: ran.signal, stdout: ran.stdout, stderr: ran.stderr };
    },
    slow: () => {
      const lines = existsSync(calls) ? readFileSync(calls, 'utf8').split('\n').slice(0, -1) : [];
      rmSync(calls, { force: true });
      return lines;
    },
    remove: () => discard(root),
  };
  await store.shims();
  return store;
}
