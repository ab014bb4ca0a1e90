import type { GlobalInstall, Overlay } from '../runtime/layout';
import { type DefaultVariable, type EnvOp, isVariableName, OFFERED, offerVariables, oursOf } from '../words/env-op';
import { type ErrorPlace, PolyenvError } from '../words/errors';
import { present } from '../words/present';
import { quoted } from '../words/printable';
import { quoteDotenv, quoteFish, quoteSh } from '../words/shell-quote';
import type { ToolId } from '../words/tool-id';

/** The compiled routing of one folder: all that a shim needs to know, and under which conditions it still holds. */
export interface Environment {
  /** As it is reached: absolute, without a slash at the end. */
  readonly directory: string;
  readonly runtimes: readonly RoutedRuntime[];
  /** Runtimes that are pinned here and not ready: their commands go to polyenv, never to another copy. */
  readonly pending: readonly ToolId[];
  /** What the project's services offer; absent where there are none, and in what an older polyenv compiled. */
  readonly services?: Readonly<Record<string, string>>;
  /** What a trusted manifest sets, after the runtimes' own. */
  readonly variables: readonly EnvOp[];
  /** Existing files that were read, absolute: a changed one makes the routes stale. */
  readonly inputs: readonly string[];
  /** Which of them are folders: one that changes has other entries. */
  readonly folders?: readonly string[];
  /** What each of these held, as a digest: an edit may keep a file's time. Absent in what an older polyenv compiled. */
  readonly contents?: readonly string[];
  /** Files that must stay absent, absolute. */
  readonly absences: readonly string[];
  /** Variables of the caller that must have this value; empty counts as unset. */
  readonly given?: Readonly<Record<string, string>>;
  /** Which of these concern only one runtime; the others concern all. */
  readonly traces: readonly {
    readonly tool: ToolId;
    readonly inputs: readonly string[];
    readonly absences: readonly string[];
  }[];
  /** Runtimes that nothing pins here, whose programs go by variables of others: absent in what an older polyenv compiled. */
  readonly followers?: readonly { readonly tool: ToolId; readonly variables: readonly EnvOp[] }[];
  /** Variables of the caller by which another version is asked for than was compiled: absent in what an older polyenv compiled. */
  readonly asking?: readonly string[];
  /** What is wrong here, a line each, for who enters the folder: absent in what an older polyenv compiled. */
  readonly notes?: readonly string[];
  /** Tools and the runtimes under them that cannot work together: absent in what an older polyenv compiled. */
  readonly misfits?: readonly { readonly message: string; readonly where: string; readonly hint: string }[];
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
  /** The tool's caches and settings for all projects; absent in what an older polyenv compiled. */
  readonly shared?: readonly string[];
  readonly overlay?: RoutedOverlay;
  /** It stands beside the decided one: only commands that that one lacks are its, and it sets no variable. */
  readonly beside?: true;
  readonly linked: boolean;
  readonly plusVersion: readonly string[];
}

export interface RoutedOverlay extends Overlay {
  /** Absolute folder of the overlay. */
  readonly path: string;
  /** Whether it stands and belongs to the decided toolchain, and so is used. */
  readonly ready: boolean;
  /** The toolchain's program that makes it, absolute; absent in what an older polyenv compiled. */
  readonly maker?: string;
  /** Where it has each of its commands, by name, while it is used; absent in what an older polyenv compiled. */
  readonly provides?: Readonly<Record<string, string>>;
  /** Why what stands there is not used: then its commands fail, and no other copy answers. */
  readonly refused?: OverlayRefusal;
}

export interface OverlayRefusal {
  readonly message: string;
  readonly hint: string;
  /** What decided the version. */
  readonly where?: ErrorPlace;
}

