import type { Readable, Writable } from 'node:stream';

/** The process as a value: `bin.ts` makes the real one, tests make their own. Nothing else reads `process`. */
export interface Host {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working folder as the person sees it (`PWD` where it is the same folder); `undefined` if it no longer exists. */
  readonly cwd: string | undefined;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  now(): Date;
  readonly pid: number;
  readonly uid: number | undefined;
  /** The Node that runs us, absolute. */
  readonly node: string;
  readonly nodeVersion: string;
  /** The bundle, absolute: what the launcher starts. */
  readonly program: string;
  readonly os: NodeJS.Platform;
  readonly arch: string;
  readonly personHome: string;
  /** The shell of the user's own entry (`/bin/zsh`), for where SHELL is not set. */
  loginShell(): string | undefined;
  readonly hostname: string;
  readonly cores: number;
  readonly temporary: string;
  /** Replaces this process by the program where Node can (22.15 and later); `undefined` where it cannot. */
  readonly execve:
    | ((file: string, argv: readonly string[], env: Readonly<Record<string, string>>) => never)
    | undefined;
  /** What is to be done before a program gets the terminal: progress is taken off it. */
  readonly beforeProgram: (() => void)[];
  /** The arguments as bytes, where the system tells them: `argv` has lost what is no UTF-8. */
  rawArguments(): readonly Buffer[] | undefined;
  /** Gives shell text to the launcher, which goes on in our place; `undefined` where none waits for us. */
  readonly handOver: ((text: string) => void) | undefined;
  /** Bytes of memory that this process holds. */
  memory(): number;
  /** The C library's version (`2.36`) where it is glibc. */
  glibc(): string | undefined;
  /** Runs `stop` on SIGINT, SIGTERM and SIGHUP, and as at SIGTERM when nobody reads our output, until the returned function is called. */
  onSignal(stop: (signal: NodeJS.Signals) => void): () => void;
  /** Sends the signal to every process of the group; 0 only asks. Whether there was one that may be sent to. */
  signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean;
  /** Sends the signal to one process. Whether there was one; throws where it may not be sent to. */
  signalProcess(pid: number, signal: NodeJS.Signals): boolean;
}
