import { join } from 'node:path';
import { readDocumentText } from '../../adapters/documents/documents';
import type { Runtime } from '../../domain/runtime/runtime';
import { COMPOSE_FILES, type FoundService, servicesOfCompose, servicesOfText } from '../../domain/services/evidence';
import { PolyenvError } from '../../domain/words/errors';

/** A server that a project's files name, with the file. */
export interface ProposedService extends FoundService {
  /** Absolute. */
  readonly file: string;
}

/**
 * The servers that a folder's files name: those of a Compose file, which says most; else those whose address stands in an example of
 * variables or in settings of a framework.
 */
export function servicesNamed(
  folder: string,
  listed: readonly { readonly path: string; readonly files: readonly string[] }[],
  runtimes: readonly Runtime[],
): readonly ProposedService[] {
  for (const name of COMPOSE_FILES) {
    const file = join(folder, name);
    const text = textOf(file);
    if (text === undefined) continue;
    return servicesOfCompose(text.split(/\r?\n/), runtimes).taken.map((one) => ({ ...one, file }));
  }
  const found: ProposedService[] = [];
  for (const { path, files } of listed) {
    for (const name of files.filter((one) => SETTINGS.test(one))) {
      const file = join(path, name);
      for (const one of servicesOfText(textOf(file) ?? '', runtimes)) {
        if (!found.some(({ kind }) => kind === one.kind)) found.push({ ...one, file });
      }
    }
  }
  return found;
}

/** Files in which frameworks and people write addresses of servers. */
const SETTINGS =
  /^(?:\.env\.(?:example|sample|dist|template)|settings\.py|application(?:-[a-z]+)?\.(?:properties|ya?ml)|database\.yml)$/;

function textOf(file: string): string | undefined {
  try {
    return readDocumentText(file);
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}
