import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Host } from '../host';
import { defined, type Program, startFailure } from './spawn';

export interface SupervisorOptions {
  readonly host: Host;
  /** What stands before each line of a program; absent where only one runs at a time and it has the terminal. */
  readonly mark?: (name: string) => string;
  /** Where standard output goes instead. */
  readonly stdout?: 'stderr';
}

/** Programs that are stopped together. */
export interface Supervisor {
  /** Runs a program to its end: its exit status, 128 and the signal's number if a signal ended it. */
  run(name: string, program: Program): Promise<number>;
  /** Asks all that run to end, and ends those that do not after `GRACE_SECONDS`. */
  stop(signal: NodeJS.Signals): void;
  /** The signal by which a person or the system ended us, once there was one. */
  readonly stopped: NodeJS.Signals | undefined;
  close(): void;
}

export const GRACE_SECONDS = 10;

/**
 * Each program leads a process group of its own, so that what it started ends with it; only one that has the terminal
 * stays in ours, which the terminal's keys reach by themselves.
 */
export function openSupervisor({ host, mark, stdout }: SupervisorOptions): Supervisor {
  const running = new Set<{ readonly pid: number; readonly own: boolean; kill(signal: NodeJS.Signals): void }>();
  const timers: NodeJS.Timeout[] = [];
  let stopped: NodeJS.Signals | undefined;
  const send = (signal: NodeJS.Signals): void => {
    for (const { pid, own, kill } of running) {
      if (own) host.signalGroup(pid, signal);
      else if (signal !== 'SIGINT') kill(signal);
    }
  };
  const stop = (signal: NodeJS.Signals): void => {
    send(signal);
    const timer = setTimeout(() => send('SIGKILL'), GRACE_SECONDS * 1000);
    timer.unref();
    timers.push(timer);
  };
  const release = host.onSignal((signal) => {
    // Asked twice, a person means it.
    if (stopped === undefined) stop(signal);
    else send('SIGKILL');
    stopped ??= signal;
  });
  return {
    get stopped() {
      return stopped;
    },
    stop,
    close: () => {
      release();
      for (const timer of timers) clearTimeout(timer);
    },
    run: async (name, program) => {
      const { spawn } = await import('node:child_process');
      const own = mark !== undefined || host.stdin.isTTY !== true;
      const child = spawn(program.file, program.args, {
        cwd: program.cwd,
        env: defined(program.env),
        detached: own,
        stdio:
          mark === undefined
            ? ['inherit', stdout === undefined ? 'inherit' : 2, 'inherit']
            : ['ignore', 'pipe', 'pipe'],
      });
      return new Promise((resolve, reject) => {
        child.once('error', (error: NodeJS.ErrnoException) => reject(startFailure(program.file, error)));
        const entry = { pid: child.pid ?? 0, own, kill: (signal: NodeJS.Signals) => void child.kill(signal) };
        if (child.pid === undefined) return;
        running.add(entry);
        if (mark !== undefined) {
          copyLines(child.stdout, stdout === undefined ? host.stdout : host.stderr, mark(name));
          copyLines(child.stderr, host.stderr, mark(name));
        }
        let ended: number | undefined;
        child.once('exit', (code, signal) => {
          ended = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
          // What it left running would keep the terminal and the ports.
          if (own) host.signalGroup(entry.pid, 'SIGTERM');
        });
        child.once('close', () => {
          running.delete(entry);
          resolve(ended ?? 1);
        });
      });
    },
  };
}

/** The longest line that is waited for. */
const LONGEST_LINE = 64 * 1024;

/** Whole lines, each behind the mark, so that those of several programs do not mix. */
function copyLines(from: Readable | null, to: Writable, mark: string): void {
  if (from === null) return;
  from.setEncoding('utf8');
  let rest = '';
  from.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) {
      lines.push(rest);
      rest = '';
    }
    if (lines.length > 0) to.write(lines.map((line) => `${mark}${line}\n`).join(''));
  });
  from.on('end', () => {
    if (rest !== '') to.write(`${mark}${rest}\n`);
  });
}
