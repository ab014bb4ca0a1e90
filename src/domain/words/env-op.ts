/** One change of an environment as data, so that it can be rendered for any shell and undone. */
export type EnvOp =
  | { readonly op: 'set' | 'prepend' | 'append'; readonly name: string; readonly value: string }
  /** Set, unless who calls has set it to something of their own: what `OFFERED` lists is polyenv's. */
  | { readonly op: 'offer'; readonly name: string; readonly value: string }
  | { readonly op: 'unset'; readonly name: string };

export function setVariable(name: string, value: string): EnvOp {
  return { op: 'set', name, value };
}

export function unsetVariable(name: string): EnvOp {
  return { op: 'unset', name };
}

/** A name that every shell accepts: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(name);
}

/** Holds what polyenv offered to whom it started, as `|NAME=value|NAME=value|`: a nested call tells by it what is the caller's own. */
export const OFFERED = 'POLYENV_OFFERED';

/** The operations that offer the variables, and say so. */
export function offerVariables(variables: Readonly<Record<string, string>>): readonly EnvOp[] {
  const all = Object.entries(variables);
  if (all.length === 0) return [];
  const listed = all.map(([name, value]) => `${name}=${value}|`).join('');
  return [...all.map(([name, value]): EnvOp => ({ op: 'offer', name, value })), setVariable(OFFERED, `|${listed}`)];
}

/** Whether a variable stands in an environment by the caller's own will. */
function isOwn(env: Readonly<Record<string, string | undefined>>, name: string): boolean {
  const value = env[name];
  return value !== undefined && env[OFFERED]?.includes(`|${name}=${value}|`) !== true;
}

/** The environment after the operations, `prepend` and `append` joining with `:`. The input is not changed. */
export function applyEnvOps(
  env: Readonly<Record<string, string | undefined>>,
  ops: readonly EnvOp[],
): Record<string, string | undefined> {
  const result = { ...env };
  for (const op of ops) {
    if (op.op === 'unset') delete result[op.name];
    else if (op.op === 'set') result[op.name] = op.value;
    else if (op.op === 'offer') result[op.name] = isOwn(result, op.name) ? result[op.name] : op.value;
    else {
      const before = result[op.name];
      const both = op.op === 'prepend' ? [op.value, before] : [before, op.value];
      result[op.name] = both.filter((part) => part !== undefined && part !== '').join(':');
    }
  }
  return result;
}
