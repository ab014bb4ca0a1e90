import { quoteSh } from '../words/shell-quote';
import type { ToolId } from '../words/tool-id';
import type { Environment, RoutedToolchain } from './environment';
import { leadingFolders, privateFolders } from './path-folders';
import { overlayCommand } from './routed-overlay';
import { exportsSh, shLine } from './shell-variables';

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
${pending}${renderFollowers(environment)}${renderRouted(environment)}*) ;;
esac
`;
}

/** What another copy, to which the shim passes on, gets of the project. */
function renderFollowers({ followers = [] }: Environment): string {
  return followers.map(({ tool, variables }) => `${quoteSh(tool)})\n${variables.map(shLine).join('')};;\n`).join('');
}

/** A command that a decided runtime does not bring may be another copy's; where there is none, the shim says whose it is not. */
function renderRouted({ runtimes, pending }: Environment): string {
  const tools = runtimes.map(({ tool }) => tool).filter((tool) => !pending.includes(tool));
  return tools.length === 0 ? '' : `${tools.map(quoteSh).join('|')}) __polyenv_u=x ;;\n`;
}

/** Where nothing is routed, nothing more is looked at. */
function isEmpty({ runtimes, pending, variables, followers = [] }: Environment): boolean {
  return runtimes.length === 0 && followers.length === 0 && pending.length === 0 && variables.length === 0;
}

/** Sets `__polyenv_f`: what a trusted manifest puts first, else the runtimes' command, else one that was installed into the project. */
function renderChoice(environment: Environment): string {
  const own = `${renderInstalls(environment)}case $__polyenv_n in
${environment.runtimes.map(renderCommands).join('')}${renderClaimed(environment)}*)
${renderPrivate(environment)};;
esac
`;
  const leading = leadingFolders(environment);
  if (leading.length === 0) return own;
  return `${leading.map(renderFound).join('')}if [ -z "$__polyenv_f" ]; then\n${own}fi\n`;
}

/** Commands of a pinned runtime that is not ready: the one that brings them too must not answer. */
function renderClaimed({ claims = [], pending }: Environment): string {
  return claims
    .filter(({ tool }) => pending.includes(tool))
    .map(({ commands }) => `${commands.map(quoteSh).join('|')}) __polyenv_r=missing ;;\n`)
    .join('');
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
  const claimed = (environment.claims ?? [])
    .filter((claim) => claim.inputs.length + claim.absences.length > 0)
    .map(
      (claim) =>
        `case $__polyenv_n in\n${claim.commands.map(quoteSh).join('|')})\n${[...claim.inputs.map(stood), ...claim.absences.map(gone)].join('')};;\nesac\n`,
    );
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
  return [...shared, ...single, ...claimed, elsewhere].join('');
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

function renderCommands(runtime: RoutedToolchain): string {
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
export function ownReplacements(
  { tool, commands, installs, bins, overlay }: RoutedToolchain,
  name: string,
): readonly string[] {
  const itself =
    Object.hasOwn(commands, name) && installs.some(({ command, flags }) => command === name && flags.length > 0);
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
