import { askingVariables } from '../../domain/pins/files/of-runtime';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';

/** The variable that asks for a version of a runtime for this once: `POLYENV_NODE`. */
export function overrideVariable(tool: string): string {
  return `POLYENV_${tool.toUpperCase()}`;
}

/** As if, of all variables by which a call asks for something else, only these were set: what holds for this once stands in no other route. */
export async function onlyAsked(ctx: Context, kept: readonly string[]): Promise<Context> {
  const { env } = ctx.host;
  const names = (await loadRuntimes()).flatMap(askingVariables).filter((name) => !kept.includes(name) && env[name]);
  if (names.length === 0) return ctx;
  const without = Object.fromEntries(names.map((name) => [name, undefined]));
  return { ...ctx, host: { ...ctx.host, env: { ...env, ...without } } };
}
