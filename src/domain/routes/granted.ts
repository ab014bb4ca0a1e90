import type { EnvOp } from '../words/env-op';

/** The variable by which `polyenv shell` tells its shell's prompt what came by trust. */
export const GRANTED_VARIABLE = 'POLYENV_GRANTED';

const SEPARATOR = '\u001e';

/**
 * What trusted manifests set in a shell, as `src/shim/activate.*` take it back when trust ends: the records of that trust, then each
 * variable with what the caller had, in the words of their own list. `undefined` where nothing came by trust.
 */
export function renderGranted(
  { variables, records }: { readonly variables: readonly EnvOp[]; readonly records: readonly string[] },
  before: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (variables.length === 0 || records.length === 0) return undefined;
  const items = variables.map((op): string => {
    if (op.name === 'PATH' && (op.op === 'prepend' || op.op === 'append')) {
      return `${op.op === 'prepend' ? 'f' : 'l'}${encode(op.value)}`;
    }
    const old = before[op.name];
    return old === undefined ? `u${op.name}=` : `x${op.name}=${encode(old)}`;
  });
  return [...records.map((record) => `t${encode(record)}`), ...new Set(items)].join(SEPARATOR);
}

function encode(text: string): string {
  return text.replaceAll('%', '%p').replaceAll(SEPARATOR, '%r').replaceAll('\n', '%n');
}
