import { listToolchains } from '../../adapters/store/store';
import type { Runtime } from '../../domain/runtime/runtime';
import { entryFor, type LockEntry } from '../../domain/toolchain/lockfile';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import type { ToolRequest } from '../../domain/versions/request';
import { selectRelease } from '../../domain/versions/select';
import type { Context } from '../base/context';
import { isAllowed } from './allowed';
import { knownReleases } from './known-releases';

export interface AskedOfStore {
  readonly runtime: Runtime;
  readonly request: ToolRequest;
  /** Of the toolchains that answer, only these. */
  readonly accept?: (toolchain: Toolchain) => boolean;
}

/** The newest toolchain of the store that answers; a linked one only where no source is wanted. */
export async function installedFor(
  ctx: Context,
  { runtime, request, accept }: AskedOfStore,
): Promise<Toolchain | undefined> {
  const linked = ['system', 'only-system'].includes(ctx.settings.preference);
  const usable = (await listToolchains(ctx.home)).filter(
    (one) =>
      one.tool === runtime.id &&
      one.platform === ctx.platform &&
      (one.linked === undefined ? !linked && isAllowed(ctx, one.source) : linked) &&
      hasOptions(one, request) &&
      (accept === undefined || accept(one)),
  );
  if (usable.length === 0) return undefined;
  const known = request.version.kind === 'channel' ? await knownReleases(ctx, runtime) : [];
  const line = runtime.scheme.among?.(request.version, known);
  const offered = usable.flatMap((toolchain) => {
    const facts = known.find(({ version }) => version === toolchain.version);
    const { version, vendor, variant } = toolchain;
    if (line !== undefined && !line.some((one) => one.version === version)) return [];
    const release = { ...facts, version, ...(vendor && { vendor }), ...(variant && { variant }) };
    return [{ ...release, toolchain }];
  });
  // With the line known, the whole list has already decided which one that is.
  const choosing = line === undefined ? runtime : { ...runtime, scheme: { ...runtime.scheme, among: () => undefined } };
  const chosen = selectRelease(choosing, request, offered);
  return offered.find((one) => one === chosen)?.toolchain;
}

/** What the store has for the request, as a lock names it: for this platform alone, since of the others nothing is known here. */
export async function entryFromStore(ctx: Context, asked: AskedOfStore): Promise<LockEntry | undefined> {
  const { request } = asked;
  const toolchain = await installedFor(ctx, asked);
  const [first, ...rest] = toolchain?.parts ?? [];
  if (toolchain === undefined || first === undefined || toolchain.linked !== undefined) return undefined;
  const artifacts = [{ platform: ctx.platform, parts: [first, ...rest] as const }];
  return entryFor(request, { ...toolchain, artifacts, gaps: [] });
}

/** A request without components is content with any. */
function hasOptions(toolchain: Toolchain, { options }: ToolRequest): boolean {
  return Object.entries(options).every(([name, values]) =>
    values.every((value) => toolchain.options[name]?.includes(value)),
  );
}
