import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../host';
import { defined, type Program } from '../children/capture';
import { withRawArguments } from './raw-arguments';
import { startFailure } from './spawn';

export interface SupervisorOptions {
  readonly host: Host;
  /** What stands before each line of a program on that stream; absent where only one runs at a time and has our own streams. */
  readonly mark?: (name: string, stream: 'stdout' | 'stderr') => string;
  /** Where standard output goes instead. */
  readonly stdout?: 'stderr';
}

/** Programs that are stopped together. */
export interface Supervisor {
  /** Runs a program to its end: its exit status, 128 and the signal's number if a signal ended it; `undefined` if it was not begun, for all are being stopped. */
  run(name: string, program: Program): Promise<number | undefined>;
  /** Asks all that run to end, and ends those that do not after `GRACE_SECONDS`. */
  stop(signal: NodeJS.Signals): void;
  /** The signal by which a person or the system ended us, once there was one. */
  readonly stopped: NodeJS.Signals | undefined;
  close(): void;
}

const GRACE_SECONDS = 10;

/**
 * Each program leads a process group of its own, so that what it started ends with it; only one that has the terminal
 * stays in ours, which the terminal's keys reach by themselves.
 */
export function openSupervisor({ host, mark, stdout }: SupervisorOptions): Supervisor {
  const own = mark !== undefined || host.stdin.isTTY !== true;
  const running = new Set<{ readonly pid: number; kill(signal: NodeJS.Signals): void }>();
  const out = lineWriter(stdout === undefined ? host.stdout : host.stderr);
  const err = lineWriter(host.stderr);
  let timer: NodeJS.Timeout | undefined;
  let sent: NodeJS.Signals | undefined;
  let stopped: NodeJS.Signals | undefined;
  let echo = false;
  const send = (signal: NodeJS.Signals): void => {
    sent = signal;
    if (own) {
      for (const { pid } of running) host.signalGroup(pid, signal);
      return;
    }
    // The program's own children are in our group with it. We get the signal too, where we lead that.
    echo = signal !== 'SIGKILL' && host.signalGroup(host.pid, signal);
    if (!echo) for (const { kill } of running) kill(signal);
  };
  const stop = (signal: NodeJS.Signals): void => {
    send(signal);
    timer ??= setTimeout(() => send('SIGKILL'), GRACE_SECONDS * 1000);
  };
  const release = host.onSignal((signal) => {
    if (echo) {
      echo = false;
      return;
    }
    const again = stopped !== undefined;
    stopped ??= signal;
    // The terminal has sent it to the program, which decides what it means.
    if (!own && signal === 'SIGINT') return;
    // Asked a second time, everything ends at once.
    if (again) send('SIGKILL');
    else stop(signal);
  });

  /** Ends what the leader of a group has left behind, which would keep the terminal and the ports. */
  const endGroup = async (leader: number): Promise<void> => {
    const started = performance.now();
    let asked = sent === 'SIGTERM' || sent === 'SIGKILL';
    for (let wait = 2; groupLives(host, leader); wait = Math.min(wait * 2, 100)) {
      const waited = performance.now() - started;
      // Another signal may still be at work.
      if (!asked && (sent === undefined || waited > 1000)) asked = host.signalGroup(leader, 'SIGTERM');
      if (waited > GRACE_SECONDS * 1000) {
        host.signalGroup(leader, 'SIGKILL');
        return;
      }
      await sleep(wait);
    }
  };

  return {
    get stopped() {
      return stopped;
    },
    stop,
    close: () => {
      release();
      clearTimeout(timer);
    },
    run: async (name, program) => {
      for (const prepare of host.beforeProgram) prepare();
      const { spawn } = await import('node:child_process');
      if (sent !== undefined || stopped !== undefined) return undefined;
      const { file, args } = withRawArguments(host, program);
      const child = spawn(file, args, {
        cwd: program.cwd,
        env: defined(program.env),
        detached: own,
        stdio:
          mark === undefined
            ? ['inherit', stdout === undefined ? 'inherit' : 2, 'inherit']
            : ['ignore', 'pipe', 'pipe'],
      });
      const { pid } = child;
      if (pid === undefined) {
        return new Promise((_, reject) => {
          child.once('error', (error: NodeJS.ErrnoException) => reject(startFailure(program.file, error)));
        });
      }
      child.on('error', () => undefined);
      const entry = { pid, kill: (signal: NodeJS.Signals) => void child.kill(signal) };
      running.add(entry);
      const copies =
        mark === undefined
          ? []
          : [out.copy(child.stdout, mark(name, 'stdout')), err.copy(child.stderr, mark(name, 'stderr'))];
      const exit = await new Promise<number>((resolve) => {
        child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
      });
      if (own) await endGroup(pid);
      running.delete(entry);
      await Promise.all(copies.map((copy) => copy.finish()));
      return exit;
    },
  };
}

/** Whether a process of the group is left that has not ended: some systems keep those that have. */
function groupLives(host: Host, leader: number): boolean {
  if (!host.signalGroup(leader, 0)) return false;
  if (host.os !== 'linux') return true;
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isLivingMember(name, leader));
  } catch {
    return true;
  }
}

/** By https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: state, parent and group follow the name, which may hold anything. */
function isLivingMember(pid: string, leader: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === leader && !/[ZXx]/.test(state);
  } catch {
    return false;
  }
}

/** The longest line that is waited for. */
const LONGEST_LINE = 64 * 1024;

/** Milliseconds of silence after which a pipe that somebody else still holds is let go. */
const SILENCE = 500;

interface Copy {
  /** Resolves once all that was said is written. */
  finish(): Promise<void>;
}

/** Writes whole lines, each behind its mark, so that those of several programs do not mix; reads no faster than it is read. */
function lineWriter(to: Writable) {
  const waiting = new Set<Readable>();
  const resume = (): void => {
    for (const from of waiting) from.resume();
    waiting.clear();
  };
  const copy = (from: Readable | null, mark: string): Copy => {
    if (from === null) return { finish: async () => undefined };
    let rest = '';
    let heard = performance.now();
    const write = (lines: readonly string[]): void => {
      if (lines.length === 0 || to.destroyed || to.write(lines.map((line) => `${mark}${line}\n`).join(''))) return;
      if (waiting.size === 0) to.once('drain', resume);
      waiting.add(from);
      from.pause();
    };
    from.setEncoding('utf8');
    from.on('error', () => undefined);
    from.on('data', (text: string) => {
      heard = performance.now();
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) {
        lines.push(rest);
        rest = '';
      }
      write(lines);
    });
    const finish = async (): Promise<void> => {
      const ended = performance.now();
      while (!from.readableEnded && !from.destroyed && !to.destroyed) {
        await Promise.race([new Promise((resolve) => from.once('close', resolve)), sleep(50)]);
        if (!waiting.has(from) && performance.now() - Math.max(heard, ended) > SILENCE) break;
      }
      from.destroy();
      if (rest !== '') write([rest]);
    };
    return { finish };
  };
  return { copy };
}
