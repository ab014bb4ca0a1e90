import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine, Ran } from '../support/cli';
import { holds, type Row, siteOf } from './row';

const NOBODY = 65534;

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
        const ran = await machine.run(['node', '--version'], { cwd, env });
        holds(ran.stdout.trim() === 'v20.11.1', 'the shim fails', ran.stderr);
      }
      return { held: 'use, install, exec, verify, doctor and the shim work' };
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
        const ran = await machine.run(['node', '--version'], { cwd });
        holds(ran.stdout.trim() === 'v20.11.1', 'the shim fails', ran.stderr);
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
    what: "a project that is somebody else's and may not be written",
    run: async (scope) => {
      if (process.getuid?.() !== 0) return { skipped: 'needs root to become somebody else' };
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      holds((await machine.polyenv(['use', 'node@20'], { cwd })).exit === 0, 'use fails');
      const before = ['polyenv.toml', 'polyenv.lock'].map((name) => readFileSync(join(cwd, name), 'utf8'));
      const own = join(machine.base, 'nobodys');
      mkdirSync(own);
      for (const path of [own, machine.home]) chownSync(path, NOBODY, NOBODY);
      chmodSync(machine.base, 0o755);
      const env = { ...machine.env, POLYENV_HOME: own };
      for (const args of [['install'], ['exec', '--', 'node', '--version'], ['current']]) {
        const ran = await asNobody(machine, { args, cwd, env });
        holds(ran.exit === 0, `${args.join(' ')} fails in a project that may not be written`, ran.stderr);
      }
      said(await asNobody(machine, { args: ['use', 'node@18'], cwd, env }), 1, 'may not write');
      const after = ['polyenv.toml', 'polyenv.lock'].map((name) => readFileSync(join(cwd, name), 'utf8'));
      holds(before.join() === after.join(), 'the project changed', after);
      return { held: 'install, exec and current work; use is refused in words and changes nothing' };
    },
  },
  {
    id: 'S05',
    what: "root in somebody's home, as by sudo",
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
      holds(ran.stderr.includes(`chown -R ${NOBODY}`), 'no mend is named', ran.stderr);
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
      const ahead = join(machine.base, 'ahead.cjs');
      const years = 10 * 365 * 86_400_000;
      writeFileSync(
        ahead,
        `const Real = Date, shift = ${years}, now = () => Real.now() + shift;
globalThis.Date = class extends Real { constructor(...a) { a.length === 0 ? super(now()) : super(...a); } static now() { return now(); } };`,
      );
      const env = { NODE_OPTIONS: `--require ${ahead}` };
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
];

function said(ran: Pick<Ran, 'exit' | 'stderr'>, exit: number, words: string): void {
  holds(ran.exit === exit && ran.stderr.includes(words), `did not say "${words}" (exit ${ran.exit})`, ran.stderr);
  holds(!/\n {4}at /.test(ran.stderr), 'a stack trace is shown', ran.stderr);
}

function asNobody(
  machine: Machine,
  of: { readonly args: readonly string[]; readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Pick<Ran, 'exit' | 'stderr'>> {
  const { args, cwd, env } = of;
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [machine.program, ...args], { cwd, uid: NOBODY, gid: NOBODY, env });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', fail);
    child.once('close', (code) => done({ exit: code ?? -1, stderr }));
  });
}
