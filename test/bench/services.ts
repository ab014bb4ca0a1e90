import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryOf } from '../../src/adapters/services/processes';
import { newMachine } from '../support/cli';
import { ownConfiguration, takeSettings } from '../support/own-configuration';
import { processesOf, servicesOn } from '../support/services';
import { quickest } from './quickest';
import type { BenchRow } from './row';

const ROUNDS = 5;
const PROJECTS = 20;
const MANIFEST = '[services]\ndb = "postgres@17"\n';

/** Services beside what their own programs take, in turn with them: PostgreSQL from this machine's registries. */
export async function benchServices(): Promise<readonly BenchRow[]> {
  const machine = newMachine({ ...ownConfiguration(), POLYENV_VERIFY_SIGNATURES: 'off', POLYENV_NETWORK_RETRIES: '0' });
  takeSettings(machine);
  const services = servicesOn(machine);
  try {
    const cwd = services.project('project', MANIFEST);
    const installed = await services.polyenv(cwd, 'install');
    if (installed.exit !== 0) {
      console.log(`      services: not measured, ${installed.stderr.trim()}`);
      return [];
    }
    const polyenv =
      (...args: readonly string[]) =>
      (): void => {
        const { status, stderr } = spawnSync(process.execPath, [machine.program, ...args], {
          cwd,
          env: { ...machine.env, PWD: cwd },
        });
        if (status !== 0) throw new Error(`polyenv ${args.join(' ')}: ${stderr}`);
      };
    const rows: BenchRow[] = [];
    const postgres = bareServer(
      (await services.polyenv(cwd, 'which', 'postgres')).stdout.trim(),
      machine.folder('bare'),
    );

    // From an empty folder: taking the data away does not count, on either side.
    let [own, bare] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < ROUNDS; round += 1) {
      polyenv('reset', '-y')();
      own = Math.min(own, timed(polyenv('up')));
      polyenv('down')();
      postgres.clear();
      bare = Math.min(
        bare,
        timed(() => {
          postgres.make();
          postgres.start();
        }),
      );
      postgres.stop();
    }
    rows.push(row('up of postgres from nothing, against initdb and pg_ctl', 1.25, own, bare));

    [own, bare] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < ROUNDS; round += 1) {
      own = Math.min(own, timed(polyenv('up')));
      polyenv('down')();
      bare = Math.min(
        bare,
        timed(() => postgres.start()),
      );
      postgres.stop();
    }
    rows.push(row('up of postgres that was stopped, against pg_ctl -w start', 1.5, own, bare));

    polyenv('up')();
    const [idle, current] = quickest(20, [polyenv('up'), polyenv('current')]) as [number, number];
    rows.push(row('up with nothing to do, against current', 1.3, idle, current));
    rows.push(
      shimRow(machine.env, machine.shims, cwd, services.project('without', '[runtimes]\npostgres = "17"\n'), polyenv),
    );

    const projects = Array.from({ length: PROJECTS }, (_, index) => services.project(`shop-${index}`, MANIFEST));
    for (const project of projects) await services.polyenv(project, 'up');
    const [all] = quickest(5, [polyenv('ps', '--all')]) as [number];
    rows.push({
      name: `ps --all with ${PROJECTS} servers, ms`,
      ratio: all,
      limit: 500,
      detail: `${all.toFixed(0)} ms`,
    });
    postgres.start();
    rows.push(memoryRow(processesOf(machine.polyenvHome), postgres.pid()));
    postgres.stop();
    const left = processesOf(machine.polyenvHome).filter((pid) => commandOf(pid).includes('polyenv.cjs')).length;
    rows.push({ name: "processes of polyenv's own that stay", ratio: left, limit: 0, detail: `${left}` });
    return rows;
  } finally {
    services.stopAll();
    machine.remove();
  }
}

/** The same server by its own programs, as nobody where we are root. */
function bareServer(program: string, folder: string) {
  const bin = join(program, '..');
  const data = join(folder, 'data');
  const asUser = process.getuid?.() === 0 ? ['unshare', '-U', '--map-user=65534', '--map-group=65534', '--'] : [];
  const run = (...command: readonly string[]): void => {
    const [file, ...args] = [...asUser, ...command];
    const { status, stderr } = spawnSync(file as string, args, {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    });
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  };
  const options = '-c listen_addresses=127.0.0.1 -c unix_socket_directories= -p 29997';
  return {
    clear: () => rmSync(data, { recursive: true, force: true }),
    make: () => {
      mkdirSync(data, { mode: 0o700 });
      run(
        join(bin, 'initdb'),
        '-D',
        data,
        '-U',
        'postgres',
        '--data-checksums',
        '--encoding=UTF8',
        '--locale=C',
        '--no-instructions',
      );
    },
    start: () => run(join(bin, 'pg_ctl'), '-w', '-s', '-D', data, '-l', join(folder, 'log'), '-o', options, 'start'),
    stop: () => run(join(bin, 'pg_ctl'), '-w', '-s', '-D', data, '-m', 'fast', 'stop'),
    pid: () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]),
  };
}

/** All that runs for the projects, beside as many times a server that nobody but pg_ctl started; the pages that they share count once, in parts. */
function memoryRow(processes: readonly number[], bare: number): BenchRow {
  const servers = processes.filter((pid) => commandOf(pid).includes(' -D '));
  const all = processes.reduce((sum, pid) => sum + ownMemory(pid), 0);
  const one = memoryOf(bare) ?? Number.NaN;
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return {
    name: `memory of ${servers.length} projects with a postgres each, against as many bare ones`,
    ratio: all / (servers.length * one),
    limit: 1.1,
    detail: `${megabytes(all)}, bare ${megabytes(one)} each`,
  };
}

function ownMemory(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** The shim of a project with services beside that of one without. */
function shimRow(
  env: Readonly<Record<string, string>>,
  shims: string,
  cwd: string,
  without: string,
  polyenv: (...args: readonly string[]) => () => void,
): BenchRow {
  writeFileSync(join(without, '.keep'), '');
  polyenv('-C', without, 'install')();
  const loop = (folder: string) => (): void => {
    const script = 'i=0; while [ $i -lt 60 ]; do "$1" --version >/dev/null; i=$((i + 1)); done';
    spawnSync('/bin/sh', ['-c', script, 'loop', join(shims, 'postgres')], {
      cwd: folder,
      env: { ...env, PWD: folder },
    });
  };
  const [served, plain] = quickest(12, [loop(cwd), loop(without)]) as [number, number];
  return row('a call through a shim, with services against without', 1.05, served / 60, plain / 60);
}

function row(name: string, limit: number, own: number, other: number): BenchRow {
  return { name, ratio: own / other, limit, detail: `${own.toFixed(1)} ms / ${other.toFixed(1)} ms` };
}

function timed(action: () => void): number {
  const started = performance.now();
  action();
  return performance.now() - started;
}

function commandOf(pid: number): string {
  const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout;
}
