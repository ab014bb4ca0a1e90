import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { serveTinyNode } from '../support/tiny-node';
import { quickest } from './quickest';
import type { BenchRow } from './row';

const DEPTHS = [
  { levels: 0, limit: 1.6 },
  { levels: 5, limit: 1.6 },
  { levels: 20, limit: 2.4 },
  { levels: 40, limit: 3.5 },
] as const;

const ROUNDS = 15;
/** Calls within one shell loop, so that starting the loop does not count. */
const CALLS = 60;

/** What the shim adds, beside what a bare `#!/bin/sh` wrapper that only execs adds under the same shell. */
export async function benchShim(): Promise<readonly BenchRow[]> {
  const server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  const machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  try {
    const cwd = machine.folder('project');
    await machine.polyenv(['use', 'node@20'], { cwd });
    const tool = (await machine.polyenv(['which', 'node'], { cwd })).stdout.trim();
    const bare = script(machine.folder('bare'), 'node', `#!/bin/sh\nexec ${tool} "$@"\n`);
    const outside = machine.folder('outside');
    const other = script(machine.folder('other'), 'node', '#!/bin/sh\nexit 0\n');
    const shim = join(machine.shims, 'node');
    const rows: BenchRow[] = [];
    for (const { levels, limit } of DEPTHS) {
      const deep = join(cwd, ...Array.from({ length: levels }, (_, index) => `level${index}`));
      mkdirSync(deep, { recursive: true });
      rows.push(row(`shim, ${levels} levels below the pin`, limit, measure(machine.env, [tool, bare, shim], deep)));
    }
    const passing = { ...machine.env, PATH: `${machine.shims}:${join(other, '..')}:/usr/bin:/bin` };
    const wrapped = script(machine.folder('wrapped'), 'node', `#!/bin/sh\nexec ${other} "$@"\n`);
    rows.push(row('shim, passing through', 1.6, measure(passing, [other, wrapped, shim], outside)));
    return rows;
  } finally {
    machine.remove();
    await server.close();
  }
}

function row(name: string, limit: number, [direct, bare, shim]: readonly [number, number, number]): BenchRow {
  const detail = `direct ${direct.toFixed(2)}, wrapper ${bare.toFixed(2)}, shim ${shim.toFixed(2)} ms`;
  return { name, ratio: (shim - direct) / (bare - direct), limit, detail };
}

function measure(
  env: Readonly<Record<string, string>>,
  files: readonly [string, string, string],
  cwd: string,
): readonly [number, number, number] {
  const loop = (file: string) => (): void => {
    spawnSync(
      '/bin/sh',
      ['-c', `i=0; while [ $i -lt ${CALLS} ]; do "$1" --version >/dev/null; i=$((i + 1)); done`, 'loop', file],
      { cwd, env: { ...env, PWD: cwd } },
    );
  };
  return quickest(ROUNDS, files.map(loop)).map((time) => time / CALLS) as unknown as readonly [number, number, number];
}

function script(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}
