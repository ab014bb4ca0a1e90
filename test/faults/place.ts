import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Ran } from '../support/cli';
import { discard } from '../support/discard';
import { serveFaultyNode } from '../support/faulty-node';
import { residue } from '../support/kill-steps';
import { siteOf } from '../support/tiny-node';
import { asUser, holds, holdsNode, holdsNoTrace, RELEASES, type Row, withProject } from './row';

const NOBODY = 65534;
const CLOCK = `--require ${resolve('test/support/preloads/clock.cjs')}`;

/** Where things lie, whose they are, and what time it is. */
export const placeRows: readonly Row[] = [
  {
    id: 'I08',
    what: 'a home from which nothing may be started (noexec), from the first and later on',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      const home = machine.folder('home');
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'noexec,size=32m', 'tmpfs', home]).status !== 0)
        return { skipped: 'mounting is not permitted' };
      scope.after(() => void spawnSync('umount', ['-l', home]));
      const refused = await machine.polyenv(['use', 'node@20'], { cwd });
      said(refused, 4, 'noexec');
      holds(readdirSync(cwd).length === 0, 'the project was written', readdirSync(cwd));
      spawnSync('mount', ['-o', 'remount,exec', home]);
      holds((await machine.polyenv(['use', 'node@20'], { cwd })).exit === 0, 'use fails once it may');
      spawnSync('mount', ['-o', 'remount,noexec', home]);
      said(await machine.polyenv(['exec', '--', 'node', '--version'], { cwd }), 126, 'noexec');
      const found = await machine.polyenv(['doctor', '--json'], { cwd });
      holds(found.stdout.includes('"home-noexec"'), 'doctor does not say it', found.stdout);
      return { held: 'refused before a download with the reason; exec and doctor say it of a home that became so' };
    },
  },
  {
    id: 'I10',
    what: 'no folder for temporary files: TMPDIR that is not there, and one that may not be written',
    run: async (scope) => {
      const server = await scope.upstream();
      for (const name of ['missing', 'readonly']) {
        const machine = scope.machine(siteOf(server));
        const cwd = machine.folder('project');
        const temporary = join(machine.base, name);
        if (name === 'readonly') {
          mkdirSync(temporary);
          const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', temporary]).status === 0;
          if (mounted) scope.after(() => void spawnSync('umount', ['-l', temporary]));
          // Root may write whatever the bits say.
          else if (process.getuid?.() === 0) return { skipped: 'mounting is not permitted' };
          else chmodSync(temporary, 0o555);
        }
        const env = { TMPDIR: temporary };
        for (const args of [
          ['use', 'node@20'],
          ['install'],
          ['exec', 'node@18', '--', 'node', '--version'],
          ['verify'],
          ['doctor'],
        ]) {
          const ran = await machine.polyenv(args, { cwd, env });
          holds(ran.exit === 0, `${args.join(' ')} fails without a folder for temporary files (${name})`, ran.stderr);
        }
        await holdsNode(machine, { cwd, env }, 'the shim fails');
      }
      return { held: 'use, install, exec, verify, doctor and the shim work' };
    },
  },
  {
    id: 'I10',
    what: 'a system whose /tmp may not be written, or even looked into',
    run: async (scope) => {
      const server = await scope.upstream();
      for (const mode of ['0555', '0000']) {
        const machine = scope.machine(siteOf(server));
        const elsewhere = mkdtempSync('/var/tmp/polyenv-test-');
        scope.after(() => discard(elsewhere));
        cpSync(dirname(machine.program), join(elsewhere, 'dist'), { recursive: true });
        for (const name of ['project', 'person']) mkdirSync(join(elsewhere, name));
        const script = `mount -t tmpfs -o ro,mode=${mode} tmpfs /tmp || exit 77
[ "$(id -u)" != 0 ] || drop='setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups'
cd "$1/project" && chmod 755 "$1" && chown -R ${NOBODY} "$1" || exit 78
$drop "$2" ../dist/polyenv.cjs use node@20 && $drop "$2" ../dist/polyenv.cjs verify && $drop "$1/home/shims/node" --version`;
        const env = {
          ...machine.env,
          HOME: join(elsewhere, 'person'),
          POLYENV_HOME: join(elsewhere, 'home'),
          TMPDIR: undefined,
        };
        const ran = await machine.run(['unshare', '-m', 'sh', '-c', script, 'sh', elsewhere, process.execPath], {
          cwd: elsewhere,
          env,
        });
        if (ran.exit === 77 || ran.stderr.includes('unshare:')) return { skipped: 'mounting is not permitted' };
        holds(
          ran.exit === 0 && ran.stdout.includes('v20.11.1'),
          `mode ${mode}: exit ${ran.exit}`,
          ran.stdout + ran.stderr,
        );
      }
      return { held: 'use, verify and the shim work, for somebody who is not root' };
    },
  },
  {
    id: 'I14',
    what: 'a project whose name has 255 bytes, and one whose path fills what the system allows',
    run: async (scope) => {
      const server = await scope.upstream([{ version: '20.11.1', lts: 'Iron' }]);
      const machine = scope.machine(siteOf(server));
      for (const name of ['n'.repeat(255), '日'.repeat(85)]) {
        const cwd = machine.folder(name);
        holds((await machine.polyenv(['use', 'node@20'], { cwd })).exit === 0, 'use fails');
        await holdsNode(machine, { cwd }, 'the shim fails');
        const hooked = await machine.run(['bash', '-c', `eval "$(polyenv activate bash)"; cd -P . && node --version`], {
          cwd,
        });
        holds(hooked.stdout.trim() === 'v20.11.1', 'an activated shell fails', hooked.stderr);
      }
      // Made step by step: the whole path is longer than a call may name.
      const made = spawnSync(
        'bash',
        [
          '-c',
          'd=$(printf "d%.0s" $(seq 200)); while [ ${#PWD} -lt 3850 ]; do mkdir "$d" && cd "$d" || exit 1; done; pwd',
        ],
        { cwd: machine.folder('deep'), encoding: 'utf8' },
      );
      const deep = made.stdout.trim();
      holds(made.status === 0 && deep.length >= 3850, 'the deep folder cannot be made', made.stderr);
      said(await machine.polyenv(['use', 'node@20'], { cwd: deep }), 8, 'too long');
      holds(readdirSync(deep).length === 0, 'something was written', readdirSync(deep));
      return { held: 'long names work; too deep a project is refused in words with nothing written' };
    },
  },
  {
    id: 'I16',
    what: "a project that is somebody else's and may not be written (as root)",
    run: async (scope) => {
      if (process.getuid?.() !== 0) return { skipped: 'needs root to become somebody else' };
      const { machine, cwd } = await withProject(scope);
      const before = ['polyenv.toml', 'polyenv.lock'].map((name) => readFileSync(join(cwd, name), 'utf8'));
      const own = join(machine.base, 'nobodys');
      mkdirSync(own);
      for (const path of [own, machine.home]) chownSync(path, NOBODY, NOBODY);
      chmodSync(machine.base, 0o755);
      const env = { ...machine.env, POLYENV_HOME: own };
      for (const args of [['install'], ['exec', '--', 'node', '--version'], ['current']]) {
        const ran = await asUser(NOBODY, [process.execPath, machine.program, ...args], { cwd, env });
        holds(ran.exit === 0, `${args.join(' ')} fails in a project that may not be written`, ran.stderr);
      }
      said(
        await asUser(NOBODY, [process.execPath, machine.program, 'use', 'node@18'], { cwd, env }),
        1,
        'may not write',
      );
      const after = ['polyenv.toml', 'polyenv.lock'].map((name) => readFileSync(join(cwd, name), 'utf8'));
      holds(before.join() === after.join(), 'the project changed', after);
      return { held: 'install, exec and current work; use is refused in words and changes nothing' };
    },
  },
  {
    id: 'S05',
    what: "root in somebody's home, as by sudo (as root)",
    run: async (scope) => {
      if (process.getuid?.() !== 0) return { skipped: 'needs root' };
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      mkdirSync(machine.polyenvHome);
      chownSync(machine.polyenvHome, NOBODY, NOBODY);
      const ran = await machine.polyenv(['use', 'node@20'], { cwd });
      holds(ran.exit === 0, 'use fails', ran.stderr);
      const told = ran.stderr.split(`belongs to user ${NOBODY}`).length - 1;
      holds(told === 1, `it was told ${told} times whose home it is`, ran.stderr);
      holds(ran.stderr.includes(`chown -R ${NOBODY}`), 'no fix is named', ran.stderr);
      return { held: 'works, and says once whose home it is and how to give it back' };
    },
  },
  {
    id: 'I18',
    what: 'a clock that is ten years ahead, then jumps back; files from the future',
    run: async (scope) => {
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      const env = { NODE_OPTIONS: CLOCK, CLOCK_SHIFT: String(10 * 365 * 86_400_000) };
      holds((await machine.polyenv(['use', 'node@20'], { cwd, env })).exit === 0, 'use fails ahead of time');
      const asked = server.asked.filter((path) => path.endsWith('index.json')).length;
      const back = await machine.polyenv(['use', 'node@18'], { cwd });
      holds(back.exit === 0, 'use fails once the clock is back', back.stderr);
      const again = server.asked.filter((path) => path.endsWith('index.json')).length;
      holds(again > asked, 'an index from the future is believed for ten years');
      const version = async () => (await machine.run(['node', '--version'], { cwd })).stdout.trim();
      holds((await version()) === 'v18.19.0', 'the shim goes by what was ahead');
      const manifest = join(cwd, 'polyenv.toml');
      const text = readFileSync(manifest, 'utf8');
      for (const [request, answer, year] of [
        ['20', 'v20.11.1', 2040],
        ['18', 'v18.19.0', 2039],
        ['20', 'v20.11.1', 1980],
      ] as const) {
        writeFileSync(manifest, text.replace('"18"', `"${request}"`));
        utimesSync(manifest, year * 31_556_952 - 62_167_219_200, year * 31_556_952 - 62_167_219_200);
        const found = await version();
        holds(found === answer, `a manifest of the year ${year} is not seen`, found);
      }
      for (const args of [['install'], ['verify', '--all'], ['prune']]) {
        const ran = await machine.polyenv(args, { cwd });
        holds(ran.exit === 0, `${args.join(' ')} fails`, ran.stderr);
      }
      return { held: 'an index from the future is asked anew; manifests of any time are seen' };
    },
  },
  {
    id: 'S07',
    what: 'a home that is moved, and a project that is moved, copied, and renamed while a shell is in it',
    run: async (scope) => {
      const { server, machine, cwd } = await withProject(scope, 'before');
      const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
      const version = async (folder: string, env = {}) =>
        (await machine.run(['node', '--version'], { cwd: folder, env })).stdout.trim();
      const inside = await machine.run(
        [
          'bash',
          '-c',
          'eval "$(polyenv activate bash)"; mv ../before ../moved && eval "$PROMPT_COMMAND"; node --version; command -v node',
        ],
        { cwd },
      );
      holds(
        inside.stdout.startsWith('v20.11.1\n'),
        'a shell in a folder that was renamed fails',
        inside.stdout + inside.stderr,
      );
      const moved = join(machine.base, 'moved');
      const copied = join(machine.base, 'copied');
      cpSync(moved, copied, { recursive: true });
      for (const folder of [moved, copied]) {
        holds((await version(folder)) === 'v20.11.1', `the shim fails in ${folder}`);
        for (const args of [['doctor'], ['install', '--frozen'], ['which', '--why', 'node'], ['current']]) {
          const ran = await machine.polyenv(args, { cwd: folder });
          holds(ran.exit === 0, `${args.join(' ')} fails in ${folder}`, ran.stderr);
          holds(!(ran.stdout + ran.stderr).includes(cwd), `${args.join(' ')} names the old place`, ran.stdout);
        }
      }
      holds(readFileSync(join(moved, 'polyenv.lock'), 'utf8') === lock, 'the lock changed');
      const home = join(machine.base, 'another home');
      renameSync(machine.polyenvHome, home);
      const env = { POLYENV_HOME: home, PATH: `${join(home, 'shims')}:${machine.env.PATH}` };
      const asked = server.asked.length;
      said(await machine.run(['node', '--version'], { cwd: moved, env }), 127, 'polyenv reshim');
      for (const args of [
        ['reshim'],
        ['install'],
        ['verify', '--all', '--repair'],
        ['verify', '--all', '--deep'],
        ['exec', '--', 'node', '--version'],
      ]) {
        const ran = await machine.polyenv(args, { cwd: moved, env });
        holds(ran.exit === 0, `${args.join(' ')} fails in a home that was moved`, ran.stdout + ran.stderr);
      }
      for (const folder of [copied, moved])
        holds((await version(folder, env)) === 'v20.11.1', 'the shim fails afterwards');
      holds(server.asked.length === asked, 'something was downloaded again', server.asked.slice(asked));
      holds(!existsSync(machine.polyenvHome), 'something was made at the old place', machine.polyenvHome);
      return { held: 'the new places hold, nothing names the old ones, nothing is downloaded again' };
    },
  },
  {
    id: 'I22',
    what: 'a clock that jumps back by a day, and ahead by a year, in the middle of a download',
    run: async (scope) => {
      for (const jump of [-86_400_000, 365 * 86_400_000]) {
        const site = await serveFaultyNode(RELEASES);
        scope.after(() => site.close());
        const machine = scope.machine(siteOf(site));
        const cwd = machine.folder('project');
        const jumped = join(machine.base, 'jumped');
        const path = site.archive('20.11.1');
        const body = site.body(path);
        // A byte each millisecond: the jump comes while most of them are on the way.
        site.server.set(path, { body, trickle: 1, on: () => setTimeout(() => writeFileSync(jumped, ''), 200) });
        const env = { NODE_OPTIONS: CLOCK, CLOCK_SHIFT: String(jump), CLOCK_AFTER: jumped };
        const ran = await machine.polyenv(['use', 'node@20'], { cwd, env });
        holds(existsSync(jumped), 'nothing jumped');
        holds(ran.exit === 0, `use fails (exit ${ran.exit})`, ran.stderr);
        const again = await machine.polyenv(['use', 'node@20'], { cwd, env });
        holds(again.exit === 0, 'use fails after the jump', again.stderr);
        await holdsNode(machine, { cwd }, 'the shim fails');
        holds(residue(machine, cwd).length === 0, 'something was left over', residue(machine, cwd));
      }
      return { held: 'no limit and no lock went by the clock; the next use worked' };
    },
  },
];

function said(ran: Pick<Ran, 'exit' | 'stderr'>, exit: number, words: string): void {
  holds(ran.exit === exit && ran.stderr.includes(words), `did not say "${words}" (exit ${ran.exit})`, ran.stderr);
  holdsNoTrace(ran);
}
