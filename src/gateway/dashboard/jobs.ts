import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './overview';
import { printedLine } from './printed';

/** A command that a person started from the page. It goes on when the page is closed, and when the gateway ends. */
export interface Job {
  readonly id: string;
  /** As one would type it. */
  readonly shown: string;
  readonly title: string;
  readonly args: readonly string[];
  state: 'running' | 'done' | 'failed';
  lines: readonly string[];
}

export interface JobRequest {
  readonly title: string;
  readonly args: readonly string[];
  readonly shown: string;
}

export interface JobChange {
  readonly lines?: readonly string[];
  readonly state?: Job['state'];
}

const KEPT = 40;
const LINES = 500;
/** Milliseconds between two looks at what it printed. */
const LISTEN = 100;

export class Jobs {
  readonly #program: Program;
  readonly #folder: string;
  readonly #changed: (job: Job, change: JobChange) => void;
  readonly #jobs = new Map<string, Job>();

  constructor(program: Program, folder: string, changed: (job: Job, change: JobChange) => void) {
    this.#program = program;
    this.#folder = folder;
    this.#changed = changed;
  }

  find(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  get all(): readonly Job[] {
    return [...this.#jobs.values()].toReversed();
  }

  get running(): number {
    return this.all.filter(({ state }) => state === 'running').length;
  }

  start({ title, args, shown }: JobRequest): Job {
    const job: Job = { id: randomBytes(8).toString('hex'), title, shown, args, state: 'running', lines: [] };
    this.#jobs.set(job.id, job);
    for (const { id, state } of [...this.#jobs.values()].slice(0, -KEPT))
      if (state !== 'running') this.#jobs.delete(id);
    try {
      this.#run(job);
    } catch (error) {
      // A full disk, or a home that is gone.
      job.state = 'failed';
      this.#add(job, [`cannot be started: ${(error as Error).message}`]);
    }
    return job;
  }

  #run(job: Job): void {
    const { node, program, env } = this.#program;
    // Into a file, for a pipe would break with us.
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = join(this.#folder, `${job.id}.log`);
    const [said, heard] = [openSync(file, 'wx', 0o600), openSync(file, 'r')];
    const child = spawn(node, [program, ...job.args], {
      cwd: '/',
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', said, said],
      detached: true,
    });
    child.unref();
    closeSync(said);
    let rest = '';
    const hear = (): void => {
      const lines = (rest + readNew(heard)).split('\n');
      rest = lines.pop() ?? '';
      this.#add(job, lines);
    };
    const timer = setInterval(hear, LISTEN);
    const end = (state: 'done' | 'failed'): void => {
      if (job.state !== 'running') return;
      clearInterval(timer);
      hear();
      if (rest !== '') this.#add(job, [rest]);
      closeSync(heard);
      rmSync(file, { force: true });
      job.state = state;
      this.#changed(job, { state });
    };
    child.once('error', (error) => {
      this.#add(job, [error.message]);
      end('failed');
    });
    child.once('exit', (code) => end(code === 0 ? 'done' : 'failed'));
  }

  #add(job: Job, texts: readonly string[]): void {
    if (texts.length === 0) return;
    const lines = texts.map(printedLine);
    job.lines = [...job.lines, ...lines].slice(-LINES);
    this.#changed(job, { lines });
  }
}

function readNew(descriptor: number): string {
  const parts: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(64 * 1024);
    const size = readSync(descriptor, buffer);
    if (size === 0) return Buffer.concat(parts).toString();
    parts.push(buffer.subarray(0, size));
  }
}
