import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TarMember, tarGz } from '../support/archives';
import { serveFaultyNode } from '../support/faulty-node';
import { siteOf } from '../support/tiny-node';
import { holds, RELEASES, type Row, type Scope } from './row';

const FOLDING = resolve('test/support/preloads/folding.cjs');

/** File systems on which `Lib` and `lib` are one name. Here polyenv's own process sees every name in that way. */
export const foldingRows: readonly Row[] = [
  {
    id: 'S13',
    what: 'home and project where names that differ in case are one',
    run: async (scope) => {
      const { machine, env } = await folding(scope);
      const cwd = machine.folder('Project');
      const done = async (args: readonly string[]) => {
        const ran = await machine.polyenv(args, { cwd, env });
        holds(ran.exit === 0, `${args.join(' ')} fails`, ran.stderr);
        return ran.stdout;
      };
      await done(['use', 'node@20']);
      const version = async () => (await machine.run(['node', '--version'], { cwd })).stdout.trim();
      holds((await version()) === 'v20.11.1', 'the shim fails');
      await done(['use', 'node@18']);
      holds((await version()) === 'v18.19.0', 'the shim goes by what was');
      for (const args of [['install', '--frozen'], ['reshim'], ['verify', '--all', '--deep'], ['doctor'], ['prune']])
        await done(args);
      holds((await version()) === 'v18.19.0', 'the shim fails after prune');
      return { held: 'use, shim, install, verify, doctor and prune work' };
    },
  },
  {
    id: 'S13',
    what: 'pin files in other cases (.NVMRC, Go.mod), on a file system that folds and on one that does not',
    run: async (scope) => {
      const { machine, env } = await folding(scope);
      for (const [name, text] of [
        ['.NVMRC', '18\n'],
        ['.Node-Version', '18\n'],
        ['Go.mod', 'module x\n\ngo 1.22\n'],
        ['POLYENV.toml', '[tools]\nnode = "18"\n'],
        ['Package.json', '{"engines":{"node":"18"}}'],
      ] as const) {
        const cwd = machine.folder(`project ${name}`);
        writeFileSync(join(cwd, name), text);
        const [exact, folded] = [
          await machine.polyenv(['detect', '--json'], { cwd }),
          await machine.polyenv(['detect', '--json'], { cwd, env }),
        ];
        holds(exact.stdout === folded.stdout, `${name} is read there and not here`, folded.stdout);
      }
      return { held: 'the same answer on both: names are read as their owners write them' };
    },
  },
  {
    id: 'X13',
    what: 'archives whose names are one on a file system that folds',
    run: async (scope) => {
      const root = `node-v20.11.1-linux-${process.arch}`;
      const program: TarMember = { name: `${root}/bin/node`, mode: 0o755, content: '#!/bin/sh\necho v20.11.1\n' };
      const pairs: readonly (readonly TarMember[])[] = [
        [
          { name: `${root}/Lib/x`, content: 'one' },
          { name: `${root}/lib/x`, content: 'two' },
        ],
        [
          { name: `${root}/caf\u00e9`, content: 'one' },
          { name: `${root}/cafe\u0301`, content: 'two' },
        ],
        [
          { name: `${root}/Link`, type: '2', target: 'bin' },
          { name: `${root}/link/node`, content: 'two' },
        ],
        [
          { name: `${root}/share/terminfo/2/2621a`, content: 'one' },
          { name: `${root}/share/terminfo/2/2621A`, content: 'two' },
        ],
      ];
      for (const pair of pairs) {
        const { machine, env, serve } = await folding(scope);
        serve(tarGz([program, ...pair]));
        const ran = await machine.polyenv(['use', 'node@20'], { cwd: machine.folder('project'), env });
        holds(
          ran.exit === 6 && ran.stderr.includes('archive-refused'),
          `exit ${ran.exit} for ${pair[1]?.name}`,
          ran.stderr,
        );
        const store = join(machine.polyenvHome, 'store');
        holds(!existsSync(store) || readdirSync(store).length === 0, 'something was published');
      }
      return { held: `${pairs.length} pairs refused, nothing published` };
    },
  },
];

async function folding(scope: Scope) {
  const site = await serveFaultyNode(RELEASES);
  scope.after(() => site.close());
  const machine = scope.machine(siteOf(site));
  const env = { NODE_OPTIONS: `--require ${FOLDING}`, FOLDING_ROOT: machine.base };
  const path = site.archive('20.11.1');
  return {
    machine,
    env,
    serve: (body: Buffer) => {
      site.server.set(path, { body });
      const sums = `${createHash('sha256').update(body).digest('hex')}  ${path.split('/').pop()}\n`;
      site.server.set('/dist/v20.11.1/SHASUMS256.txt', { body: sums });
    },
  };
}
