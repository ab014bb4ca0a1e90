import { chmodSync, chownSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ran } from '../support/cli';
import { cannotTrace, traceSteps } from '../support/kill-steps';
import { siteOf } from '../support/tiny-node';
import { asUser, holds, holdsNode, holdsNoTrace, type Row, withProject } from './row';

/** Verbs that only look. */
const LISTINGS = [
  [],
  ['ls'],
  ['current'],
  ['detect'],
  ['which', 'node'],
  ['which', '--why', 'node'],
  ['where', 'node'],
  ['doctor'],
  ['settings', 'list'],
  ['ls-remote', 'node'],
  ['outdated'],
  ['info', 'node'],
  ['size'],
  ['templates'],
  ['env'],
  ['help'],
] as const;

/** What a process finds round it: streams, variables, other programs, other people. */
export const surroundingRows: readonly Row[] = [
  {
    id: 'P19',
    what: 'another `node` first on PATH: one that never ends, one that fails',
    run: async (scope) => {
      const { machine, cwd } = await withProject(scope);
      const launcher = join(machine.polyenvHome, 'bin/polyenv');
      for (const text of ['#!/bin/sh\nsleep 100\n', '#!/bin/sh\nexit 1\n', 'no program']) {
        const folder = machine.folder('first');
        writeFileSync(join(folder, 'node'), text);
        chmodSync(join(folder, 'node'), 0o755);
        const env = { PATH: `${machine.shims}:${folder}:${machine.env.PATH}` };
        for (const command of [
          [launcher, 'current'],
          [launcher, 'install'],
          [launcher, 'exec', '--', 'node', '--version'],
          [join(machine.shims, 'node'), '--version'],
          ['bash', '-c', `eval "$('${launcher}' activate bash)"; cd . && node --version`],
        ] as const) {
          const started = performance.now();
          const ran = await machine.run([...command], { cwd, env });
          holds(ran.exit === 0, `${command.join(' ')} fails`, ran.stderr);
          holds(performance.now() - started < 4000, `${command.join(' ')} waits for it`);
        }
      }
      return { held: 'polyenv starts by its own, and the project has its own' };
    },
  },
  {
    id: 'P23',
    what: 'the environment that `exec` and a shim give, key by key beside the caller’s',
    run: async (scope) => {
      const { machine, cwd } = await withProject(scope);
      const env = { POLYENV_ENV: undefined, SECRET: 'a\nb', EMPTY: '', LD_LIBRARY_PATH: '/x' };
      const caller = keysOf(await machine.run(['env', '-0'], { cwd, env }));
      const given = keysOf(await machine.run(['polyenv', 'exec', '--', 'env', '-0'], { cwd, env }));
      const changed = [...new Set([...caller.keys(), ...given.keys()])].filter(
        (key) => caller.get(key) !== given.get(key),
      );
      const allowed = /^(?:PATH|POLYENV_\w+|npm_config_\w+|NPM_CONFIG_\w+|COREPACK_\w+)$/;
      const others = changed.filter((key) => !allowed.test(key));
      holds(others.length === 0, 'it changes more than is documented', others);
      const entries = (given.get('PATH') ?? '')
        .split(':')
        .filter((entry) => !(caller.get('PATH') ?? '').split(':').includes(entry));
      holds(
        entries.every((entry) => entry.startsWith(machine.polyenvHome)),
        'PATH gains entries that are not polyenv’s',
        entries,
      );
      return { held: `changes ${changed.join(', ')}; PATH gains ${entries.length} entries of the home` };
    },
  },
  {
    id: 'P25',
    what: 'output into a pipe that is closed, into a full device, and without standard output',
    run: async (scope) => {
      const { machine, cwd } = await withProject(scope);
      const ways = [
        ['| head -c 1', false],
        ['| true', false],
        ['>&-', false],
        ['>/dev/full', true],
      ] as const;
      for (const [index, listing] of LISTINGS.entries()) {
        const words = listing.join(' ');
        // Quickly, each verb meets the full device and one of the others: who reads is nothing to the verb.
        for (const [where, full] of ways.filter((way, at) => scope.depth === 'full' || way[1] || at === index % 3)) {
          const script = `${JSON.stringify(process.execPath)} ${JSON.stringify(machine.program)} ${words} ${where}`;
          const ran = await machine.run(['bash', '-c', script], { cwd });
          holds(!/\n {4}at |Error:/.test(ran.stderr), `${words} ${where}: a stack trace is shown`, ran.stderr);
          if (full) holds(ran.exit !== 0, `${words} ${where}: exit 0 though nothing could be said`);
        }
      }
      return { held: `${LISTINGS.length} verbs: no stack trace; not 0 where the device is full` };
    },
  },
  {
    id: 'S03',
    what: 'a home that is relative, begins with a literal ~, ends in slashes; XDG folders that are relative or empty',
    run: async (scope) => {
      const server = await scope.upstream();
      const told: string[] = [];
      for (const env of [
        { POLYENV_HOME: 'relative/home' },
        { POLYENV_HOME: '~/literal' },
        { POLYENV_HOME: '' },
        { POLYENV_HOME: undefined, XDG_DATA_HOME: 'relative/data' },
        { POLYENV_HOME: undefined, XDG_DATA_HOME: '', XDG_CONFIG_HOME: '', XDG_CACHE_HOME: '' },
      ]) {
        const machine = scope.machine(siteOf(server));
        const cwd = machine.folder('project');
        const ran = await machine.polyenv(['use', 'node@20'], { cwd, env });
        holdsNoTrace(ran);
        const beside = readdirSync(cwd).filter((name) => !name.startsWith('polyenv.'));
        holds(beside.length === 0, `${JSON.stringify(env)}: something was made in the project`, beside);
        if (ran.exit === 0) {
          const from = machine.folder('project/below');
          const again = await machine.polyenv(['exec', '--', 'node', '--version'], { cwd: from, env });
          holds(
            again.stdout.trim() === 'v20.11.1',
            `${JSON.stringify(env)}: another home from another folder`,
            again.stderr,
          );
        } else holds(/^ {2}try /m.test(ran.stderr), 'no fix is named', ran.stderr);
        told.push(ran.exit === 0 ? 'works' : 'refused');
      }
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      const env = { POLYENV_HOME: `${machine.polyenvHome}//` };
      holds((await machine.polyenv(['use', 'node@20'], { cwd, env })).exit === 0, 'slashes at the end: use fails');
      await holdsNode(machine, { cwd }, 'slashes at the end: the shim fails');
      return { held: told.join(', ') };
    },
  },
  {
    id: 'S05',
    what: 'a user without a name (no entry in passwd), as in containers (as root)',
    run: async (scope) => {
      if (process.getuid?.() !== 0) return { skipped: 'needs root to become somebody else' };
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      for (const folder of [machine.base, machine.home, cwd]) chownSync(folder, NAMELESS, NAMELESS);
      chmodSync(machine.base, 0o755);
      for (const args of [['use', 'node@20'], ['install'], ['exec', '--', 'node', '--version'], ['doctor'], ['ls']]) {
        const ran = await asUser(NAMELESS, [process.execPath, machine.program, ...args], { cwd, env: machine.env });
        holds(ran.exit === 0, `${args.join(' ')} fails`, ran.stderr);
      }
      return { held: 'use, install, exec, doctor and ls work' };
    },
  },
  {
    id: 'S09',
    what: 'a folder for temporary files that others write too: what is made there, and by which names',
    run: async (scope) => {
      const reason = cannotTrace();
      if (reason !== undefined) return { skipped: reason };
      const server = await scope.upstream();
      const machine = scope.machine(siteOf(server));
      const cwd = machine.folder('project');
      machine.env.TMPDIR = machine.folder('shared-tmp');
      chmodSync(machine.env.TMPDIR, 0o1777);
      for (const args of [
        ['use', 'node@20'],
        ['install'],
        ['use', 'node@18'],
        ['verify', '--repair'],
        ['upgrade', '--latest'],
      ]) {
        const { steps, exit } = await traceSteps(machine, args, cwd);
        holds(exit === 0, `${args.join(' ')} fails`);
        const there = steps.filter(({ shown }) => shown.includes('/shared-tmp'));
        holds(there.length === 0, `${args.join(' ')} makes something there`, there);
      }
      return { held: 'nothing is made there' };
    },
  },
  {
    id: 'S15',
    what: 'LANG=C, LC_ALL=POSIX, TERM=dumb and unset, NO_COLOR, no terminal',
    run: async (scope) => {
      const { machine, cwd } = await withProject(scope, 'projekt ü 日本');
      for (const env of [
        { LANG: 'C', LC_ALL: 'POSIX', TERM: 'dumb' },
        { LANG: undefined, LC_ALL: undefined, TERM: undefined, NO_COLOR: '1' },
      ])
        for (const listing of LISTINGS) {
          const ran = await machine.polyenv([...listing], { cwd, env });
          holds(!/\n {4}at /.test(ran.stderr), `${listing.join(' ')}: a stack trace is shown`, ran.stderr);
          holds(!(ran.stdout + ran.stderr).includes('\u001b'), `${listing.join(' ')}: escape codes`, ran.stdout);
          if (listing.length === 0) holds(ran.stdout.includes('projekt ü 日本'), 'the path is spoiled', ran.stdout);
        }
      return { held: `${LISTINGS.length} verbs: no escape code, paths whole` };
    },
  },
  {
    id: 'T15',
    what: 'folder names and versions with ESC, BEL, CR and U+202E in every listing and error',
    run: async (scope) => {
      const evil = 'a\u001b]0;owned\u0007b\rc\u202ed\u009b31m';
      const { machine, cwd } = await withProject(scope, evil);
      const errors = [
        ['use', `node@${evil}`],
        ['use', `${evil}@1`],
        [evil],
        ['which', evil],
        ['exec', '--', evil],
        ['run', evil],
        ['settings', 'get', evil],
        ['new', evil],
      ];
      const told = LISTINGS.filter(([verb = '']) => !FOR_PROGRAMS.includes(verb));
      for (const args of [...told, ...errors]) {
        const ran = await machine.polyenv([...args], { cwd });
        const raw = ACTING.exec(ran.stdout + ran.stderr);
        holds(
          raw === null,
          `${JSON.stringify(args)} prints a control character`,
          JSON.stringify(ran.stdout + ran.stderr),
        );
      }
      const quoted = [process.execPath, machine.program].map((word) => `'${word}'`).join(' ');
      for (const words of ['env', 'where node', 'which node']) {
        const ran = await machine.run(['script', '-qec', `${quoted} ${words}`, '/dev/null'], { cwd });
        if (ran.exit === 0)
          holds(!/\u001b\]|\u202e|\u009b/.test(ran.stdout), `${words} prints it on a terminal`, ran.stdout);
        const piped = await machine.polyenv(words.split(' '), { cwd });
        if (words !== 'which node')
          holds(
            piped.stdout.includes(words === 'env' ? evil : machine.polyenvHome),
            `${words} is spoiled for programs`,
          );
      }
      return { held: `${LISTINGS.length + errors.length} commands print none of them as it is` };
    },
  },
];

const NAMELESS = 12_345;

/** What these print is evaluated, or is a path: escaped on a terminal only. */
const FOR_PROGRAMS: readonly string[] = ['env', 'where', 'which'];

/** What acts on a terminal or turns text round. */
const ACTING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u;

function keysOf(ran: Ran): ReadonlyMap<string, string> {
  holds(ran.exit === 0, 'env fails', ran.stderr);
  return new Map(
    ran.stdout
      .split('\0')
      .filter((pair) => pair !== '')
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}
