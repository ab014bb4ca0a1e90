import type { ReadTemplate } from '../../adapters/documents/templates';
import { grantTrust } from '../../adapters/home/trust';
import { runChild } from '../../adapters/system/spawn';
import type { Context } from '../base/context';
import { installProject } from '../changes/install-project';
import { readManifest } from '../project/manifests';
import { generateInNew } from './generate';
import type { ProjectStep } from './new';

/** What `new` does in the finished folder, in order. */
export function newSteps(
  ctx: Context,
  { template }: ReadTemplate,
  wanted: { readonly install: boolean; readonly git: boolean },
): readonly ProjectStep[] {
  const trust = async (folder: string) => {
    // The person made this project just now, from a template that was shown or is polyenv's own.
    const read = await readManifest(folder, 'polyenv.toml');
    if (read !== undefined) await grantTrust({ home: ctx.home, host: ctx.host }, { manifest: read.manifest });
    return [];
  };
  const install = async (folder: string) => {
    const { failed, project } = await installProject({ ...ctx, directory: folder }, folder);
    const problem = failed[0]?.error ?? project.errors[0];
    if (problem !== undefined) throw problem;
    return [];
  };
  const generate = (folder: string) => generateInNew({ ...ctx, directory: folder }, template.generate);
  const git = async (folder: string) => {
    const init = { file: 'git', args: ['init', '--quiet'], env: ctx.host.env, cwd: folder };
    const exit = await runChild(ctx.host, init).catch(() => 127);
    if (exit !== 0)
      ctx.emit({ type: 'warning', text: 'no git repository was made: git did not run', hint: 'polyenv new --no-git' });
    return [];
  };
  return [trust, ...(wanted.install ? [install] : []), generate, ...(wanted.git ? [git] : [])];
}
