import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { serveTinyNode } from '../support/tiny-node';
import { quickest } from './quickest';
import type { BenchRow } from './row';

const ROUNDS = 20;

/** What a version for one call costs where it is installed, beside the tool started directly. */
export async function benchOnce(): Promise<readonly BenchRow[]> {
  const server = await serveTinyNode([
    { version: '22.1.0', lts: 'Jod' },
    { version: '20.11.1', lts: 'Iron' },
  ]);
  const machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  try {
    const cwd = machine.folder('project');
    await machine.polyenv(['use', 'node@20'], { cwd });
    const asked = ['exec', 'node@22', '--', 'node', '--version'];
    await machine.polyenv(asked, { cwd });
    const tool = (
      await machine.polyenv(['exec', 'node@22', '--', 'sh', '-c', 'command -v node'], { cwd })
    ).stdout.trim();
    const run =
      (command: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      (): void => {
        spawnSync(command[0] as string, command.slice(1), {
          cwd,
          env: { ...machine.env, PWD: cwd, ...env },
          stdio: 'ignore',
        });
      };
    const [direct, variable, exec] = quickest(ROUNDS, [
      run([tool, '--version']),
      run([join(machine.shims, 'node'), '--version'], { POLYENV_NODE: '22' }),
      run([join(machine.polyenvHome, 'bin/polyenv'), ...asked]),
    ]) as [number, number, number];
    const row = (name: string, time: number, limit: number): BenchRow => ({
      name,
      ratio: time - direct,
      limit,
      detail: `${time.toFixed(1)} ms - ${direct.toFixed(1)} ms`,
    });
    return [
      row('POLYENV_NODE=22 node, ms above a direct call', variable, 10),
      row('exec node@22 -- node, ms above a direct call', exec, 90),
    ];
  } finally {
    machine.remove();
    await server.close();
  }
}
