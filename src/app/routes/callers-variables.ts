import { type StandingVariable, standingVariables } from '../../adapters/system/standing-variables';
import type { DefaultVariable, EnvOp } from '../../domain/words/env-op';
import type { Context } from '../base/context';

/**
 * The changes with what is not the caller's word for one call: values in polyenv's home, which an outer call of polyenv set,
 * and those that the person's start-up files give to every call.
 */
export function withOurs(ctx: Context, ops: readonly EnvOp[]): readonly EnvOp[] {
  const standing = standingFor(ctx, ops);
  return ops.map((op) => {
    if (op.op !== 'default' || op.ours === 'listed') return op;
    const ours = namesOf(op).map((name) => {
      const values = standing.filter((one) => one.name === name).map(({ value }) => value);
      return [name, [`${ctx.home.homes}/*`, ...new Set(values)]] as const;
    });
    return { ...op, ours: Object.fromEntries(ours) };
  });
}

/** The person's variables, those that a call may change as the start-up files have them: what is made from them outlasts the call. */
export function lastingVariables(ctx: Context, ops: readonly EnvOp[]): Context['host']['env'] {
  const names = [...new Set(ops.flatMap((op) => (op.op === 'default' ? namesOf(op) : [])))];
  if (names.length === 0) return ctx.host.env;
  const standing = standingFor(ctx, ops);
  const lasting = names.map((name) => [name, standing.findLast((one) => one.name === name)?.value] as const);
  return { ...ctx.host.env, ...Object.fromEntries(lasting) };
}

/** Where start-up files set a variable that a runtime would set for a project. */
function standingFor(ctx: Context, ops: readonly EnvOp[]): readonly StandingVariable[] {
  const names = ops.flatMap((op) => (op.op === 'default' ? namesOf(op) : []));
  return names.length === 0 ? [] : standingVariables(ctx.host, names);
}

function namesOf(op: DefaultVariable): readonly string[] {
  return [op.name, ...(op.after ?? [])];
}