/** The error of a command that a `.venv` would have to answer and cannot; `undefined` where nothing is wrong. */
export function overlayFault(environment: Environment, command: string): PolyenvError | undefined {
  for (const { overlay } of environment.runtimes) {
    if (overlay === undefined || !overlay.commands.includes(command)) continue;
    if (overlay.refused !== undefined) return refusalError(overlay.refused);
    if (overlay.ready && overlayCommand(overlay, command) === undefined) {
      const seeds = [overlay.commands[0], ...(overlay.seeds?.otherwise ?? [])].join(' ');
      return new PolyenvError('overlay-refused', `${overlay.path} has no ${command}`, { hint: seeds });
    }
  }
  return undefined;
}

/** Where an overlay that is used has the command; `undefined` if it does not have it. */
export function overlayCommand({ provides, path, bin, commands }: RoutedOverlay, name: string): string | undefined {
  if (!commands.includes(name)) return undefined;
  return provides === undefined ? `${path}/${bin}/${name}` : provides[name];
}

export function refusalError({ message, hint, where }: OverlayRefusal): PolyenvError {
  return new PolyenvError('overlay-refused', message, { hint, ...present({ where }) });
}

/** Folders of the environment's own commands, in the order of search; without those that PATH would read as several, the working folder among them. */
export function commandFolders(environment: Environment): readonly string[] {
  // An unusable `.venv` must not be answered by the toolchain behind it: its commands go to the shims, which say why.
  const usable = environment.runtimes.filter(({ overlay }) => overlay?.refused === undefined);
  const foldersOf = (runtimes: readonly RoutedRuntime[]): readonly string[] => {
    const tools = runtimes.flatMap(({ commands }) =>
      Object.values(commands).map((file) => file.slice(0, file.lastIndexOf('/'))),
    );
    const { overlays, bins } = ownFolders({ runtimes });
    return [...overlays, ...tools, ...bins];
  };
  const decided = foldersOf(usable.filter(({ beside }) => beside === undefined));
  const others = foldersOf(usable.filter(({ beside }) => beside !== undefined));
  return [...new Set([...decided, ...others])].filter((folder) => !folder.includes(':'));
}

function searchedFolders(environment: Environment): readonly string[] {
  return [...leadingFolders(environment), ...commandFolders(environment)];
}

/** Folders that a trusted manifest wants to be searched before the runtimes' own commands, the first to be searched first. */
export function leadingFolders({ variables }: Environment): readonly string[] {
  return variables.flatMap((op) => (op.op === 'prepend' && op.name === 'PATH' ? [op.value] : [])).toReversed();
}

/** Folders in which commands appear that were installed into the project. */
export function privateFolders(environment: Environment): readonly string[] {
  const { overlays, bins } = ownFolders(environment);
  return [...new Set([...overlays, ...bins])];
}

function overlayOps({ path, bin, variable, interpreter }: RoutedOverlay): readonly EnvOp[] {
  const folder: EnvOp = { op: 'set', name: variable, value: path };
  if (interpreter === undefined) return [folder];
  return [folder, { op: 'set', name: interpreter.variable, value: `${path}/${bin}/${interpreter.command}` }];
}

function ownFolders({ runtimes }: Pick<Environment, 'runtimes'>) {
  return {
    overlays: runtimes.flatMap(({ overlay }) => (overlay?.ready ? [`${overlay.path}/${overlay.bin}`] : [])),
    bins: runtimes.flatMap(({ bins }) => bins),
  };
}

/** Every change of variables in the order in which they are applied; PATH apart. */
export function environmentOps(environment: Environment): readonly EnvOp[] {
  const overlays = environment.runtimes.flatMap(({ overlay, beside }): readonly EnvOp[] =>
    overlay?.ready && beside === undefined ? overlayOps(overlay) : [],
  );
  const services = offerVariables(environment.services ?? {});
  const runtimes = environment.runtimes.flatMap((runtime) => runtime.variables);
  const ops = [...runtimes, ...overlays, ...services, ...environment.variables];
  for (const { name } of ops) {
    // guard: variable-name
    if (!isVariableName(name)) throw new PolyenvError('path-refused', `${quoted(name)} is no name of a variable`);
  }
  return ops;
}

