import type { EnvOp } from './env-op';
import { isVariableName } from './env-op';
import { PolyenvError } from './errors';
import type { GlobalInstall, Overlay } from './layout';
import { quoted } from './printable';
import type { ToolId } from './request';
import { quoteDotenv, quoteFish, quoteSh } from './shell-quote';

/** The compiled routing of one folder: all that a shim needs to know, and under which conditions it still holds. */
export interface Environment {
  /** As it is reached: absolute, without a slash at the end. */
  readonly directory: string;
  readonly runtimes: readonly RoutedRuntime[];
  /** Runtimes that are pinned here and not ready: their commands go to polyenv, never to another copy. */
  readonly pending: readonly ToolId[];
  /** What a trusted manifest sets, after the runtimes' own. */
  readonly variables: readonly EnvOp[];
  /** Existing files that were read, absolute: a changed one makes the routes stale. */
  readonly inputs: readonly string[];
  /** Files that must stay absent, absolute. */
  readonly absences: readonly string[];
  /** polyenv's folder of shims. */
  readonly shims: string;
  /** polyenv's home. */
  readonly home: string;
}

export interface RoutedRuntime {
  readonly tool: ToolId;
  readonly version: string;
  /** Absolute. */
  readonly toolchain: string;
  /** Name to absolute path. */
  readonly commands: Readonly<Record<string, string>>;
  readonly variables: readonly EnvOp[];
  /** Absolute folders, private to the project, where installed commands appear. */
  readonly bins: readonly string[];
  readonly homes: readonly string[];
  readonly installs: readonly GlobalInstall[];
  readonly overlay?: RoutedOverlay;
  readonly linked: boolean;
  readonly plusVersion: readonly string[];
}

export interface RoutedOverlay extends Overlay {
  /** Absolute folder of the overlay. */
  readonly path: string;
  /** Whether it stands, is ours or trusted, and so is used. */
  readonly ready: boolean;
}

/** Folders of the environment's own commands, in the order of search. */
export function commandFolders(environment: Environment): readonly string[] {
  const overlays = environment.runtimes.flatMap(({ overlay }) =>
    overlay?.ready ? [`${overlay.path}/${overlay.bin}`] : [],
  );
  const tools = environment.runtimes.flatMap(({ commands }) =>
    Object.values(commands).map((file) => file.slice(0, file.lastIndexOf('/'))),
  );
  const bins = environment.runtimes.flatMap((runtime) => runtime.bins);
  return [...new Set([...overlays, ...tools, ...bins])];
}

/** Every change of variables in the order in which they are applied; PATH apart. */
export function environmentOps(environment: Environment): readonly EnvOp[] {
  const overlays = environment.runtimes.flatMap(({ overlay }): readonly EnvOp[] =>
    overlay?.ready ? [{ op: 'set', name: overlay.variable, value: overlay.path }] : [],
  );
  const ops = [...environment.runtimes.flatMap((runtime) => runtime.variables), ...overlays, ...environment.variables];
  for (const { name } of ops) {
    if (!isVariableName(name)) throw new PolyenvError('path-refused', `${quoted(name)} is no name of a variable`);
  }
  return ops;
}

/** `route.sh`: sourced by a shim whose variables `__polyenv_n` and `__polyenv_t` name the command and the runtime. Returns if it cannot decide. */
export function renderRoute(environment: Environment, stamps: string): string {
  const conditions = [
    ...environment.inputs.map((file, index) => {
      const [input, stamp] = [quoteSh(file), quoteSh(`${stamps}/${index}`)];
      return `[ -f ${input} ] && [ ! ${input} -nt ${stamp} ] && [ ! ${input} -ot ${stamp} ] && [ -f ${stamp} ]`;
    }),
    ...environment.absences.map((file) => `[ ! -e ${quoteSh(file)} ]`),
  ];
  return `# polyenv route 1
__polyenv_r=
if ${conditions.length === 0 ? ':' : conditions.join(' &&\n\t')}; then
${environment.runtimes.map(renderSlow).join('')}case $__polyenv_n in
${environment.runtimes.map((runtime) => renderCommands(environment, runtime)).join('')}esac
${renderPrivate(environment)}if [ -z "$__polyenv_r" ]; then
case $__polyenv_t in
${environment.pending.length === 0 ? '' : `${environment.pending.map(quoteSh).join('|')}) __polyenv_r=missing ;;\n`}*) __polyenv_r=pass ;;
esac
[ "$__polyenv_n" ] || __polyenv_r=installs
fi
else
__polyenv_r=stale
fi
`;
}

/** For `eval` in sh, bash and zsh. */
export function renderEnvSh(environment: Environment): string {
  return `${exportsSh(environment)}PATH=${quoteSh(commandFolders(environment).join(':'))}\${PATH:+:$PATH}\nexport PATH\n`;
}

