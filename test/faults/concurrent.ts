import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine, Ran } from '../support/cli';
import { serveFaultyNode } from '../support/faulty-node';
import { residue } from '../support/kill-steps';
import { siteOf } from '../support/tiny-node';
import { holds, RELEASES, type Row } from './row';

const AT_ONCE = 20;

export const concurrentRows: readonly Row[] = [
  {
    id: 'L01',
    what: `${AT_ONCE} processes install the same version at once`,
    run: async (scope) => {
      const server = await scope.upstream();
      const rounds = scope.depth === 'full' ? 10 : 1;
      for (let round = 0; round < rounds; round += 1) {
        const machine = scope.machine(siteOf(server));
        server.asked.length = 0;
        const projects = Array.from({ length: AT_ONCE }, (_, index) => machine.folder(`project-${index}`));
        const ran = await Promise.all(projects.map((cwd) => machine.polyenv(['use', 'node@20.11.1'], { cwd })));
        allWorked(ran);
        const fetched = server.asked.filter((path) => path.endsWith('.tar.gz')).length;
        holds(fetched === 1, 'the archive was asked for more than once', fetched);
        await allAnswer(machine, projects, 'v20.11.1');
        await isWhole(machine, projects);
      }
      return { held: `${rounds} × ${AT_ONCE} processes: all worked, one download each round, nothing left over` };
    },
  },
  {
    id: 'L02',
    what: 'different versions, prune, verify, reshim and shims at once',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const first = machine.folder('first');
      allWorked([await machine.polyenv(['use', 'node@22'], { cwd: first })]);
      const rounds = scope.depth === 'full' ? 10 : 2;
      const wanted = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? '20.11.1' : '18.19.0'));
      for (let round = 0; round < rounds; round += 1) {
        const projects = wanted.map((_, index) => machine.folder(`project-${round}-${index}`));
        const users = projects.map((cwd, index) => machine.polyenv(['use', `node@${wanted[index]}`], { cwd }));
        const others = [['prune'], ['reshim'], ['ls'], ['verify', '--all'], ['prune']].map((args) =>
          machine.polyenv(args, { cwd: first }),
        );
        const shims = Array.from({ length: 10 }, () => machine.run(['node', '--version'], { cwd: first }));
        const [used, , answered] = await Promise.all([Promise.all(users), Promise.all(others), Promise.all(shims)]);
        allWorked(used);
        for (const ran of answered)
          holds(
            ran.exit === 0 && ran.stdout.trim() === 'v22.1.0',
            'a shim run failed meanwhile',
            ran.stdout + ran.stderr,
          );
        // Prune may have come between an install and its route; the next call fixes that.
        for (const [index, cwd] of projects.entries()) await allAnswer(machine, [cwd], `v${wanted[index]}`);
      }
      allWorked([await machine.polyenv(['verify', '--all', '--deep'], { cwd: first })]);
      return { held: `${rounds} rounds of 21 processes: every use and every shim run worked` };
    },
  },
  {
    id: 'L03',
    what: 'four requests that resolve to one version, at once',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const requests = ['20', '20.11', '20.11.1', 'lts/iron'];
      const projects = requests.map((_, index) => machine.folder(`project-${index}`));
      allWorked(
        await Promise.all(
          requests.map((text, index) => machine.polyenv(['use', `node@${text}`], { cwd: projects[index] as string })),
        ),
      );
      const fetched = server.asked.filter((path) => path.endsWith('.tar.gz')).length;
      const trees = readdirSync(join(machine.polyenvHome, 'store')).filter((name) => !name.endsWith('.json'));
      holds(fetched === 1 && trees.length === 1, 'more than one of it', { fetched, trees });
      return { held: 'one download, one folder' };
    },
  },
  {
    id: 'L05',
    what: 'locks left by a dead process, empty, garbage, of the future',
    run: async (scope) => {
      const server = await scope.upstream();
      const probe = scope.machine(siteOf(server));
      allWorked([await probe.polyenv(['use', 'node@20'], { cwd: probe.folder('project') })]);
      const [key] = readdirSync(join(probe.polyenvHome, 'store')).filter((name) => !name.endsWith('.json'));
      const dead = spawnSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' }).stdout.trim();
      for (const text of [`{"token":"x","pid":${dead},"started":"1"}`, '', '\0\xff garbage']) {
        const machine = scope.machine(siteOf(server));
        machine.folder('home/locks');
        writeFileSync(join(machine.polyenvHome, 'locks', `${key}.lock`), text);
        const started = Date.now();
        allWorked([await machine.polyenv(['use', 'node@20'], { cwd: machine.folder('project') })]);
        holds(Date.now() - started < 15_000, 'taking over took too long', Date.now() - started);
        holds(residue(machine).length === 0, 'a lock is left over', residue(machine));
      }
      return { held: 'three left-over locks taken over within 15 s' };
    },
  },
  {
    id: 'L07',
    what: 'the holder of a lock is stopped (SIGSTOP), another waits 2 s',
    run: async (scope) => {
      const site = await serveFaultyNode(RELEASES);
      scope.after(() => site.close());
      const machine = scope.machine({ ...siteOf(site), POLYENV_LOCK_TIMEOUT: '2' });
      const path = site.archive('20.11.1');
      let begun: () => void = () => undefined;
      const downloading = new Promise<void>((done) => {
        begun = done;
      });
      const body = site.body(path);
      site.server.set(
        path,
        { body, stallAfter: 100, on: begun, headers: { etag: '"1"' }, ranges: true },
        { body, headers: { etag: '"1"' }, ranges: true },
      );
      const holder = spawn(process.execPath, [machine.program, 'use', 'node@20'], {
        cwd: machine.folder('one'),
        env: { ...machine.env, POLYENV_NETWORK_TIMEOUT: '4', POLYENV_NETWORK_RETRIES: '3' },
        stdio: 'ignore',
      });
      scope.after(() => void holder.kill('SIGKILL'));
      const ended = new Promise<number | null>((done) => holder.once('close', done));
      await downloading;
      await sleep(200);
      holder.kill('SIGSTOP');
      const second = await machine.polyenv(['use', 'node@20'], { cwd: machine.folder('two') });
      holds(second.exit === 9, 'waiting did not end as busy', second.stderr);
      holds(
        second.stderr.includes(String(holder.pid)) && second.stderr.includes('node'),
        'the holder is not named',
        second.stderr,
      );
      holder.kill('SIGCONT');
      holds((await ended) === 0, 'the first did not go on');
      return { held: 'exit 9 naming pid and tool; after SIGCONT the first succeeded' };
    },
  },
  {
    id: 'L09',
    what: 'shim runs while install, reshim, uninstall of another version and prune go on',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const [cwd, other] = [machine.folder('project'), machine.folder('other')];
      allWorked([await machine.polyenv(['use', 'node@20'], { cwd })]);
      const runs = scope.depth === 'full' ? 500 : 60;
      let going = true;
      const churn = (async () => {
        while (going) {
          await machine.polyenv(['use', 'node@18'], { cwd: other });
          await machine.polyenv(['reshim'], { cwd });
          await machine.polyenv(['uninstall', '--force', 'node@18'], { cwd });
          await machine.polyenv(['prune'], { cwd });
        }
      })();
      let failed = 0;
      for (let index = 0; index < runs; index += 1) {
        const ran = await machine.run(['node', '--version'], { cwd });
        if (ran.exit !== 0 || ran.stdout.trim() !== 'v20.11.1') failed += 1;
      }
      going = false;
      await churn;
      holds(failed === 0, 'shim runs failed', failed);
      return { held: `${runs} runs, none failed` };
    },
  },
  {
    id: 'L11',
    what: 'a tool sees only the descriptors that the caller opened',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      allWorked([await machine.polyenv(['use', 'node@20'], { cwd })]);
      const numbers = ({ stdout }: Ran): readonly string[] => stdout.trim().split('\n');
      const list = ['sh', '-c', 'ls /proc/self/fd'] as const;
      // What this very process hands down is not polyenv's.
      const own = new Set(numbers(await machine.run(list, { cwd })));
      const ran = await machine.polyenv(['exec', '--', ...list], { cwd });
      const more = numbers(ran).filter((number) => !own.has(number));
      holds(ran.exit === 0 && more.length === 0, 'descriptors leaked', ran.stdout + ran.stderr);
      return { held: 'no others than those of the caller' };
    },
  },
];

function allWorked(ran: readonly Ran[]): void {
  for (const { exit, stderr } of ran) holds(exit === 0, 'a command failed', stderr);
}

async function allAnswer(machine: Machine, projects: readonly string[], version: string): Promise<void> {
  for (const cwd of projects) {
    const ran = await machine.run(['node', '--version'], { cwd });
    holds(ran.stdout.trim() === version, 'another node answers', ran.stdout + ran.stderr);
  }
}

async function isWhole(machine: Machine, projects: readonly string[]): Promise<void> {
  const verified = await machine.polyenv(['verify', '--all', '--deep']);
  holds(verified.exit === 0, 'verify finds damage', verified.stdout + verified.stderr);
  const left = residue(machine, ...projects);
  holds(left.length === 0, 'something was left over', left);
}