/**
 * `route.sh`: sourced by a shim whose variables `__polyenv_n` and `__polyenv_t` name the command and the runtime. Becomes
 * the tool, or returns with `__polyenv_r` saying why it cannot. A shell parses a compound command whole before it runs
 * it, so what decides early stands in short commands of its own, and what all commands share stands once.
 */
export function renderRoute(environment: Environment, stamps: string): string {
  const refused = environment.runtimes.filter(({ overlay }) => overlay?.refused !== undefined).map(({ tool }) => tool);
  const waiting = [...new Set([...environment.pending, ...refused])];
  const pending = waiting.length === 0 ? '' : `${waiting.map(quoteSh).join('|')}) __polyenv_r=missing ;;\n`;
  return `# polyenv route 1
__polyenv_r=stale __polyenv_f=
${renderConditions(environment, stamps)}__polyenv_r=pass
${isEmpty(environment) ? 'return 0\n' : ''}${renderChoice(environment)}if [ "$__polyenv_f" ]; then
[ -x "$__polyenv_f" ] || { __polyenv_r=gone; return 0; }
${exportsSh(environment)}unset POLYENV_DEPTH
case :\${PATH-}: in *:${quoteSh(environment.shims)}:*) ;; *) export PATH=${quoteSh(environment.shims)}"\${PATH:+:$PATH}" ;; esac
exec "$__polyenv_f" "$@"
fi
case $__polyenv_t in
${pending}${renderFollowers(environment)}*) ;;
esac
`;
}

/** What another copy, to which the shim passes on, gets of the project. */
function renderFollowers({ followers = [] }: Environment): string {
  return followers.map(({ tool, variables }) => `${quoteSh(tool)})\n${variables.map(shLine).join('')};;\n`).join('');
}

/** Where nothing is routed, nothing more is looked at. */
function isEmpty({ runtimes, pending, variables, followers = [] }: Environment): boolean {
  return runtimes.length === 0 && followers.length === 0 && pending.length === 0 && variables.length === 0;
}

/** Sets `__polyenv_f`: what a trusted manifest puts first, else the runtimes' command, else one that was installed into the project. */
function renderChoice(environment: Environment): string {
  const own = `${renderInstalls(environment)}case $__polyenv_n in
${environment.runtimes.map(renderCommands).join('')}*)
${renderPrivate(environment)};;
esac
`;
  const leading = leadingFolders(environment);
  if (leading.length === 0) return own;
  return `${leading.map(renderFound).join('')}if [ -z "$__polyenv_f" ]; then\n${own}fi\n`;
}

/** For `eval` in sh, bash and zsh. */
export function renderEnvSh(environment: Environment): string {
  const folders = searchedFolders(environment).join(':');
  // With an empty entry PATH would mean the working folder.
  const path = folders === '' ? '' : `PATH=${quoteSh(folders)}"\${PATH:+:$PATH}"\nexport PATH\n`;
  return `${exportsSh(environment)}${path}`;
}

export function renderEnvFish(environment: Environment): string {
  const lines = environmentOps(environment).map(fishLine);
  const folders = searchedFolders(environment).map(quoteFish).join(' ');
  const path = folders === '' ? '' : `set -gx PATH ${folders} $PATH\n`;
  return `${lines.map((line) => `${line}\n`).join('')}set -gx POLYENV_ENV ${quoteFish(environment.directory)}\n${path}`;
}

/** Only what is set to one value: a `.env` file cannot extend or unset. */
export function renderDotenv(environment: Environment): string {
  return [...plainVariables(environment)].map(([name, value]) => `${name}=${quoteDotenv(value)}\n`).join('');
}

