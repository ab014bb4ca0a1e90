import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isTrusted, trustRecord } from '../../adapters/home/trust';
import type { Manifest } from '../../domain/project/manifest';
import { needsTrust } from '../../domain/project/trust';
import type { EnvOp } from '../../domain/words/env-op';
import type { ToolId } from '../../domain/words/tool-id';
import type { Context } from '../base/context';
import { type IncludedFiles, includedFiles } from './env-files';
import { isInside } from './inside';
import { findProject } from './project';

/** The manifests that apply in the folder, `polyenv.local.toml` first: those that a shim there goes by, and no others. */
export async function nearestManifests(ctx: Context, from = ctx.directory): Promise<readonly Manifest[]> {
  return (await findProject(ctx, from)).manifests;
}

/** What trusted manifests set, the local one last so that it wins; and those that would set something and are not trusted. */
export async function trustedEffects(
  ctx: Context,
  manifests: readonly Manifest[],
): Promise<{
  readonly variables: readonly EnvOp[];
  readonly untrusted: readonly Manifest[];
  readonly trusted: readonly Manifest[];
  /** Files of variables that were read, and those that are not there; and the records of trust: what was compiled with it ends with it. */
  readonly inputs: readonly string[];
  readonly absences: readonly string[];
}> {
  const store = { home: ctx.home, host: ctx.host };
  const subjects = await Promise.all(manifests.map(includedFiles));
  const judged = await Promise.all(
    subjects.filter(needsTrust).map(async (subject) => ({ subject, yes: await isTrusted(store, subject) })),
  );
  const records = new Set(await Promise.all(judged.map(({ subject }) => trustRecord(store, subject))));
  const trusted = judged.filter(({ yes }) => yes).map(({ subject }) => subject);
  for (const { fault } of trusted) if (fault !== undefined) throw fault;
  return {
    variables: trusted.toReversed().flatMap(variablesOf),
    trusted: trusted.map(({ manifest }) => manifest),
    untrusted: judged.filter(({ yes }) => !yes).map(({ subject }) => subject.manifest),
    inputs: [...subjects.flatMap(({ inputs }) => inputs), ...[...records].filter((path) => existsSync(path))],
    absences: [...subjects.flatMap(({ absences }) => absences), ...[...records].filter((path) => !existsSync(path))],
  };
}

/** Whether all that the manifest wants may apply. */
export async function isManifestTrusted(ctx: Context, manifest: Manifest): Promise<boolean> {
  return (await trustedEffects(ctx, [manifest])).untrusted.length === 0;
}

/** The order of sources that the folder's nearest manifest has for a runtime, if it is trusted to have one. */
export async function trustedOrder(ctx: Context, folder: string, tool: ToolId): Promise<readonly string[] | undefined> {
  const { trusted } = await trustedEffects(ctx, await nearestManifests(ctx, folder));
  return trusted.flatMap(({ sources }) => sources).find((one) => one.tool === tool)?.order;
}

function variablesOf({ manifest, variables }: IncludedFiles): readonly EnvOp[] {
  const base = dirname(manifest.path);
  // PATH would read the colon of a project's own path as the end of a folder.
  const folders = base.includes(':') ? [] : manifest.paths.filter(({ folder }) => isInside(base, folder));
  // Prepended one by one, so the last one named would be searched first.
  const prepended = folders.filter(({ op }) => op === 'prepend').toReversed();
  const appended = folders.filter(({ op }) => op === 'append');
  return [
    ...variables,
    ...manifest.env.map(({ op }) => op),
    ...[...prepended, ...appended].map(({ op, folder }): EnvOp => ({ op, name: 'PATH', value: join(base, folder) })),
  ];
}
