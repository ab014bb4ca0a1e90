import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { serveTinyNode } from '../support/tiny-node';
import { quickest } from './quickest';
import type { BenchRow } from './row';
import { registryEnvironment } from './scale';

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
    const own = await newestNode();
    const run =
      (command: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      (): void => {
        spawnSync(command[0] as string, command.slice(1), {
          cwd,
          env: { ...machine.env, PWD: cwd, ...env },
          stdio: 'ignore',
        });
      };
    if (own === undefined)
      console.log('      exec node@22 on its own Node: not measured, no registry has a Node 24 here');
    const [direct, variable, exec, onOwn = Number.NaN] = quickest(ROUNDS, [
      run([tool, '--version']),
      run([join(machine.shims, 'node'), '--version'], { POLYENV_NODE: '22' }),
      run([join(machine.polyenvHome, 'bin/polyenv'), ...asked]),
      ...(own === undefined ? [] : [run([own.node, machine.program, ...asked])]),
    ]) as [number, number, number, number?];
    own?.remove();
    const row = (name: string, time: number, limit: number): BenchRow => ({
      name,
      ratio: time - direct,
      limit,
      detail: `${time.toFixed(1)} ms - ${direct.toFixed(1)} ms`,
    });
    return [
      row('POLYENV_NODE=22 node, ms above a direct call', variable, 10),
      row('exec node@22 -- node, ms above a direct call', exec, 90),
      ...(own === undefined ? [] : [row("exec node@22 -- node on polyenv's own Node, ms above", onOwn, 50)]),
    ];
  } finally {
    machine.remove();
    await server.close();
  }
}

/** As a release archive carries it beside polyenv: of the line that it is built with, from the registry as npm is configured here. */
async function newestNode(): Promise<{ readonly node: string; remove(): void } | undefined> {
  const machine = newMachine(registryEnvironment());
  const cwd = machine.folder('project');
  const used = await machine.polyenv(['use', 'node@24'], { cwd });
  if (used.exit !== 0) {
    machine.remove();
    return undefined;
  }
  const node = (await machine.polyenv(['which', 'node'], { cwd })).stdout.trim();
  return { node, remove: () => machine.remove() };
}
