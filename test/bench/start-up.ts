import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { newMachine } from '../support/cli';
import { quickest } from './quickest';
import type { BenchRow } from './row';

const bundle = resolve(import.meta.dirname ?? __dirname, '../../dist/polyenv.cjs');
const ROUNDS = 25;

/** What polyenv's own start costs, beside `node -e 0` in turn with it. */
export async function benchStartUp(): Promise<readonly BenchRow[]> {
  const machine = newMachine();
  try {
    const cwd = machine.folder('project');
    mkdirSync(machine.polyenvHome, { recursive: true });
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\nnode = "20"\ngo = "1.24"\n');
    const node =
      (...args: readonly string[]) =>
      (): void => {
        spawnSync(process.execPath, args, { cwd, env: machine.env, stdio: 'ignore' });
      };
    const [floor, version, current] = quickest(ROUNDS, [
      node('-e', '0'),
      node(bundle, '--version'),
      node(bundle, 'current'),
    ]) as [number, number, number];
    return [
      {
        name: '--version against node -e 0',
        ratio: version / floor,
        limit: 1.35,
        detail: `${version.toFixed(1)} ms / ${floor.toFixed(1)} ms`,
      },
      {
        name: 'current, ms above node -e 0',
        ratio: current - floor,
        limit: 25,
        detail: `${current.toFixed(1)} ms - ${floor.toFixed(1)} ms`,
      },
    ];
  } finally {
    machine.remove();
  }
}
