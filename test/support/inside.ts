import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, hostname, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { present } from '../../src/domain/words/present';
import type { Host } from '../../src/host';

/** A call of polyenv that is made without a process of its own. */
export interface Call {
  /** The start of the program under test, absolute: what lies beside it is called. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command of the built program in this process, as `src/bin.ts` would in its own: a start of Node costs more than most
 * verbs. Not for verbs that hand their streams to a program, and never aborted by a signal.
 */
export async function runInside({ program, args, cwd, env }: Call): Promise<Said> {
  const { runProgram } = createRequire(program)(join(dirname(program), 'near.cjs')) as {
    runProgram(host: Host): Promise<number>;
  };
  const [stdout, stderr] = [new Kept(), new Kept()];
  const exit = await runProgram({
    argv: args,
    env: present(env) as Record<string, string>,
    // As the person sees it, where that is a plain path.
    cwd: cwd === resolve(cwd) ? cwd : realpathSync(cwd),
    stdin: Readable.from([]),
    stdout,
    stderr,
    now: () => new Date(),
    pid: process.pid,
    uid: process.getuid?.(),
    node: process.execPath,
    nodeVersion: process.versions.node,
    program,
    os: process.platform,
    arch: process.arch,
    personHome: env.HOME ?? userInfo().homedir,
    loginShell: () => userInfo().shell ?? undefined,
    hostname: hostname(),
    cores: availableParallelism(),
    temporary: env.TMPDIR ?? '/tmp',
    execve: undefined,
    beforeProgram: [],
    rawArguments: () => undefined,
    handOver: undefined,
    memory: () => process.memoryUsage.rss(),
    glibc: () =>
      (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header?.glibcVersionRuntime,
    onSignal: () => () => {},
    signalGroup: (leader, signal) => sent(-leader, signal),
    signalProcess: (pid, signal) => sent(pid, signal),
  });
  return { exit, stdout: stdout.text, stderr: stderr.text };
}

class Kept extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function sent(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
