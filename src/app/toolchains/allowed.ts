import type { Context } from '../base/context';

/** Whether `sources.allowed` lets this source be used. */
export function isAllowed(ctx: Context, source: string): boolean {
  const { sourcesAllowed } = ctx.settings;
  return sourcesAllowed.length === 0 || sourcesAllowed.includes(source);
}
