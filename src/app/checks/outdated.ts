import { lineAt } from '../../domain/runtime/lifecycle';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Release } from '../../domain/versions/release';
import type { ToolRequest } from '../../domain/versions/request';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Origin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { findProject } from '../project/project';
import { decidedToolchainsOf } from '../routes/compile';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { freshLifecycle } from '../toolchains/lifecycles';
import { newestRelease } from '../toolchains/releases';

/** How what a project uses compares with what there is. Versions are absent where they are not known. */
export interface Comparison {
  readonly tool: string;
  readonly request: string;
  readonly from: Origin;
  /** As locked, else as it is installed. */
  readonly current?: Version;
  /** The newest that answers the request. */
  readonly wanted?: Version;
  /** The newest stable one of the same vendor and variant. */
  readonly latest?: Version;
  /** Of the current line: `2026-04-30`; absent where no end is set. */
  readonly endOfLife?: string;
  /** Of the newest version in this row. */
  readonly notes?: string;
  readonly outdated: boolean;
  /** Why wanted and latest are not known. */
  readonly failure?: PolyenvError;
}

/** Compares every decision of the folder, or those of the tools named. Throws the first failure if no source answered at all. */
export async function compareVersions(
  ctx: Context,
  folder: string,
  tools: readonly Runtime[],
): Promise<readonly Comparison[]> {
  const allDecided = await chosenToolchains(ctx, folder, tools);
  const rows = await Promise.all(allDecided.map((decided) => compare(ctx, decided)));
  const failure = rows.find((row) => row.failure !== undefined)?.failure;
  if (failure !== undefined && rows.every((row) => row.failure !== undefined)) throw failure;
  return rows;
}

/** Decisions by files, of all runtimes or those named. Throws `manifest-missing` where nothing pins, or not what was named. */
export async function chosenToolchains(
  ctx: Context,
  folder: string,
  tools: readonly Runtime[],
): Promise<readonly DecidedToolchain[]> {
  const project = await findProject(ctx, folder);
  const error = project.errors.find(
    ({ tool }) => tool === undefined || tools.length === 0 || tools.some(({ id }) => id === tool),
  );
  if (error !== undefined) throw error;
  const all = (await decidedToolchainsOf(ctx, project)).filter(
    ({ decision }) => decision.request.version.kind !== 'system' && decision.once === undefined,
  );
  const missing = tools.find(({ id }) => !all.some(({ decision }) => decision.tool === id));
  if (missing !== undefined || all.length === 0) {
    throw new PolyenvError('manifest-missing', `nothing pins ${missing?.id ?? 'a runtime'} in ${folder} or above it`, {
      where: { file: folder },
      hint: `polyenv use ${missing?.id ?? 'node'}@latest`,
    });
  }
  return tools.length === 0 ? all : all.filter(({ decision }) => tools.some(({ id }) => id === decision.tool));
}

/** What a decision comes to now: as locked, else as it is installed. */
export function currentVersion({ resolution, toolchain }: DecidedToolchain): Version | undefined {
  return resolution?.kind === 'entry' ? resolution.entry.version : toolchain?.version;
}

/** Who built that. */
export function currentVendor({ resolution, toolchain }: DecidedToolchain): string | undefined {
  return resolution?.kind === 'entry' ? resolution.entry.vendor : toolchain?.vendor;
}

async function compare(ctx: Context, decided: DecidedToolchain): Promise<Comparison> {
  const { decision, runtime } = decided;
  const current = currentVersion(decided);
  const lifecycle = freshLifecycle(ctx, runtime, currentVendor(decided));
  lifecycle.catch(() => undefined);
  const base = {
    tool: decision.tool,
    request: decision.request.text,
    from: decision.from,
    ...present({ current }),
  };
  const ending = async () => {
    const end = current === undefined ? undefined : lineAt(await lifecycle, current)?.end;
    return end === undefined ? {} : { endOfLife: end };
  };
  try {
    const stable: ToolRequest = { ...decision.request, text: 'latest', version: { kind: 'latest' } };
    const [wanted, latest] = await Promise.all([
      newestRelease(ctx, { runtime, request: decision.request, folder: decision.folder }),
      newestRelease(ctx, { runtime, request: stable, folder: decision.folder }),
    ]);
    const best = latest.release ?? wanted.release;
    return {
      ...base,
      ...(await ending()),
      ...present({ wanted: wanted.release?.version, latest: latest.release?.version }),
      ...(best !== undefined && { notes: notesOf(runtime, best) }),
      outdated: [wanted.release, latest.release].some((one) => isNewer(runtime, one, current)),
    };
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    return { ...base, ...(await ending()), outdated: false, failure: error };
  }
}

function isNewer({ scheme }: Runtime, release: Release | undefined, current: Version | undefined): boolean {
  return release !== undefined && current !== undefined && scheme.compare(release.version, current) > 0;
}

function notesOf(runtime: Runtime, release: Release): string {
  return release.notes ?? runtime.advice?.releaseNotes?.(release.version) ?? runtime.homepage;
}
