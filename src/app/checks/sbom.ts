import { basename } from 'node:path';
import { artifactFor } from '../../domain/toolchain/lockfile';
import type { Bill, Component } from '../../domain/toolchain/sbom';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { findProject } from '../project/project';
import { decidedToolchainsOf } from '../routes/compile';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';

/** What the folder's project runs on here: receipts of what is installed, the lock's word of what is not. Reads only. */
export async function describeBill(ctx: Context): Promise<Bill> {
  const project = await findProject(ctx, ctx.directory);
  const broken = project.errors[0];
  if (broken !== undefined) throw broken;
  const allDecided = await decidedToolchainsOf(ctx, project);
  return {
    project: basename(project.directory) || 'root',
    components: allDecided
      .filter(({ decision }) => decision.request.version.kind !== 'system')
      .map((decided) => componentOf(ctx, decided)),
    created: ctx.host.now(),
    generator: __VERSION__,
  };
}

function componentOf(ctx: Context, { runtime, decision, resolution, toolchain }: DecidedToolchain): Component {
  const { id: tool, title, license, homepage } = runtime;
  const base = { tool, title, homepage, platform: ctx.platform, ...present({ license }) };
  if (toolchain?.linked !== undefined)
    return { ...base, version: toolchain.version, source: toolchain.linked.manager, parts: [], installed: 'linked' };
  const entry = resolution?.kind === 'entry' ? resolution.entry : undefined;
  const known = toolchain ?? entry;
  if (known === undefined) {
    throw new PolyenvError('not-installed', `${tool}@${decision.request.text} is neither locked nor installed`, {
      hint: 'polyenv install',
    });
  }
  const source = runtime.sources.find(({ id }) => id === known.source);
  const supplier = source?.publisher ?? known.vendor ?? source?.id;
  return {
    ...base,
    version: known.version,
    ...present({ vendor: known.vendor }),
    source: known.source,
    ...present({ supplier }),
    parts: toolchain?.parts ?? (entry === undefined ? [] : (artifactFor(entry, ctx.platform)?.parts ?? [])),
    installed: toolchain === undefined ? 'no' : 'yes',
  };
}
