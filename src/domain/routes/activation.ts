import { printable } from '../words/printable';
import { quoteFish, quoteSh } from '../words/shell-quote';
import { type Environment, stampedInputs } from './environment';
import { environmentOps } from './environment-variables';
import { privateFolders } from './path-folders';
import { stoodStill } from './route-script';

/**
 * `hook.sh` and `hook.fish`: what an activated shell does on entering a folder, as calls of the functions of
 * `src/shim/activate.*`, which remember how to undo each. Sourced; says by `__polyenv_r` whether what it was compiled from
 * still stands. `id` names the content: a shell that has applied it does nothing.
 */
export function renderHookSh(environment: Environment, stamps: string, id: string): string {
  const inputs = stampedInputs(environment, stamps);
  const gone = environment.absences.map(quoteSh);
  return `# polyenv hook 1
__polyenv_r=stale
${inputs.map(([file, stamp]) => `${stoodStill(environment, file, stamp)} || return 0\n`).join('')}${gone.map((file) => `[ ! -e ${file} ] || return 0\n`).join('')}${toolchains(
  environment,
)
  .map((root) => `[ -d ${quoteSh(root)} ] || return 0\n`)
  .join('')}__polyenv_r=ready
__polyenv_pairs=(${inputs.length === 0 ? '/' : inputs.flat().map(quoteSh).join(' ')})
[ "$__polyenv_id" != ${id} ] || return 0
__polyenv_begin ${id} ${quoteSh(environment.directory)}
${steps(environment)
  .map(({ word, values }) => `__polyenv_${word} ${values.map(quoteSh).join(' ')}\n`)
  .join('')}return 0
`;
}

/** `return` would end the function that sources this: conditions stand around what they guard. */
export function renderHookFish(environment: Environment, stamps: string, id: string): string {
  const inputs = stampedInputs(environment, stamps).map((pair) => pair.map(quoteFish));
  const folders = new Set(environment.folders?.map(quoteFish));
  const conditions = [
    'true',
    ...inputs.map(
      ([file, stamp]) =>
        `test ${folders.has(file ?? '') ? '-d' : '-f'} ${file} -a -f ${stamp} -a ! ${file} -nt ${stamp} -a ! ${file} -ot ${stamp}`,
    ),
    ...environment.absences.map((file) => `test ! -e ${quoteFish(file)}`),
    ...toolchains(environment).map((root) => `test -d ${quoteFish(root)}`),
  ];
  return `# polyenv hook 1
set -g __polyenv_r stale
if ${conditions.join('\n    and ')}
    set -g __polyenv_r ready
    set -g __polyenv_pairs ${inputs.flat().join(' ')}
    if test "$__polyenv_id" != ${id}
        __polyenv_begin ${id} ${quoteFish(environment.directory)}
${steps(environment)
  .map(({ word, values }) => `        __polyenv_${word} ${values.map(quoteFish).join(' ')}\n`)
  .join('')}    end
end
`;
}

function toolchains({ runtimes }: Environment): readonly string[] {
  return [...new Set(runtimes.map(({ toolchain }) => toolchain))];
}

interface Step {
  readonly word: string;
  readonly values: readonly string[];
}

/** Commands go by the shims, which know of one-off versions and of `cd other && command`; variables and private folders stand in the shell. */
function steps(environment: Environment): readonly Step[] {
  const variables = environmentOps(environment).flatMap((op): readonly Step[] => {
    if (op.op === 'unset') return [{ word: 'unset', values: [op.name] }];
    // The shims do it for each call.
    if (op.op === 'limit') return [];
    // What stands in a shell is no word for one call: shims see what a call sets beside it.
    if (op.op === 'default') {
      return [
        op.value === undefined ? { word: 'unset', values: [op.name] } : { word: 'set', values: [op.name, op.value] },
      ];
    }
    if (op.name !== 'PATH') return [{ word: op.op, values: [op.name, op.value] }];
    // PATH would read a colon as the end of a folder, and an empty one as the working folder.
    if (op.op === 'set' || op.value === '' || op.value.includes(':')) return [];
    return [{ word: op.op === 'prepend' ? 'path_first' : 'path_last', values: [op.value] }];
  });
  const folders = [environment.shims, ...privateFolders(environment)].filter((folder) => !folder.includes(':'));
  return [
    ...variables,
    ...[...new Set(folders)].toReversed().map((folder) => ({ word: 'path_first', values: [folder] })),
    ...(environment.notes ?? []).map((note) => ({ word: 'note', values: [printable(note)] })),
  ];
}
