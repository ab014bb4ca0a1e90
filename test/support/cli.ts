import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verbIndex } from '../../src/verb';
import { shareCode } from './compiled-code';
import { discard } from './discard';
import { runInside } from './inside';

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
  /**
   * Runs polyenv. A file's first call of each verb is a process; later ones of verbs that only answer are run inside this
   * one, where that makes no difference: a start of Node costs more than most verbs do.
   */
  polyenv(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, always as a process: for what a process alone has, as its end, its descriptors, or others beside it. */
  process(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same without a process of its own, for what is looked at besides what a test is about. */
  inside(args: readonly string[], options?: InsideOptions): Promise<Ran>;
  /** Makes what a test needs by a command that is run inside. Throws where it does not end well. */
  prepare(args: readonly string[], options?: InsideOptions): Promise<Ran>;
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

export type InsideOptions = Pick<RunOptions, 'cwd' | 'env'>;

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
  const asProcess = (args: readonly string[], options: RunOptions = {}): Promise<Ran> => {
    ready();
    return start([process.execPath, options.program ?? bundle, ...args], { cwd: base, ...options }, own);
  };
  const inside = async (args: readonly string[], { cwd = base, env: more = {} }: InsideOptions = {}): Promise<Ran> => {
    ready();
    const ran = await runInside({ program: bundle, args, cwd, env: { ...own, PWD: cwd, ...more } });
    return { ...ran, json: () => JSON.parse(ran.stdout) };
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
    polyenv: async (args, options = {}) => {
      if (fresh || running > 0 || ofNode(own) || !canBeInside(args, options)) return asProcess(args, options);
      running += 1;
      try {
        return await inside(args, options);
      } finally {
        running -= 1;
      }
    },
    process: asProcess,
    inside,
    prepare: async (args, options) => {
      const ran = await inside(args, options);
      if (ran.exit !== 0) throw new Error(`polyenv ${args.join(' ')} ended with ${ran.exit}: ${ran.stderr}`);
      return ran;
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

/** Verbs that answer by themselves: no program gets their streams, and they end without a signal. */
const ANSWERING: ReadonlySet<string> = new Set(
  `init use upgrade rollback remove install sync trust untrust env ps url status current which where overview outdated info
   ls-remote ls size link import uninstall prune lock bundle sbom verify activate deactivate off on completions doctor
   settings generate ide templates help complete detect resolve reshim`.split(/\s+/),
);
/** Verbs that were a process in this file. */
const seen = new Set<string>();
/** Calls inside: a further one at the same time is a process, as for a person. */
let running = 0;

/** Whether variables are among them that act on Node itself or on its libraries. */
function ofNode(env: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(env).some((name) => /^(?:NODE|UV|LD|SSL)_|^TZ$/.test(name));
}

function canBeInside(args: readonly string[], { cwd, env = {}, input, program }: RunOptions): boolean {
  const verb = args[verbIndex(args)] ?? '';
  if (!ANSWERING.has(verb) || args.includes('-v') || args.includes('--verbose')) return false;
  if (input !== undefined || program !== undefined || (cwd !== undefined && !existsSync(cwd))) return false;
  if (ofNode(env) || ['PWD', 'HOME', 'TMPDIR'].some((name) => name in env)) return false;
  if (seen.has(verb)) return true;
  seen.add(verb);
  return false;
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
