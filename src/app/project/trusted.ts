import { dirname, join } from 'node:path';
import { isTrusted } from '../../adapters/home/trust';
import { MANIFEST_NAMES, type Manifest } from '../../domain/project/manifest';
import { needsTrust } from '../../domain/project/trust';
import type { EnvOp } from '../../domain/words/env-op';
import type { ToolId } from '../../domain/words/tool-id';
import type { Context } from '../base/context';
import { type IncludedFiles, includedFiles } from './env-files';
import { isInside } from './inside';
import { readManifest } from './manifests';

/** The manifests of the nearest folder that has one, `polyenv.local.toml` first. */
export async function nearestManifests(ctx: Context, from = ctx.directory): Promise<readonly Manifest[]> {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = await Promise.all(MANIFEST_NAMES.map((name) => readManifest(folder, name)));
    const manifests = found.flatMap((one) => (one === undefined ? [] : [one.manifest]));
    if (manifests.length > 0 || folder === dirname(folder) || folder === ctx.host.personHome) return manifests;
  }
}

/** What trusted manifests set, the local one last so that it wins; and those that would set something and are not trusted. */
export async function trustedEffects(
  ctx: Context,
  manifests: readonly Manifest[],
): Promise<{
  readonly variables: readonly EnvOp[];
  readonly untrusted: readonly Manifest[];
  readonly trusted: readonly Manifest[];
  /** Files of variables that were read, and those that are not there. */
  readonly inputs: readonly string[];
  readonly absences: readonly string[];
}> {
  const store = { home: ctx.home, host: ctx.host };
  const subjects = await Promise.all(manifests.map(includedFiles));
  const judged = await Promise.all(
    subjects.filter(needsTrust).map(async (subject) => ({ subject, yes: await isTrusted(store, subject) })),
  );
  const trusted = judged.filter(({ yes }) => yes).map(({ subject }) => subject);
  for (const { fault } of trusted) if (fault !== undefined) throw fault;
  return {
    variables: trusted.toReversed().flatMap(variablesOf),
    trusted: trusted.map(({ manifest }) => manifest),
    untrusted: judged.filter(({ yes }) => !yes).map(({ subject }) => subject.manifest),
    inputs: subjects.flatMap(({ inputs }) => inputs),
    absences: subjects.flatMap(({ absences }) => absences),
  };
}

/** The order of sources that the folder's nearest manifest has for a runtime, if it is trusted to have one. */
export async function trustedOrder(ctx: Context, folder: string, tool: ToolId): Promise<readonly string[] | undefined> {
  const { trusted } = await trustedEffects(ctx, await nearestManifests(ctx, folder));
  return trusted.flatMap(({ sources }) => sources).find((one) => one.tool === tool)?.order;
}

function variablesOf({ manifest, variables }: IncludedFiles): readonly EnvOp[] {
  const base = dirname(manifest.path);
  const folders = manifest.paths.filter(({ folder }) => isInside(base, folder));
  // Prepended one by one, so the last one named would be searched first.
  const prepended = folders.filter(({ op }) => op === 'prepend').toReversed();
  const appended = folders.filter(({ op }) => op === 'append');
  return [
    ...variables,
    ...manifest.env.map(({ op }) => op),
    ...[...prepended, ...appended].map(({ op, folder }): EnvOp => ({ op, name: 'PATH', value: join(base, folder) })),
  ];
}
