import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shareCode } from './compiled-code';
import { discard } from './discard';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const bundle = join(root, 'dist', 'polyenv.cjs');

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The one object that `--json` prints. */
  json<T = Record<string, unknown>>(): T;
}

/** A person on a machine of their own: a home folder, a POLYENV_HOME, and nothing of the caller's configuration. */
export interface Machine {
  readonly base: string;
  readonly home: string;
  readonly polyenvHome: string;
  readonly shims: string;
  /** The bundle under test, absolute. */
  readonly program: string;
  readonly env: Record<string, string>;
  /** Makes a folder below `base` and returns its path. */
  folder(name: string): string;
  polyenv(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** A program with the shims first on PATH. */
  run(command: readonly [string, ...string[]], options?: RunOptions): Promise<Ran>;
  remove(): void;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Another bundle than the project's own. */
  readonly program?: string;
}

export interface MachineOptions {
  /** With compiled code of its own. Otherwise all machines of a test run share polyenv's, once a command has made the home. */
  readonly fresh?: boolean;
}

export function newMachine(
  env: Readonly<Record<string, string>> = {},
  { fresh = false }: MachineOptions = {},
): Machine {
  if (!existsSync(bundle)) throw new Error('dist/ is not built: npm run build');
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-test-')));
  const [home, polyenvHome] = [join(base, 'person'), join(base, 'home')];
  mkdirSync(home);
  const shims = join(polyenvHome, 'shims');
  const own: Record<string, string> = {
    HOME: home,
    POLYENV_HOME: polyenvHome,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    TMPDIR: tmpdir(),
    ...env,
  };
  const ready = (): void => {
    if (!fresh) shareCode(polyenvHome);
  };
  return {
    base,
    home,
    polyenvHome,
    shims,
    program: bundle,
    env: own,
    folder: (name) => {
      const path = join(base, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    polyenv: (args, options = {}) => {
      ready();
      return start([process.execPath, options.program ?? bundle, ...args], { cwd: base, ...options }, own);
    },
    run: (command, options = {}) => {
      ready();
      return start(command, { cwd: base, ...options }, { ...own, PATH: `${shims}:${own.PATH}` });
    },
    remove: () => {
      // The store is read-only on purpose.
      discard(base);
    },
  };
}

function start(
  command: readonly [string, ...string[]],
  options: RunOptions,
  env: Record<string, string>,
): Promise<Ran> {
  const [file, ...args] = command;
  return new Promise((done, fail) => {
    const all = { ...env, PWD: options.cwd ?? '/', ...options.env };
    const child = spawn(file, args, { cwd: options.cwd, env: all, stdio: 'pipe' });
    const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    child.stdout.on('data', (chunk: Buffer) => parts.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => parts.stderr.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.once('error', fail);
    child.once('close', (code, signal) => {
      const stdout = Buffer.concat(parts.stdout).toString();
      done({
        exit: code ?? (signal === null ? -1 : 128),
        stdout,
        stderr: Buffer.concat(parts.stderr).toString(),
        json: () => JSON.parse(stdout),
      });
    });
  });
}
