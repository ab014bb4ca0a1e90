import { setTimeout as sleep } from 'node:timers/promises';
import type { Lifecycle } from '../../domain/runtime/advice';
import { lifecycleOf, withLines } from '../../domain/runtime/lifecycle';
import type { Runtime } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

/** The runtime's lines, as its vendor has them, with what was last heard of their ends. Never asks the network. */
export async function keptLifecycle(
  ctx: Context,
  runtime: Runtime,
  vendor: string | undefined,
): Promise<Lifecycle | undefined> {
  const lifecycle = lifecycleOf(runtime, vendor);
  const { openNetwork } = await import('../base/network');
  const quiet = { ...ctx, settings: { ...ctx.settings, offline: true }, emit: () => undefined };
  return (await published(lifecycle, () => openNetwork(quiet))) ?? lifecycle;
}

/**
 * The same, asked anew where what was heard is old: for verbs that ask the network anyway. What takes longer than a
 * moment, or fails, is not waited for: the dates that are known do.
 */
export async function freshLifecycle(
  ctx: Context,
  runtime: Runtime,
  vendor: string | undefined,
): Promise<Lifecycle | undefined> {
  const lifecycle = lifecycleOf(runtime, vendor);
  if (ctx.settings.offline || lifecycle?.published === undefined) return keptLifecycle(ctx, runtime, vendor);
  const late = new AbortController();
  const kept = sleep(PATIENCE, undefined, { signal: late.signal }).then(() => keptLifecycle(ctx, runtime, vendor));
  kept.catch(() => undefined);
  try {
    const fresh = await Promise.race([published(lifecycle, () => ctx.network()), kept]);
    return fresh ?? (await keptLifecycle(ctx, runtime, vendor));
  } finally {
    late.abort();
  }
}

/** Milliseconds. */
const PATIENCE = 1500;

/** With what is published; `undefined` where that cannot be had. */
async function published(
  lifecycle: Lifecycle | undefined,
  open: () => ReturnType<Context['network']>,
): Promise<Lifecycle | undefined> {
  if (lifecycle?.published === undefined) return undefined;
  const { url, decode } = lifecycle.published;
  try {
    const { upstream } = await open();
    return withLines(lifecycle, await upstream.json(url, decode));
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}
