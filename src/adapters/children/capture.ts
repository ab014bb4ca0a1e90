/** What to run, and with what. */
export interface Program {
  /** Absolute, or looked up on the PATH of `env`. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface Captured {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaptureOptions {
  /** Its whole standard input; without, it has none. */
  readonly input?: string;
  /** As whom it runs; only root may choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * Runs a program to its end and returns what it printed. `exit` is 127 if it could not be started, 124 if it took longer
 * than `timeout` milliseconds.
 */
export async function capture(program: Program, timeout: number, options: CaptureOptions = {}): Promise<Captured> {
  const { execa } = await import('execa');
  const { input, user } = options;
  const result = await execa(program.file, program.args, {
    cwd: program.cwd,
    env: defined(program.env),
    extendEnv: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...user,
    reject: false,
    timeout,
    maxBuffer: LONGEST_OUTPUT,
    stripFinalNewline: false,
  });
  const exit = result.timedOut ? 124 : (result.exitCode ?? (result.signal === undefined ? 127 : 128));
  return { exit, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/** Characters of one stream; a program that prints more is ended. */
const LONGEST_OUTPUT = 16_000_000;

/** The variables that have a value, as programs are given them. */
export function defined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