/** For `$GITHUB_ENV`: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings */
export function renderGithubEnv(environment: Environment): string {
  return [...plainVariables(environment)]
    .map(([name, value]) => {
      if (!/[\r\n]/.test(value)) return `${name}=${value}\n`;
      let end = 'POLYENV_END';
      while (value.includes(end)) end += '_';
      return `${name}<<${end}\n${value}\n${end}\n`;
    })
    .join('');
}

function plainVariables(environment: Environment): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  for (const op of environmentOps(environment)) {
    const { name } = op;
    if (op.op === 'prepend' || op.op === 'append' || op.op === 'unset' || name === OFFERED) continue;
    if (op.value !== undefined) set.set(name, op.value);
  }
  return set;
}

/** What stands in `env.json`, read back by polyenv itself: `prune`'s roots among it. */
export function renderEnvJson(environment: Environment): string {
  return `${JSON.stringify({ schema: 1, ...environment }, undefined, 1)}\n`;
}

function exportsSh(environment: Environment): string {
  const lines = environmentOps(environment).map(shLine);
  return `${lines.join('')}export POLYENV_ENV=${quoteSh(environment.directory)}\n`;
}

/** Every input with the stamp of its time. */
export function stampedInputs(
  { inputs }: Environment,
  stamps: string,
): readonly (readonly [file: string, stamp: string])[] {
  return inputs.map((file, index) => [file, `${stamps}/${index}`]);
}

/** What must still hold: for all runtimes line by line, then for the one that is asked for, which is all that a shim waits for. */
function renderConditions(environment: Environment, stamps: string): string {
  const { inputs, absences, traces, given = {} } = environment;
  const own = new Set(traces.flatMap((trace) => [...trace.inputs, ...trace.absences]));
  const line = (condition: string): string => `${condition} || return 0\n`;
  const stood = (file: string): string => line(stoodStill(environment, file, `${stamps}/${inputs.indexOf(file)}`));
  const gone = (file: string): string => line(`[ ! -e ${quoteSh(file)} ]`);
  const shared = [
    ...Object.entries(given).map(([name, value]) => line(`[ "\${${name}-}" = ${quoteSh(value)} ]`)),
    ...inputs.filter((file) => !own.has(file)).map(stood),
    ...absences.filter((file) => !own.has(file)).map(gone),
  ];
  const tools = tracedElsewhere(environment).map(({ tool }) => quoteSh(tool));
  const elsewhere =
    tools.length === 0
      ? ''
      : `case $__polyenv_t in
${tools.join('|')})
[ -f ${quoteSh(stamps)}/"$__polyenv_t.sh" ] || return 0
. ${quoteSh(stamps)}/"$__polyenv_t.sh"
[ "$__polyenv_r" = traced ] || return 0 ;;
esac
`;
  const single = traces
    .filter(({ tool }) => isRouted(environment, tool))
    .filter((trace) => trace.inputs.length + trace.absences.length > 0)
    .map(
      (trace) =>
        `if [ "$__polyenv_t" = ${quoteSh(trace.tool)} ]; then\n${[...trace.inputs.map(stood), ...trace.absences.map(gone)].join('')}fi\n`,
    );
  return [...shared, ...single, elsewhere].join('');
}

function isRouted({ runtimes }: Environment, tool: ToolId): boolean {
  return runtimes.some((runtime) => runtime.tool === tool);
}

/** A shell parses what it sources whole: what concerns runtimes that nothing routes here stands in files of their own. */
function tracedElsewhere(environment: Environment): Environment['traces'] {
  return environment.traces.filter(
    (trace) => trace.inputs.length + trace.absences.length > 0 && !isRouted(environment, trace.tool),
  );
}

