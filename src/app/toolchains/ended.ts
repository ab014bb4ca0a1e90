import { endOfLine, type LineEnd } from '../../domain/runtime/lifecycle';
import type { Runtime } from '../../domain/runtime/runtime';
import { vendorsOf } from '../../domain/versions/vendors';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { keptLifecycle } from './lifecycles';

export interface Note {
  readonly text: string;
  readonly hint?: string;
}

/** What is to be said of versions whose line has no support any more, with the line to go to. Never asks the network. */
export async function endedNotes(
  ctx: Context,
  chosen: readonly (Built & { readonly runtime: Runtime })[],
): Promise<readonly Note[]> {
  if (ctx.settings.endOfLife === 'ignore') return [];
  const notes = await Promise.all(
    chosen.map(async ({ runtime, ...built }): Promise<readonly Note[]> => {
      const found = await endedLine(ctx, runtime, built);
      return found === undefined ? [] : [{ text: wordsOf(runtime, found), hint: hintOf(runtime, found) }];
    }),
  );
  return notes.flat();
}

/** Throws `request-unsupported` for a line without support, where the person or the organisation wants none. */
export async function refuseEnded(ctx: Context, runtime: Runtime, built: Built): Promise<void> {
  if (ctx.settings.endOfLife !== 'refuse') return;
  const found = await endedLine(ctx, runtime, built);
  if (found === undefined) return;
  throw new PolyenvError('request-unsupported', `${wordsOf(runtime, found)}, and release.end_of_life is refuse`, {
    hint: hintOf(runtime, found),
  });
}

/** A version, and who built it. */
interface Built {
  readonly version: Version;
  readonly vendor?: string | undefined;
}

type Ended = LineEnd & { readonly vendor?: string };

async function endedLine(ctx: Context, runtime: Runtime, { version, vendor }: Built): Promise<Ended | undefined> {
  const lifecycle = await keptLifecycle(ctx, runtime, vendor);
  const today = ctx.host.now().toISOString().slice(0, 10);
  const found = lifecycle === undefined ? undefined : endOfLine(lifecycle, version, today);
  return found?.state === 'ended' ? { ...found, ...present({ vendor: notUsual(runtime, vendor) }) } : undefined;
}

function wordsOf({ title }: Runtime, { line, end, next, vendor }: Ended): string {
  const what = `${title} ${line}${vendor === undefined ? '' : ` by ${vendor}`}`;
  return `${what} has had no support since ${end}${next === undefined ? '' : `; the line to go to is ${next}`}`;
}

function hintOf({ id }: Runtime, { next, vendor }: Ended): string {
  return next === undefined ? `polyenv ls-remote ${id}` : `polyenv use ${id}@${lineBy(vendor, next)}`;
}

/** The vendor where it has to be named. */
export function notUsual(runtime: Runtime, vendor: string | undefined): string | undefined {
  return vendor === vendorsOf(runtime)[0] ? undefined : vendor;
}

/** A line in a request: `21`, `corretto-21`. */
export function lineBy(vendor: string | undefined, line: string): string {
  return vendor === undefined ? line : `${vendor}-${line}`;
}
