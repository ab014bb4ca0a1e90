import { createHash } from 'node:crypto';
import { renderHookFish, renderHookSh } from '../../domain/routes/activation';
import type { Environment } from '../../domain/routes/environment';

export const HOOKS = ['hook.sh', 'hook.fish'] as const;
/** What activated shells source, by file name. */
export function renderHooks(
  environment: Environment,
  stamps: string,
): Readonly<Record<(typeof HOOKS)[number], string>> {
  const id = createHash('sha256')
    .update(renderHookSh(environment, stamps, ''))
    .digest('hex')
    .slice(0, 16);
  return { 'hook.sh': renderHookSh(environment, stamps, id), 'hook.fish': renderHookFish(environment, stamps, id) };
}
