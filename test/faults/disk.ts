import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { discard } from '../support/discard';
import { serveFaultyNode } from '../support/faulty-node';
import { residue } from '../support/kill-steps';
import { siteOf } from '../support/tiny-node';
import { asUser, holds, holdsNode, holdsNoTrace, RELEASES, type Row, type Scope, withProject } from './row';

export const diskRows: readonly Row[] = [
  {
    id: 'I03',
    what: 'SIGINT, SIGTERM and SIGHUP in the middle of a download',
    run: async (scope) => {
      const site = await serveFaultyNode(RELEASES);
      scope.after(() => site.close());
      const path = site.archive('20.11.1');
      for (const [signal, status] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
        ['SIGHUP', 129],
      ] as const) {
        const machine = scope.machine(siteOf(site));
        const cwd = machine.folder('project');
        let begun: () => void = () => undefined;
        const downloading = new Promise<void>((done) => {
          begun = done;
        });
        site.server.set(path, { body: site.body(path), stallAfter: 200, on: begun }, { body: site.body(path) });
        const child = spawn(process.execPath, [machine.program, 'use', 'node@20'], {
          cwd,
          env: machine.env,
          stdio: 'ignore',
        });
        const ended = new Promise<{ code: number | null; by: string | null }>((done) =>
          child.once('close', (code, by) => done({ code, by })),
        );
        await downloading;
        await new Promise((done) => setTimeout(done, 150));
        const asked = Date.now();
        child.kill(signal);
        const { code, by } = await ended;
        holds(code === status || by === signal, `${signal} ended it with`, { code, by });
        holds(Date.now() - asked < 2000, `${signal} took longer than 2 s`, Date.now() - asked);
        holds((await machine.polyenv(['use', 'node@20'], { cwd })).exit === 0, `use after ${signal} fails`);
        holds(residue(machine, cwd).length === 0, 'something was left over', residue(machine, cwd));
      }
      return { held: 'ended within 2 s with 130, 143 and 129; the next use worked' };
    },
  },
  {
    id: 'I05',
    what: 'a receipt emptied or deleted, three files emptied: install fixes, nothing says "present"',
    run: async (scope) => {
      const server = await scope.upstream();
      for (const damage of ['empty', 'delete', 'zero'] as const) {
        const machine = scope.machine(siteOf(server));
        const cwd = machine.folder('project');
        holds((await machine.polyenv(['use', 'node@20'], { cwd })).exit === 0, 'use fails');
        const store = join(machine.polyenvHome, 'store');
        const [key] = readdirSync(store).filter((name) => !name.endsWith('.json'));
        const receipt = join(store, `${key}.json`);
        if (damage === 'delete') rmSync(receipt);
        else if (damage === 'empty') rewrite(receipt);
        else
          for (const name of ['bin/node', 'LICENSE', 'lib/node_modules/npm/bin/npm-cli.js'])
            rewrite(join(store, key as string, name));
        const found = await machine.polyenv(['verify', '--all'], { cwd });
        holds(found.exit === 6, `${damage}: verify does not see it`, found.stdout);
        const fix = damage === 'zero' ? ['verify', '--repair'] : ['install'];
        holds((await machine.polyenv(fix, { cwd })).exit === 0, `${damage}: ${fix.join(' ')} fails`);
        await holdsNode(machine, { cwd }, `${damage}: node does not run`);
      }
      return { held: 'seen by verify, fixed, and run' };
    },
  },
  ...(['size=24k', 'size=80k', 'size=200k', 'nr_inodes=12', 'nr_inodes=30'] as const).map(
    (bound): Row => ({
      id: bound.startsWith('size') ? 'I06' : 'I07',
      what: `a home on a file system with ${bound}`,
      run: (scope) => fullDisk(scope, bound),
    }),
  ),
  {
    id: 'I09',
    what: 'a home that may not be written, by somebody who is not root (as root)',
    run: async (scope) => {
      if (process.getuid?.() !== 0) return { skipped: 'needs root to become somebody else' };
      const { machine, cwd } = await withProject(scope);
      chmodSync(machine.base, 0o755);
      chownSync(machine.home, 65534, 65534);
      const env = { ...machine.env, PATH: `${machine.shims}:${machine.env.PATH}` };
      const as = (args: readonly string[], command?: string) =>
        asUser(65534, command === undefined ? [process.execPath, machine.program, ...args] : [command, ...args], {
          cwd,
          env,
        });
      for (const [args, command] of [
        [['--version'], join(machine.shims, 'node')],
        [['which', 'node']],
        [['ls']],
        [['current']],
        [['exec', '--', 'node', '--version']],
      ] as const) {
        const ran = await as([...args], command);
        holds(ran.exit === 0, `${args.join(' ')} fails`, ran.stderr);
      }
      const ran = await as(['install', '-C', cwd]);
      const other = await as(['exec', 'node@18', '--', 'node', '--version']);
      holds(
        other.exit === 1 && other.stderr.includes('home-unwritable'),
        'an install there is not refused in words',
        other.stderr,
      );
      holds(!/\n {4}at /.test(ran.stderr + other.stderr), 'a stack trace is shown', ran.stderr);
      return { held: 'shim, which, ls, current and exec work; an install says whose folder it is' };
    },
  },
  {
    id: 'I11',
    what: 'homes with blanks, quotes, dollars, other alphabets and long names',
    run: async (scope) => {
      const server = await scope.upstream([{ version: '20.11.1', lts: 'Iron' }]);
      const names = [
        'a b',
        "it's",
        'say "x"',
        '$HOME `id` $(id)',
        'ünïcode 日本',
        '%s%n',
        '-n',
        '*',
        '\\t',
        `${'long'.repeat(45)}`,
      ];
      for (const name of names) {
        const machine = scope.machine(siteOf(server));
        const home = join(machine.base, name);
        const cwd = machine.folder(`project ${name}`.slice(0, 200));
        const env = { POLYENV_HOME: home };
        const used = await machine.polyenv(['use', 'node@20'], { cwd, env });
        holds(used.exit === 0, `use fails in ${name}`, used.stderr);
        const ran = await machine.run([join(home, 'shims', 'node'), '--version'], { cwd, env });
        holds(ran.stdout.trim() === 'v20.11.1', `the shim fails in ${name}`, ran.stderr);
        holds((await machine.polyenv(['verify'], { cwd, env })).exit === 0, `verify fails in ${name}`);
      }
      return { held: `${names.length} names: use, shim and verify work` };
    },
  },
  {
    id: 'I12',
    what: 'a home that is reached by a link, on another file system than the project',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      if (!existsSync('/dev/shm')) return { skipped: 'no second file system is here' };
      const elsewhere = join('/dev/shm', `polyenv-${process.pid}`);
      mkdirSync(elsewhere, { recursive: true });
      scope.after(() => discard(elsewhere));
      symlinkSync(elsewhere, machine.polyenvHome);
      const cwd = machine.folder('project');
      holds((await machine.polyenv(['use', 'node@20'], { cwd })).exit === 0, 'use fails');
      await holdsNode(machine, { cwd }, 'the shim fails');
      holds((await machine.polyenv(['verify', '--all', '--deep'], { cwd })).exit === 0, 'verify fails');
      return { held: 'use, shim and verify work' };
    },
  },
  {
    id: 'S11',
    what: 'folders of the home replaced by links to something precious',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      const precious = machine.folder('precious');
      writeFileSync(join(precious, 'letter'), 'dear');
      holds((await machine.polyenv(['use', 'node@20'], { cwd })).exit === 0, 'use fails');
      const store = join(machine.polyenvHome, 'store');
      const [key] = readdirSync(store).filter((name) => !name.endsWith('.json'));
      replaceByLink(join(store, key as string), precious);
      replaceByLink(join(machine.polyenvHome, 'tmp'), precious);
      for (const args of [['uninstall', '--force', 'node@20'], ['prune'], ['reshim'], ['verify', '--all', '--repair']])
        await machine.polyenv(args, { cwd });
      holds(existsSync(join(precious, 'letter')), 'the letter is gone');
      return { held: 'links went at most; what they led to stayed' };
    },
  },
];

