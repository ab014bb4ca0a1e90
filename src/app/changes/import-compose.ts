import { join } from 'node:path';
import { readDocumentText } from '../../adapters/documents/documents';
import { editToml, newManifest, type TomlEdit } from '../../adapters/documents/toml-edit';
import { COMPOSE_FILES, type LeftService, servicesOfCompose } from '../../domain/services/evidence';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import type { ProposedService } from '../project/service-evidence';
import { changeFolder } from './change-folder';
import { serviceValue } from './init';

export interface ComposeImport {
  /** The Compose file, absolute. */
  readonly file: string;
  readonly taken: readonly ProposedService[];
  /** What the manifest has already under that name. */
  readonly there: readonly string[];
  readonly left: readonly LeftService[];
}

/** What of the folder's Compose file can become `[services]`. Throws `manifest-missing` where there is none. */
export async function planComposeImport(ctx: Context): Promise<ComposeImport> {
  const runtimes = await loadRuntimes();
  for (const name of COMPOSE_FILES) {
    const file = join(ctx.directory, name);
    const text = readDocumentText(file);
    if (text === undefined) continue;
    const { taken, left } = servicesOfCompose(text.split(/\r?\n/), runtimes);
    return { file, taken: taken.map((one) => ({ ...one, file })), there: [], left };
  }
  throw new PolyenvError('manifest-missing', `there is no Compose file in ${ctx.directory}`, {
    hint: `one of ${COMPOSE_FILES.join(', ')}`,
  });
}

/** Writes them into `polyenv.toml`; a service of that name that is there already stays as it is. */
export async function importCompose(ctx: Context): Promise<ComposeImport & { readonly wrote: readonly string[] }> {
  const plan = await planComposeImport(ctx);
  const folder = ctx.directory;
  const path = join(folder, 'polyenv.toml');
  const { result, wrote } = await changeFolder(ctx, { folder, verb: 'import', routes: 'compile' }, async (view) => {
    const read = await view.manifest(folder, 'polyenv.toml');
    const names = read?.manifest.services.map(({ name }) => name) ?? [];
    const taken = plan.taken.filter(({ name }) => !names.includes(name));
    const edits = taken.map((one): TomlEdit => ({ keys: ['services', one.name], value: serviceValue(one) }));
    let text = read?.text;
    if (edits.length > 0) {
      if (text === undefined) text = newManifest(edits);
      else for (const edit of edits) text = await editToml(text, path, edit);
    }
    const there = plan.taken.map(({ name }) => name).filter((name) => names.includes(name));
    return {
      files: edits.length === 0 || text === undefined ? [] : [{ folder, path, text }],
      result: { ...plan, taken, there },
    };
  });
  return { ...result, wrote };
}
