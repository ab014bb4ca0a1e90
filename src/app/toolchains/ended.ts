import { endOfLine, type LineEnd } from '../../domain/runtime/lifecycle';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { keptLifecycle } from './lifecycles';

export interface Note {
  readonly text: string;
  readonly hint?: string;
}

/** What is to be said of versions whose line has no support any more, with the line to go to. Never asks the network. */
export async function endedNotes(
  ctx: Context,
  chosen: readonly { readonly runtime: Runtime; readonly version: Version }[],
): Promise<readonly Note[]> {
  if (ctx.settings.endOfLife === 'ignore') return [];
  const notes = await Promise.all(
    chosen.map(async ({ runtime, version }): Promise<readonly Note[]> => {
      const found = await endedLine(ctx, runtime, version);
      return found === undefined ? [] : [{ text: wordsOf(runtime, found), hint: hintOf(runtime, found) }];
    }),
  );
  return notes.flat();
}

/** Throws `request-unsupported` for a line without support, where the person or the organisation wants none. */
export async function refuseEnded(ctx: Context, runtime: Runtime, version: Version): Promise<void> {
  if (ctx.settings.endOfLife !== 'refuse') return;
  const found = await endedLine(ctx, runtime, version);
  if (found === undefined) return;
  throw new PolyenvError('request-unsupported', `${wordsOf(runtime, found)}, and release.end_of_life is refuse`, {
    hint: hintOf(runtime, found),
  });
}

async function endedLine(ctx: Context, runtime: Runtime, version: Version): Promise<LineEnd | undefined> {
  const lifecycle = await keptLifecycle(ctx, runtime);
  const today = ctx.host.now().toISOString().slice(0, 10);
  const found = lifecycle === undefined ? undefined : endOfLine(lifecycle, version, today);
  return found?.state === 'ended' ? found : undefined;
}

function wordsOf({ title }: Runtime, { line, end, next }: LineEnd): string {
  return `${title} ${line} has had no support since ${end}${next === undefined ? '' : `; the line to go to is ${next}`}`;
}

function hintOf({ id }: Runtime, { next }: LineEnd): string {
  return next === undefined ? `polyenv ls-remote ${id}` : `polyenv use ${id}@${next}`;
}