/** The toolchain is larger than every size that is tried, whatever else the home holds. */
async function fullDisk(scope: Scope, bound: string) {
  const server = await scope.upstream(RELEASES.map((release) => ({ ...release, filler: 300_000 })));
  const machine = scope.machine(siteOf(server));
  const cwd = machine.folder('project');
  const home = machine.folder('home');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', bound, 'tmpfs', home]);
  if (mounted.status !== 0) return { skipped: 'mounting is not permitted' };
  let there = true;
  const unmount = (): void => {
    if (there) spawnSync('umount', ['-l', home]);
    there = false;
  };
  scope.after(unmount);
  const ran = await machine.polyenv(['use', 'node@20'], { cwd });
  holds(
    ran.exit === 1 && ran.stderr.includes('disk-full'),
    `did not say that the disk is full (exit ${ran.exit})`,
    ran.stderr,
  );
  holdsNoTrace(ran);
  const listed = await machine.polyenv(['ls', '--json'], { cwd });
  const broken =
    listed.exit === 0
      ? (await machine.polyenv(['verify', '--all', '--json'], { cwd })).json<{ findings?: { kind: string }[] }>()
          .findings
      : [];
  holds(!broken?.some(({ kind }) => kind === 'toolchain'), 'a broken toolchain is listed', broken);
  spawnSync('mount', ['-o', 'remount,size=64m,nr_inodes=100k', home]);
  const again = await machine.polyenv(['use', 'node@20'], { cwd });
  holds(again.exit === 0, 'use does not work once there is room', again.stderr);
  holds((await machine.run(['node', '--version'], { cwd })).stdout.trim() === 'v20.11.1', 'node does not run');
  holds(residue(machine, cwd).length === 0, 'something was left over', residue(machine, cwd));
  unmount();
  return { held: 'exit 1, disk-full; worked once there was room' };
}

function rewrite(path: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, '');
}

function replaceByLink(path: string, target: string): void {
  discard(path);
  symlinkSync(target, path);
}