/** Those files, by name, to lie beside the stamps: each leaves `traced` in `__polyenv_r` if all that it names still holds. */
export function renderTraces(environment: Environment, stamps: string): Readonly<Record<string, string>> {
  const { inputs } = environment;
  const line = (condition: string): string => `${condition} || return 0\n`;
  const files = tracedElsewhere(environment).map(({ tool, inputs: own, absences }) => {
    const stood = own.map((file) => line(stoodStill(environment, file, `${stamps}/${inputs.indexOf(file)}`)));
    const gone = absences.map((file) => line(`[ ! -e ${quoteSh(file)} ]`));
    return [`${tool}.sh`, `# polyenv trace 1\n${[...stood, ...gone].join('')}__polyenv_r=traced\n`] as const;
  });
  return Object.fromEntries(files);
}

/** An input is as it was when its time is neither newer nor older than its stamp's: times move backwards too. */
export function stoodStill({ folders = [] }: Pick<Environment, 'folders'>, file: string, stampFile: string): string {
  const [input, stamp] = [quoteSh(file), quoteSh(stampFile)];
  return `[ ${folders.includes(file) ? '-d' : '-f'} ${input} ] && [ -f ${stamp} ] && [ ! ${input} -nt ${stamp} ] && [ ! ${input} -ot ${stamp} ]`;
}

/** Global installs, which polyenv itself must see: the first word that is no option, and the flags that make it one. */
function renderInstalls({ runtimes }: Environment): string {
  const installs = runtimes.flatMap((runtime) => runtime.installs).filter(({ command }) => isCommandName(command));
  if (installs.length === 0) return '';
  const cases = installs.map(({ command, words, flags }) => {
    const calls = words.map((word) => quoteSh(`${command}:${word}`)).join('|');
    const hit = '__polyenv_r=installs; return 0';
    if (flags.length === 0) return `${calls}) ${hit} ;;\n`;
    return `${calls}) case $__polyenv_g in ${flags.map((flag) => `*${quoteSh(` ${flag} `)}*`).join('|')}) ${hit} ;; esac ;;\n`;
  });
  return `case $__polyenv_n in
${[...new Set(installs.map(({ command }) => quoteSh(command)))].join('|')})
__polyenv_g= __polyenv_w=
for __polyenv_a in "$@"; do
case $__polyenv_a in
-*) __polyenv_g="$__polyenv_g $__polyenv_a " ;;
*) [ "$__polyenv_w" ] || __polyenv_w=$__polyenv_a ;;
esac
done
case $__polyenv_n:$__polyenv_w in
${cases.join('')}esac ;;
esac
`;
}

function renderCommands(runtime: RoutedRuntime): string {
  const { overlay } = runtime;
  return Object.entries(runtime.commands)
    .filter(([name]) => isCommandName(name) && !(overlay?.refused && overlay.commands.includes(name)))
    .map(([name, file]) => {
      const own = overlay?.ready && overlay.commands.includes(name) ? overlayCommand(overlay, name) : file;
      const anew = ownReplacements(runtime, name).map((other) => {
        const path = quoteSh(other);
        return `; [ ! -x ${path} ] || __polyenv_f=${path}`;
      });
      // What the overlay lacks is polyenv's to tell, not another copy's to answer.
      return `${quoteSh(name)}) ${own === undefined ? '__polyenv_r=missing' : `__polyenv_f=${quoteSh(own)}${anew.join('')}`} ;;\n`;
    })
    .join('');
}

/** Where an installer that was told to install another version of itself (`npm i -g npm`) has put it, for this project alone. */
export function ownReplacements({ tool, installs, bins, overlay }: RoutedRuntime, name: string): readonly string[] {
  const itself = installs.some(({ command, flags }) => command === name && flags.length > 0);
  return itself && name !== tool && overlay === undefined ? bins.map((bin) => `${bin}/${name}`) : [];
}

/** Commands that were installed into the project later are found without compiling anew. */
function renderPrivate(environment: Environment): string {
  return privateFolders(environment).map(renderFound).join('');
}

/** Takes the command from the folder, if nothing was found before. */
function renderFound(folder: string): string {
  const file = `${quoteSh(folder)}/"$__polyenv_n"`;
  return `[ "$__polyenv_f" ] || [ ! -x ${file} ] || [ ! -f ${file} ] || __polyenv_f=${file}\n`;
}

