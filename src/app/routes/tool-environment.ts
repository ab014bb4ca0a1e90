import { delimiter, join } from 'node:path';
import { environmentForTools } from '../../adapters/home/launcher';
import { isExecutableFile } from '../../adapters/store/store';
import type { Environment, RoutedToolchain } from '../../domain/routes/environment';
import { environmentOps } from '../../domain/routes/environment-variables';
import { commandFolders, leadingFolders } from '../../domain/routes/path-folders';
import { ownReplacements } from '../../domain/routes/route-script';
import { overlayCommand } from '../../domain/routes/routed-overlay';
import { applyEnvOps } from '../../domain/words/env-op';
import type { Context } from '../base/context';

/** Variables that `exec --pure` passes on: who and where one is, and how the terminal speaks. */
const PURE_VARIABLES = [
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

/**
 * The variables with which a program of the environment runs: the person's, the runtimes', the trusted manifest's, and
 * PATH. With `shims`, PATH leads to the shims as a route does; otherwise to the environment's own folders, which is what
 * a version for this once needs.
 */
export function toolEnvironment(
  ctx: Context,
  environment: Environment,
  mode?: 'pure' | 'shims',
): Record<string, string | undefined> {
  const own = environmentForTools(ctx.host.env);
  const env = applyEnvOps(mode === 'pure' ? pure(own) : own, environmentOps(environment));
  const { POLYENV_DEPTH: _, ...rest } = env;
  const path = rest.PATH ?? '';
  const { shims } = ctx.home;
  const entries = path.split(delimiter);
  const front =
    mode === 'shims'
      ? entries.includes(shims)
        ? []
        : [shims]
      : commandFolders(environment).filter((folder) => !entries.slice(0, 1).includes(folder));
  const back = mode === 'shims' || entries.includes(shims) ? [] : [shims];
  // What a trusted manifest puts first stands first already, and stays there.
  const leading = leadingFolders(environment);
  const behind = entries.slice(leading.length);
  return {
    ...rest,
    PATH: [...leading, ...front, ...(behind.join('') === '' ? [] : behind), ...back].join(delimiter),
    POLYENV_ENV: environment.directory,
  };
}

export interface FoundCommand {
  readonly file: string;
  /** None where `[paths]` of the manifest has it. */
  readonly tool: string;
  /** Root of the toolchain that it belongs to. */
  readonly toolchain?: string;
}

/** Where the environment keeps a command; `undefined` if nothing provides it. */
export function commandIn(environment: Environment, name: string): FoundCommand | undefined {
  const leading = leadingFolders(environment)
    .map((folder) => join(folder, name))
    .find(isExecutableFile);
  if (leading !== undefined) return { file: leading, tool: '' };
  const { runtimes } = environment;
  const decided = runtimes.filter(({ beside }) => beside === undefined);
  return (
    commandOf(decided, name) ??
    commandOf(
      runtimes.filter(({ beside }) => beside),
      name,
    )
  );
}

function commandOf(runtimes: readonly RoutedToolchain[], name: string): FoundCommand | undefined {
  for (const { overlay, tool, toolchain } of runtimes) {
    if (!overlay?.ready) continue;
    const file = overlay.commands.includes(name)
      ? overlayCommand(overlay, name)
      : join(overlay.path, overlay.bin, name);
    if (file !== undefined && isExecutableFile(file)) return { file, tool, toolchain };
  }
  for (const runtime of runtimes) {
    const file = ownReplacements(runtime, name).find(isExecutableFile);
    if (file !== undefined) return { file, tool: runtime.tool, toolchain: runtime.toolchain };
  }
  for (const { commands, overlay, tool, toolchain } of runtimes) {
    const answers = (overlay?.ready || overlay?.refused !== undefined) && overlay.commands.includes(name);
    const file = Object.hasOwn(commands, name) && !answers ? commands[name] : undefined;
    if (file !== undefined) return { file, tool, toolchain };
  }
  for (const { bins, tool, toolchain } of runtimes) {
    const file = bins.map((bin) => join(bin, name)).find(isExecutableFile);
    if (file !== undefined) return { file, tool, toolchain };
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
