import type { Runtime } from '../../domain/runtime/runtime';
import type { Host } from '../../host';

/** What the caller's variables ask for: `POLYENV_NODE=18`, else the ecosystem's own. */
export function askedByCaller(
  env: Host['env'],
  { id, overrides = [] }: Pick<Runtime, 'id' | 'overrides'>,
): { readonly text: string; readonly variable: string } | undefined {
  const own = { variable: `POLYENV_${id.toUpperCase()}`, request: (value: string) => value };
  for (const { variable, request } of [own, ...overrides]) {
    const value = env[variable];
    const text = value === undefined || value === '' ? undefined : request(value);
    if (text !== undefined) return { text, variable };
  }
  return undefined;
}
