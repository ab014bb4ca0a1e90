import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../host';
import { ensureFolder } from '../files/fs';
import { readLauncher } from '../home/launcher';
import type { Home } from '../home/paths';

export function gatewayLog(home: Home): string {
  return join(home.gateway, 'log');
}

const LARGE_LOG = 10 * 1024 * 1024;

/** Variables that a process of its own needs; nothing else of the caller's comes along. */
const KEPT = [
  'HOME',
  'POLYENV_HOME',
  'XDG_DATA_HOME',
  'XDG_CONFIG_HOME',
  'XDG_CACHE_HOME',
  'PATH',
  'LANG',
  'TMPDIR',
  'USER',
];

export interface Started {
  readonly pid: number | undefined;
  /** Resolves with what it said last, once it has ended. */
  readonly ended: Promise<string>;
}

/** Starts the gateway in a session of its own: no key and no closed terminal reaches it. */
export async function spawnGateway(host: Host, home: Home, args: readonly string[]): Promise<Started> {
  const { spawn } = await import('node:child_process');
  await ensureFolder(home.gateway);
  const log = gatewayLog(home);
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LARGE_LOG) renameSync(log, `${log}.1`);
  const said = openSync(log, 'a', 0o600);
  const size = statSync(log).size;
  const launcher = await readLauncher(home);
  // The Node that runs us may be a project's, and go with it.
  const node = launcher !== undefined && existsSync(launcher.node) ? launcher.node : host.node;
  const child = spawn(node, [host.program, 'gateway', 'serve', ...args], {
    cwd: '/',
    detached: true,
    env: { ...Object.fromEntries(KEPT.map((name) => [name, host.env[name]])), POLYENV_HOME: home.root },
    stdio: ['ignore', 'ignore', said],
  });
  closeSync(said);
  child.unref();
  const ended = new Promise<string>((resolve) => {
    const tell = (): void => {
      const lines = readFileSync(log, 'utf8').slice(size).trim().split('\n');
      // Without the time in front.
      resolve((lines.at(-1) ?? '').replace(/^\d{4}-\S+Z /, ''));
    };
    child.once('exit', tell);
    child.once('error', (error) => resolve(error.message));
  });
  return { pid: child.pid, ended };
}
