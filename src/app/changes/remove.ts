import { join } from 'node:path';
import { editToml } from '../../adapters/documents/toml-edit';
import type { Runtime } from '../../domain/runtime/runtime';
import { type Lockfile, withoutTool } from '../../domain/toolchain/lockfile';
import { renderLockfile } from '../../domain/toolchain/lockfile-render';
import type { Context } from '../base/context';
import { serviceRequests } from '../project/manifests';
import { changeFolder, type FileChange } from './change-folder';
import type { UseOptions } from './use';

/** Takes tools out of the folder's manifest and lock; their toolchains stay in the store until `prune`. Returns the files that it wrote. */
export async function remove(
  ctx: Context,
  options: { readonly folder: string; readonly file: UseOptions['file']; readonly runtimes: readonly Runtime[] },
): Promise<readonly string[]> {
  const { folder, file, runtimes } = options;
  const { wrote } = await changeFolder(ctx, { folder, verb: 'remove', routes: 'compile' }, async (view) => {
    const read = await view.manifest(folder, file);
    const { lock, path } = await view.lock(folder, file);
    const files: FileChange[] = [];
    if (read !== undefined) {
      const manifest = join(folder, file);
      let text = read.text;
      for (const pin of read.manifest.runtimes) {
        if (!runtimes.some((runtime) => runtime.id === pin.tool)) continue;
        text = await editToml(text, manifest, { keys: ['runtimes', pin.key], value: undefined });
      }
      files.push({ folder, path: manifest, text });
    }
    const kept = await serviceRequests(read?.manifest);
    const left = runtimes.reduce<Lockfile>((rest, runtime) => withoutTool(rest, runtime.id, kept), lock);
    if (left.entries.length !== lock.entries.length) files.push({ folder, path, text: renderLockfile(left) });
    return { files, result: undefined };
  });
  return wrote;
}
