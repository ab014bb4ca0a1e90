import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Machine, Ran } from './cli';

/** Services on a machine of their own, and a way to leave none behind. */
export interface Services {
  project(name: string, manifest: string): string;
  polyenv(cwd: string, ...args: readonly string[]): Promise<Ran>;
  /** Where a service is kept. */
  folder(project: string, name: string): string;
  /** Ends every process whose program or data lie on this machine. */
  stopAll(): void;
}

export function servicesOn(machine: Machine, program?: string): Services {
  return {
    project: (name, manifest) => {
      const path = machine.folder(name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'polyenv.toml'), manifest);
      return path;
    },
    polyenv: (cwd, ...args) => machine.polyenv(args, { cwd, ...(program !== undefined && { program }) }),
    folder: (project, name) => join(machine.polyenvHome, 'services', project, '.polyenv', name),
    stopAll: () => {
      for (const pid of processesOf(machine.polyenvHome)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended meanwhile.
        }
      }
    },
  };
}

/** Processes that this home's programs and data belong to. */
export function processesOf(home: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        return (
          words.includes(`${home}/services`) ||
          words.includes(`${home}/store`) ||
          readlinkSync(`/proc/${name}/cwd`).startsWith(`${home}/services`)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** One command of the tiny server, and its answer. */
export function ask(url: string, command: string): Promise<string> {
  const { port, password } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let heard = '';
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('close', () => resolve(heard.split('\n')[1] ?? ''));
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      if (heard.split('\n').length > 2) socket.end();
    });
    socket.write(`AUTH ${password}\n${command}\n`);
  });
}
