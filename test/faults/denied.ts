import { resolve } from 'node:path';
import { cannotTrace, failAlways, failAt, residue } from '../support/kill-steps';
import { siteOf } from '../support/tiny-node';
import { INTERRUPTED, interruptEach } from './interrupted';
import { holds, holdsNode, holdsNoTrace, RELEASES, type Row } from './row';

const QUOTA = resolve('test/support/preloads/quota.cjs');

/** What the system says no to: a quota, a disk that fails, file systems without links or modes. */
export const deniedRows: readonly Row[] = [
  ...(
    [
      ['I19', 'EDQUOT', 'a quota that is used up'],
      ['I20', 'EIO', 'a disk that fails'],
    ] as const
  ).flatMap(([id, error, what]) =>
    INTERRUPTED.filter((one) => ['K01', 'K02', 'K08'].includes(one.id)).map(
      (interrupted): Row => ({
        id,
        what: `${what} at every rename, create and unlink of ${interrupted.verb}`,
        run: (scope) =>
          interruptEach(scope, {
            interrupted,
            word: error,
            sample: 3,
            interrupt: async (machine, step, command) => {
              const { exit, stderr } = await failAt(machine, step, error, command);
              holdsNoTrace({ stderr });
              holds(exit === 0 || /^error\[/m.test(stderr), `exit ${exit} without a reason`, stderr);
              // A step's number counts in each thread: one that reads may be hit as well, and says what it cannot read.
              if (exit !== 0 && error === 'EDQUOT')
                holds(/disk-full|cannot be read/.test(stderr), 'it is not said why', stderr);
              return exit !== 0;
            },
          }),
      }),
    ),
  ),
  {
    id: 'I21',
    what: 'a quota of 0, 2, 20, 60 and 200 kB for the home',
    run: async (scope) => {
      const server = await scope.upstream(RELEASES.map((release) => ({ ...release, filler: 300_000 })));
      for (const bytes of [0, 2_000, 20_000, 60_000, 200_000]) {
        const machine = scope.machine(siteOf(server));
        const cwd = machine.folder('project');
        const env = { NODE_OPTIONS: `--require ${QUOTA}`, QUOTA_ROOT: machine.polyenvHome, QUOTA_BYTES: String(bytes) };
        const ran = await machine.polyenv(['use', 'node@20'], { cwd, env });
        holds(
          ran.exit === 1 && ran.stderr.includes('disk-full'),
          `${bytes}: it is not said (exit ${ran.exit})`,
          ran.stderr,
        );
        holds(ran.stderr.includes('quota'), `${bytes}: it is not said that it is a quota`, ran.stderr);
        holdsNoTrace(ran);
        const again = await machine.polyenv(['use', 'node@20'], { cwd });
        holds(again.exit === 0, `${bytes}: use fails once there is more`, again.stderr);
        await holdsNode(machine, { cwd }, `${bytes}: node does not run`);
        holds(residue(machine, cwd).length === 0, 'something was left over', residue(machine, cwd));
      }
      return { held: 'exit 1, disk-full, "quota"; worked once there was more' };
    },
  },
  ...(
    [
      ['symlink,symlinkat', 'symbolic links'],
      ['link,linkat', 'hard links'],
      ['chmod,fchmod,fchmodat', 'modes'],
      ['fsync,fdatasync', 'a way to be sure that data is on the disk'],
    ] as const
  ).map(
    ([calls, what]): Row => ({
      id: 'S17',
      what: `a file system without ${what}`,
      run: async (scope) => {
        const reason = cannotTrace();
        if (reason !== undefined) return { skipped: reason };
        const server = await scope.upstream();
        const told: string[] = [];
        for (const error of ['EPERM', 'EOPNOTSUPP']) {
          const machine = scope.machine(siteOf(server));
          const cwd = machine.folder('project');
          const command = { args: ['use', 'node@20'], cwd };
          const { exit, stderr } = await failAlways(machine, calls, error, command);
          holdsNoTrace({ stderr });
          holds(exit === 0 || /^error\[/m.test(stderr), `exit ${exit} without a reason`, stderr);
          told.push(exit === 0 ? 'works' : `refused: ${/^error\[.*/m.exec(stderr)?.[0].replaceAll(machine.base, '')}`);
          const again = await machine.polyenv(['use', 'node@20'], { cwd });
          holds(again.exit === 0, 'use fails afterwards', again.stderr);
          await holdsNode(machine, { cwd }, 'node does not run');
          holds(residue(machine, cwd).length === 0, 'something was left over', residue(machine, cwd));
        }
        return { held: [...new Set(told)].join('; ') };
      },
    }),
  ),
];
