import { mkdtemp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findTemplate, type ReadTemplate, readTemplate, templatesFolder } from '../../adapters/documents/templates';
import { removeTree } from '../../adapters/files/fs';
import { runChild } from '../../adapters/system/spawn';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

export interface TakenTemplate {
  readonly read: ReadTemplate;
  /** Somebody else's, which a person looks at before anything of it is taken. */
  readonly foreign: boolean;
  /** Takes away what was fetched. */
  clean(): Promise<void>;
}

/** One of polyenv's own by its name, a folder, or a git repository, which is cloned without running anything of it. */
export async function takeTemplate(ctx: Context, wanted: string): Promise<TakenTemplate> {
  if (/^(https:\/\/|ssh:\/\/|git@|file:\/\/)/.test(wanted)) return takeClone(ctx, wanted);
  const clean = async (): Promise<void> => undefined;
  if (wanted.includes('/') || wanted.startsWith('.'))
    return { read: await readTemplate(resolve(ctx.directory, wanted)), foreign: true, clean };
  return { read: await findTemplate(await templatesFolder(ctx.host.program), wanted), foreign: false, clean };
}

async function takeClone({ host }: Context, url: string): Promise<TakenTemplate> {
  const folder = await mkdtemp(join(host.temporary, 'polyenv-template-'));
  const clean = (): Promise<void> => removeTree(folder);
  const template = join(folder, 'template');
  const hooks = ['-c', 'core.hooksPath=/dev/null'];
  const args = [...hooks, 'clone', '--quiet', '--depth', '1', '--no-recurse-submodules', '--', url, template];
  try {
    const exit = await runChild(host, {
      file: 'git',
      args,
      env: { ...host.env, GIT_TERMINAL_PROMPT: '0' },
      cwd: folder,
    });
    if (exit !== 0)
      throw new PolyenvError('network', `${url} cannot be cloned`, {
        hint: 'check the URL, or clone it yourself and name the folder',
      });
    return { read: await readTemplate(template), foreign: true, clean };
  } catch (error) {
    await clean();
    throw error;
  }
}
