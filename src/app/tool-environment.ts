import { delimiter, dirname, join } from 'node:path';
import { environmentForTools } from '../adapters/launcher';
import { isExecutableFile } from '../adapters/store';
import { applyEnvOps, type EnvOp } from '../domain/env-op';
import type { Environment } from '../domain/environment';
import type { Context } from './context';

/** Variables that `exec --pure` passes on: who and where one is, and how the terminal speaks. */
export const PURE_VARIABLES = [
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TERM',
  'COLORTERM',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TMPDIR',
  'TZ',
  'PWD',
  'NO_COLOR',
] as const;

const PURE_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** The variables with which a program of the environment runs: the person's, the runtimes', the trusted manifest's, and PATH. */
export function toolEnvironment(
  ctx: Context,
  environment: Environment,
  mode?: 'pure',
): Record<string, string | undefined> {
  const own = environmentForTools(ctx.host.env);
  const base = mode === 'pure' ? pure(own) : own;
  const ops: readonly EnvOp[] = [
    ...environment.runtimes.flatMap((runtime) => runtime.variables),
    ...environment.variables,
  ];
  const env = applyEnvOps(base, ops);
  const path = [
    ...searchPath(environment),
    ...pathEntries(env.PATH).filter((entry) => entry !== ctx.home.shims),
    ctx.home.shims,
  ];
  return { ...env, PATH: [...new Set(path)].join(delimiter), POLYENV_ENV: environment.directory };
}

/** Folders in which the environment's own commands are, the project's private ones first. */
export function searchPath(environment: Environment): readonly string[] {
  const overlays = environment.runtimes.flatMap(({ overlay }) =>
    overlay?.ready ? [join(environment.directory, overlay.folder, overlay.bin)] : [],
  );
  const tools = environment.runtimes.flatMap(({ commands }) => Object.values(commands).map((file) => dirname(file)));
  const bins = environment.runtimes.flatMap((runtime) => runtime.bins);
  return [...new Set([...overlays, ...tools, ...bins])];
}

/** Where the environment keeps a command; `undefined` if none of its runtimes provides it. */
export function commandIn(
  environment: Environment,
  name: string,
): { readonly file: string; readonly tool: string } | undefined {
  for (const { overlay, tool } of environment.runtimes) {
    const file = overlay?.ready ? join(environment.directory, overlay.folder, overlay.bin, name) : undefined;
    if (file !== undefined && isExecutableFile(file)) return { file, tool };
  }
  for (const { commands, tool } of environment.runtimes) {
    const file = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (file !== undefined) return { file, tool };
  }
  for (const { bins, tool } of environment.runtimes) {
    const file = bins.map((bin) => join(bin, name)).find(isExecutableFile);
    if (file !== undefined) return { file, tool };
  }
  return undefined;
}

/** Absolute, non-empty entries: an empty one would mean the working folder. */
export function pathEntries(path: string | undefined): readonly string[] {
  return (path ?? '').split(delimiter).filter((entry) => entry.startsWith('/'));
}

function pure(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const kept = Object.fromEntries(PURE_VARIABLES.map((name) => [name, env[name]]));
  return { ...kept, PATH: PURE_PATH.join(delimiter) };
}
