import { constants } from 'node:os';
import { renderHandOver, renderStay } from '../../domain/routes/hand-over';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { defined, type Program } from '../children/capture';
import { environmentForTools } from '../home/launcher';
import { isNoexec, NOEXEC_HINT } from './noexec';
import { withRawArguments } from './raw-arguments';

/** Whether polyenv was left to the launcher, to be started anew as itself: it has something to do after the program. */
export function stayInstead(host: Host): boolean {
  host.handOver?.(renderStay());
  return host.handOver !== undefined;
}

/**
 * Becomes the program: through the launcher where it waits for us, which needs no help from Node; else by `execve` where Node has it, so that the caller's pid is the tool's; otherwise as a child that
 * gets our streams and signals. Resolves to its exit status, 128 and the signal's number if a signal ended it.
 */
export async function become(host: Host, program: Program): Promise<number> {
  for (const prepare of host.beforeProgram) prepare();
  const text = host.handOver && renderHandOver({ ...host, env: environmentForTools(host.env) }, program);
  if (text !== undefined) {
    host.handOver?.(text);
    return 0;
  }
  const { file, args, env } = withRawArguments(host, program);
  if (host.execve !== undefined) host.execve(file, [file, ...args], defined(env));
  return runChild(host, program);
}

/** As `become`, but always as a child: for when something is left to do afterwards. `stdout` may be sent to stderr. */
export async function runChild(host: Host, program: Program, stdout?: 'stderr'): Promise<number> {
  for (const prepare of host.beforeProgram) prepare();
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const { file, args } = withRawArguments(host, program);
    const child = spawn(file, args, {
      cwd: program.cwd,
      env: defined(program.env),
      stdio: stdout === 'stderr' ? ['inherit', 2, 'inherit'] : 'inherit',
    });
    // A terminal sends SIGINT to the whole group: the child decides what it means, we wait.
    const release = host.onSignal((signal) => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      release();
      reject(startFailure(program.file, error));
    });
    child.once('exit', (code, signal) => {
      release();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Variables for a program that is only asked who it is: nothing of the person's or a project's acts on it. */
export function scrubbedEnv(host: Host): Readonly<Record<string, string>> {
  return { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C', LC_ALL: 'C', TMPDIR: host.temporary };
}

export function startFailure(file: string, error: NodeJS.ErrnoException): PolyenvError {
  if (error.code === 'ENOENT') {
    return new PolyenvError(
      'command-not-found',
      `${file} cannot be started: it, or the loader that it names, does not exist`,
      { cause: error },
    );
  }
  if (error.code === 'EACCES' && isNoexec(file)) {
    return new PolyenvError('command-not-executable', `${file} cannot be started: its file system is mounted noexec`, {
      hint: NOEXEC_HINT,
      cause: error,
    });
  }
  return new PolyenvError('command-not-executable', `${file} cannot be started: ${error.message}`, { cause: error });
}
