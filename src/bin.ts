import { fstatSync, readFileSync, realpathSync, statSync, writeSync } from 'node:fs';
import { availableParallelism, hostname, tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { loadCached } from './code-cache';
import { incomplete } from './domain/words/incomplete';
import type { Host } from './host';
import { type Load, run } from './run';
import { ownOptions, verbIndex } from './verb';

function workingFolder(): string | undefined {
  let physical: string;
  try {
    physical = process.cwd();
  } catch {
    return undefined;
  }
  const seen = process.env.PWD;
  if (seen === undefined || !seen.startsWith('/') || seen === physical || seen !== resolve(seen)) return physical;
  try {
    const [a, b] = [statSync(seen), statSync(physical)];
    return a.dev === b.dev && a.ino === b.ino ? seen : physical;
  } catch {
    return physical;
  }
}

/** Whether the work is over, well or not: nothing is left to be said. */
let ended = false;
/** Who would stop something at a signal. */
const stops = new Set<(signal: NodeJS.Signals) => void>();
/** Descriptors that were a terminal when something began that has to be stopped first. */
let terminals: readonly number[] = [];
/** Streams that were opened, and whether one of them has no reader any more. */
const streams = new Set<object>();
let unread = false;
/** What is done once the work is over. */
const endings: (() => void)[] = [];
/** The descriptor on which a launcher waits, by the variable that it sets for us alone. */
const answers = process.env.POLYENV_ANSWER === '3' && isPipe(3);
delete process.env.POLYENV_ANSWER;
const { execve } = process as { execve?: Host['execve'] };

const host: Host = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: workingFolder(),
  // Opened only by who reads or writes.
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return watched(process.stdout);
  },
  get stderr() {
    return watched(process.stderr);
  },
  now: () => new Date(),
  pid: process.pid,
  uid: process.getuid?.(),
  node: process.execPath,
  nodeVersion: process.versions.node,
  // What checks the Node first lies beside this file.
  program: join(dirname(realpathSync(__filename)), 'polyenv.cjs'),
  os: process.platform,
  arch: process.arch,
  personHome: personHome(),
  loginShell: () => {
    try {
      return userInfo().shell ?? undefined;
    } catch {
      // A user id without an entry, as in many containers.
      return undefined;
    }
  },
  hostname: hostname(),
  cores: availableParallelism(),
  temporary: tmpdir(),
  execve:
    execve === undefined
      ? undefined
      : (file, argv, env) => {
          // Another program takes over: it is the end of this one.
          end();
          return execve(file, argv, env);
        },
  beforeProgram: [],
  rawArguments: () => {
    try {
      const text = readFileSync('/proc/self/cmdline');
      const words: Buffer[] = [];
      for (let at = 0; at < text.length; ) {
        const end = text.indexOf(0, at);
        if (end === -1) return undefined;
        words.push(text.subarray(at, end));
        at = end + 1;
      }
      return words;
    } catch {
      return undefined;
    }
  },
  handOver: answers ? writeAnswer : undefined,
  memory: () => process.memoryUsage.rss(),
  glibc: () => {
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return report.header?.glibcVersionRuntime;
  },
  onSignal: (stop) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    terminals = [0, 1, 2].filter(isTerminal);
    for (const signal of signals) process.on(signal, stop);
    stops.add(stop);
    return () => {
      for (const signal of signals) process.off(signal, stop);
      stops.delete(stop);
    };
  },
  signalGroup: (leader, signal) => {
    try {
      return process.kill(-leader, signal);
    } catch (error) {
      // macOS says EPERM of a group in which only ended processes are left.
      if (['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  },
  signalProcess: (pid, signal) => {
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  },
};

/** A reader that has seen enough (`polyenv ls | head -1`) is no failure; a full disk is. Neither may leave a child behind. */
function watched<T extends NodeJS.WriteStream>(stream: T): T {
  if (streams.has(stream)) return stream;
  streams.add(stream);
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (stops.size === 0) {
      ended = true;
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    }
    if (!unread) for (const stop of stops) stop('SIGTERM');
    unread = true;
  });
  return stream;
}

/** HOME, where it is a folder's path; else what the system knows of the user. */
function personHome(): string {
  const { HOME } = process.env;
  if (HOME?.startsWith('/')) return HOME;
  try {
    return userInfo().homedir;
  } catch {
    // A user id without an entry, as in many containers.
    return '/';
  }
}

/** Node's module of terminals takes 5 ms to load, with the network in it: most calls need neither. */
function isTerminal(descriptor: number): boolean {
  const { isatty } = require('node:tty') as typeof import('node:tty');
  return isatty(descriptor);
}

function isPipe(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
}

function writeAnswer(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}

// Where the launcher is ended by a signal, nobody waits for the answer any more.
if (answers) {
  const launcher = process.ppid;
  setInterval(() => {
    if (process.ppid === launcher) return;
    if (stops.size === 0) {
      ended = true;
      process.exit(143);
    }
    for (const stop of stops) stop('SIGTERM');
  }, 100).unref();
}

/** The rest of polyenv lies beside this file, in parts of which a call parses one. */
const load: Load = async (folder) => {
  const verb = host.argv[verbIndex(host.argv)] ?? '';
  const beside = (part: string): string => join(dirname(host.program), part);
  if (host.argv[0] === 'gateway' && host.argv[1] === 'serve') return loadPart(beside('gateway.cjs'), { folder, verb });
  if (isKey(host.argv)) return loadPart(beside('complete.cjs'), { folder, verb });
  // Real lines in a stack are worth compiling anew: Node maps only what its own loader loads.
  const own = ownOptions(host.argv);
  if (own.includes('-v') || own.includes('--verbose')) {
    process.setSourceMapsEnabled(true);
    return loadPart(beside('near.cjs'), { folder: undefined, verb });
  }
  return loadPart(beside('near.cjs'), { folder, verb });
};

function loadPart(file: string, of: { readonly folder: string | undefined; readonly verb: string }) {
  const { folder } = of;
  const verb = /^[a-z][a-z-]{0,19}$/.test(of.verb) ? of.verb : '';
  const cache = folder === undefined ? undefined : { folder, node: host.nodeVersion, verb, atEnd };
  return loadCached(file, cache) as Awaited<ReturnType<Load>>;
}

/** A key that asks what may follow waits for nothing else: the form in which the completions ask. */
function isKey([verb, , dashes]: readonly string[]): boolean {
  return verb === 'complete' && dashes === '--';
}

function atEnd(action: () => void): void {
  endings.push(action);
}

function end(): void {
  for (const action of endings.splice(0)) action();
}

/** As whom nobody stopped: Node would set back a terminal that is no more, and abort over it. */
function endHungUp(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

// A failure until the work has ended well: one that nobody waits for any more would end as if all had been done.
process.exitCode = 1;
process.on('exit', (code) => {
  if (!terminals.every(isTerminal)) endHungUp();
  if (code === 0 && ended) end();
  if (ended || code !== 1 || stops.size > 0) return;
  writeSync(2, 'error[failed] polyenv ended before its work was done\n  try  the same again, with -v after polyenv\n');
});

run(host, load).then(
  (code) => {
    ended = true;
    process.exitCode = code;
  },
  (error: unknown) => {
    // The program itself tells its errors: this one is of loading it.
    ended = true;
    const { message, hint } = incomplete(error);
    const told = { schema: 1, error: { code: 'failed', exit: 1, message, hint } };
    if (ownOptions(host.argv).includes('--json')) writeSync(1, `${JSON.stringify(told)}\n`);
    else writeSync(2, `error[failed] ${message}\n  try  ${hint}\n`);
  },
);
