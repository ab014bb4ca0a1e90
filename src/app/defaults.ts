import { changeSetting } from '../adapters/settings';
import type { Context } from './context';
import { parseWishes } from './wishes';

/** Sets the person's versions for where no project decides; returns all of them. */
export async function setDefaultVersions(
  ctx: Context,
  texts: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const wishes = await parseWishes(texts);
  let all = ctx.settings.defaults;
  for (const { runtime, request } of wishes) {
    const { value } = await changeSetting(ctx.host, { name: `defaults.${runtime.id}`, value: request.text });
    all = value as Readonly<Record<string, string>>;
  }
  return all;
}
