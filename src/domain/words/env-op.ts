import { present } from './present';

/** One change of an environment as data, so that it can be rendered for any shell and undone. */
export type EnvOp =
  | { readonly op: 'set' | 'prepend' | 'append'; readonly name: string; readonly value: string }
  | { readonly op: 'unset'; readonly name: string }
  | { readonly op: 'limit'; readonly name: string; readonly most: number }
  | DefaultVariable;

/** A variable that gives way to what the caller set for the call. */
export interface DefaultVariable {
  readonly op: 'default';
  readonly name: string;
  /** Absent: the variable is taken away. */
  readonly value?: string;
  /** Where the caller set one of these, the tool derives this one from it: then it is taken away. */
  readonly after?: readonly string[];
  /**
   * Values that are not the caller's word for this call: polyenv's own, of an outer project too, and what stands in the
   * person's start-up files. One that ends with `*` means all that begin so. Filled in by who knows the home.
   * `listed`: those that `OFFERED` lists, for values by which polyenv cannot be known; an empty one is then the caller's.
   */
  readonly ours?: Readonly<Record<string, readonly string[]>> | 'listed';
}

export function setVariable(name: string, value: string): EnvOp {
  return { op: 'set', name, value };
}

export function unsetVariable(name: string): EnvOp {
  return { op: 'unset', name };
}

/** Where the caller's value is a greater number, this one takes its place. */
export function limitVariable(name: string, most: number): EnvOp {
  return { op: 'limit', name, most };
}

/** Sets the variable, or takes it away where no value is given, unless the caller set it, or one of `after`, for the call. */
export function defaultVariable(name: string, value?: string, after?: readonly string[]): EnvOp {
  return { op: 'default', name, ...present({ value, after }) };
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
  const offers = all.map(([name, value]): EnvOp => ({ op: 'default', name, value, ours: 'listed' }));
  return [...offers, setVariable(OFFERED, `|${listed}`)];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The environment after the operations, `prepend` and `append` joining with `:`. The input is not changed. */
export function applyEnvOps(env: Variables, ops: readonly EnvOp[]): Record<string, string | undefined> {
  const result: Record<string, string | undefined> = { ...env };
  for (const op of ops) {
    if (op.op === 'unset') delete result[op.name];
    else if (op.op === 'set') result[op.name] = op.value;
    else if (op.op === 'limit') {
      const value = result[op.name] ?? '';
      if (/^\d+$/.test(value) && Number(value) > op.most) result[op.name] = `${op.most}`;
    } else if (op.op === 'default') {
      if (isCallers(op, op.name, env)) continue;
      const derived = (op.after ?? []).some((name) => isCallers(op, name, env));
      if (op.value === undefined || derived) delete result[op.name];
      else result[op.name] = op.value;
    } else {
      const before = result[op.name];
      const both = op.op === 'prepend' ? [op.value, before] : [before, op.value];
      result[op.name] = both.filter((part) => part !== undefined && part !== '').join(':');
    }
  }
  return result;
}

/** Whether the variable has a value that is the caller's own word. */
export function isCallers(op: DefaultVariable, name: string, env: Variables): boolean {
  const value = env[name];
  if (op.ours === 'listed') return value !== undefined && env[OFFERED]?.includes(`|${name}=${value}|`) !== true;
  if (value === undefined || value === '') return false;
  return !oursOf(op, name).some((one) => (one.endsWith('*') ? value.startsWith(one.slice(0, -1)) : value === one));
}

/** Values of the variable that are not the caller's, where they are known by themselves. */
export function oursOf(op: DefaultVariable, name: string): readonly string[] {
  const own = name === op.name && op.value !== undefined ? [op.value] : [];
  return [...own, ...((op.ours !== 'listed' && op.ours?.[name]) || [])];
}