/** A plain file name that no shell pattern or option can be mistaken for. */
export function isCommandName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$/.test(name);
}

function shLine(op: EnvOp): string {
  if (op.op === 'unset') return `unset ${op.name}\n`;
  if (op.op === 'default') return defaultSh(op);
  const value = quoteSh(op.value);
  if (op.op === 'set') return `export ${op.name}=${value}\n`;
  if (op.value === '') return `export ${op.name}="\${${op.name}-}"\n`;
  const both =
    op.op === 'prepend' ? `${value}"\${${op.name}:+:$${op.name}}"` : `"\${${op.name}:+$${op.name}:}"${value}`;
  return `export ${op.name}=${both}\n`;
}

/** Sets or takes away what the caller did not set: see `DefaultVariable`. */
function defaultSh(op: DefaultVariable): string {
  const { name, value, after = [] } = op;
  const set = value === undefined ? `unset ${name}` : `export ${name}=${quoteSh(value)}`;
  if (op.ours === 'listed')
    return `case \${${name}+x}\${${OFFERED}-} in ''|[!x]*|x*"|${name}=\${${name}-}|"*) ${set} ;; esac\n`;
  const derived = after.reduceRight(
    (inner, one) => `case \${${one}-} in ${patternsOf(op, one)}) ${inner} ;; *) unset ${name} ;; esac`,
    set,
  );
  return `case \${${name}-} in ${patternsOf(op, name)}) ${derived} ;; esac\n`;
}

function patternsOf(op: DefaultVariable, name: string): string {
  const patterns = oursOf(op, name).map((one) => (one.endsWith('*') ? `${quoteSh(one.slice(0, -1))}*` : quoteSh(one)));
  return ["''", ...patterns].join('|');
}

function defaultFish(op: DefaultVariable): string {
  const { name, value, after = [] } = op;
  const set = value === undefined ? `set -e ${name}` : `set -gx ${name} ${quoteFish(value)}`;
  if (op.ours === 'listed')
    return `if not set -q ${name}; or contains -- "${name}=$${name}" (string split -- '|' "$${OFFERED}"); ${set}; end`;
  const derived = after.reduceRight(
    (inner, one) => `${matchesFish(op, one)}; and begin; ${inner}; end; or set -e ${name}`,
    set,
  );
  return `${matchesFish(op, name)}; and begin; ${derived}; end`;
}

/** Whether a variable is not the caller's, in fish. */
function matchesFish(op: DefaultVariable, name: string): string {
  const tests = oursOf(op, name).map((one) =>
    one.endsWith('*')
      ? `string match -q -- ${quoteFish(one.slice(0, -1).replace(/[\\*?]/g, '\\$&'))}'*' "$${name}"`
      : `test "$${name}" = ${quoteFish(one)}`,
  );
  return `begin; test -z "$${name}"; ${tests.map((test) => `or ${test}; `).join('')}end`;
}

/** PATH is a list in fish, other variables are texts: without a command substitution, which would split them at line breaks. */
function fishLine(op: EnvOp): string {
  if (op.op === 'unset') return `set -e ${op.name}`;
  if (op.op === 'default') return defaultFish(op);
  const value = quoteFish(op.value);
  if (op.op === 'set') return `set -gx ${op.name} ${value}`;
  const before = op.op === 'prepend';
  if (op.name === 'PATH') return op.value === '' ? '' : `set -gx PATH ${before ? `${value} $PATH` : `$PATH ${value}`}`;
  const old = `"$${op.name}"`;
  if (op.value === '') return `set -gx ${op.name} ${old}`;
  const both = before ? `${value}:${old}` : `${old}:${value}`;
  return `test -n ${old}; and set -gx ${op.name} ${both}; or set -gx ${op.name} ${value}`;
}
