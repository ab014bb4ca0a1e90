import { setTimeout as sleep } from 'node:timers/promises';
import type { Lifecycle } from '../../domain/runtime/advice';
import { withLines } from '../../domain/runtime/lifecycle';
import type { Runtime } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

/** The runtime's lines with what was last heard of their ends. Never asks the network. */
export async function keptLifecycle(ctx: Context, runtime: Runtime): Promise<Lifecycle | undefined> {
  const { openNetwork } = await import('../base/network');
  const quiet = { ...ctx, settings: { ...ctx.settings, offline: true }, emit: () => undefined };
  return (await published(runtime, () => openNetwork(quiet))) ?? runtime.advice?.lifecycle;
}

/**
 * The same, asked anew where what was heard is old: for verbs that ask the network anyway. What takes longer than a
 * moment, or fails, is not waited for: the dates that are known do.
 */
export async function freshLifecycle(ctx: Context, runtime: Runtime): Promise<Lifecycle | undefined> {
  if (ctx.settings.offline || runtime.advice?.lifecycle?.published === undefined) return keptLifecycle(ctx, runtime);
  const late = new AbortController();
  const kept = sleep(PATIENCE, undefined, { signal: late.signal }).then(() => keptLifecycle(ctx, runtime));
  kept.catch(() => undefined);
  try {
    return (await Promise.race([published(runtime, () => ctx.network()), kept])) ?? (await keptLifecycle(ctx, runtime));
  } finally {
    late.abort();
  }
}

/** Milliseconds. */
const PATIENCE = 1500;

/** With what is published; `undefined` where that cannot be had. */
async function published(runtime: Runtime, open: () => ReturnType<Context['network']>): Promise<Lifecycle | undefined> {
  const lifecycle = runtime.advice?.lifecycle;
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