export function renderEnvFish(environment: Environment): string {
  const lines = environmentOps(environment).map(fishLine);
  const folders = commandFolders(environment).map(quoteFish).join(' ');
  return `${lines.map((line) => `${line}\n`).join('')}set -gx POLYENV_ENV ${quoteFish(environment.directory)}\nset -gx PATH ${folders} $PATH\n`;
}

/** Only what is set to one value: a `.env` file cannot extend or unset. */
export function renderDotenv(environment: Environment): string {
  const set = new Map<string, string>();
  for (const op of environmentOps(environment)) if (op.op === 'set') set.set(op.name, op.value);
  return [...set].map(([name, value]) => `${name}=${quoteDotenv(value)}\n`).join('');
}

/** What stands in `env.json`, read back by polyenv itself: `prune`'s roots among it. */
export function renderEnvJson(environment: Environment): string {
  return `${JSON.stringify({ schema: 1, ...environment }, undefined, 1)}\n`;
}

function exportsSh(environment: Environment): string {
  const lines = environmentOps(environment).map(shLine);
  return `${lines.join('')}export POLYENV_ENV=${quoteSh(environment.directory)}\n`;
}

/** Calls that polyenv itself must see: global installs, and another version for this once. */
function renderSlow(runtime: RoutedRuntime): string {
  return runtime.installs
    .filter(({ command }) => isCommandName(command))
    .map(({ command, words, flags }) => {
      const hit = flags.length === 0 ? '' : `[ "$__polyenv_g" ] && `;
      const look = flags.length === 0 ? '' : `\t\t${flags.map(quoteSh).join('|')}) __polyenv_g=1 ;;\n`;
      return `if [ "$__polyenv_n" = ${quoteSh(command)} ]; then
\t__polyenv_g= __polyenv_w=
\tfor __polyenv_a in "$@"; do
\t\tcase $__polyenv_a in
${look}\t\t-*) ;;
\t\t*) [ "$__polyenv_w" ] || __polyenv_w=$__polyenv_a ;;
\t\tesac
\tdone
\tcase $__polyenv_w in
\t${words.map(quoteSh).join('|')}) ${hit}__polyenv_n="" ;;
\tesac
fi
`;
    })
    .join('');
}

function renderCommands(environment: Environment, runtime: RoutedRuntime): string {
  const { overlay } = runtime;
  return Object.entries(runtime.commands)
    .filter(([name]) => isCommandName(name))
    .map(([name, file]) => {
      const own = overlay?.ready && overlay.commands.includes(name) ? [`${overlay.path}/${overlay.bin}/${name}`] : [];
      const tries = [...own, file].map((path) => `if [ -x ${quoteSh(path)} ]; then\n${execSh(environment, path)}fi\n`);
      return `${quoteSh(name)})\n${tries.join('')}__polyenv_r=gone\n;;\n`;
    })
    .join('');
}

/** Commands that were installed into the project later are found without compiling anew. */
function renderPrivate(environment: Environment): string {
  const overlays = environment.runtimes.flatMap(({ overlay }) =>
    overlay?.ready ? [`${overlay.path}/${overlay.bin}`] : [],
  );
  const folders = [...new Set([...overlays, ...environment.runtimes.flatMap((runtime) => runtime.bins)])];
  return folders
    .map(
      (folder) =>
        `if [ "$__polyenv_n" ] && [ -x ${quoteSh(folder)}/"$__polyenv_n" ] && [ -f ${quoteSh(folder)}/"$__polyenv_n" ]; then\n${execSh(environment, { folder })}fi\n`,
    )
    .join('');
}

function execSh(environment: Environment, target: string | { readonly folder: string }): string {
  const file = typeof target === 'string' ? quoteSh(target) : `${quoteSh(target.folder)}/"$__polyenv_n"`;
  const shims = quoteSh(environment.shims);
  return `${exportsSh(environment)}unset POLYENV_DEPTH
case :\${PATH-}: in *:${shims}:*) ;; *) export PATH=${shims}"\${PATH:+:$PATH}" ;; esac
exec ${file} "$@"
`;
}

/** A plain file name that no shell pattern or option can be mistaken for. */
export function isCommandName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$/.test(name);
}

function shLine(op: EnvOp): string {
  if (op.op === 'unset') return `unset ${op.name}\n`;
  const value = quoteSh(op.value);
  if (op.op === 'set') return `export ${op.name}=${value}\n`;
  const both =
    op.op === 'prepend' ? `${value}"\${${op.name}:+:$${op.name}}"` : `"\${${op.name}:+$${op.name}:}"${value}`;
  return `export ${op.name}=${both}\n`;
}

/** PATH is a list in fish, other variables are texts. */
function fishLine(op: EnvOp): string {
  if (op.op === 'unset') return `set -e ${op.name}`;
  const value = quoteFish(op.value);
  if (op.op === 'set') return `set -gx ${op.name} ${value}`;
  const parts = op.op === 'prepend' ? `${value} $${op.name}` : `$${op.name} ${value}`;
  return op.name === 'PATH' ? `set -gx PATH ${parts}` : `set -gx ${op.name} (string join : -- ${parts})`;
}
