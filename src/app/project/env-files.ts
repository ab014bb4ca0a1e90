import { dirname, join } from 'node:path';
import { readEnvFile } from '../../adapters/documents/env-file';
import type { Manifest } from '../../domain/project/manifest';
import { refuseProjectVariable } from '../../domain/project/project-variable';
import type { TrustSubject } from '../../domain/project/trust';
import type { EnvOp } from '../../domain/words/env-op';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { quoted } from '../../domain/words/printable';
import { isInside } from './inside';

/** A manifest with what its files of variables hold now. */
export interface IncludedFiles extends TrustSubject {
  readonly manifest: Manifest;
  readonly included: readonly { readonly path: string; readonly digest: string }[];
  readonly variables: readonly EnvOp[];
  /** Absolute: those that were read, and those that are not there. */
  readonly inputs: readonly string[];
  readonly absences: readonly string[];
  /** What is wrong with one of them: an error for who trusts them, and ignored by everybody else. */
  readonly fault?: PolyenvError;
}

/**
 * The files that `[env] file` names, each with the person's own `.local` beside it, which comes after it. A file that is not
 * there says nothing. Wrong is one that leads out of the project, and a variable that a project may not set. Their values are
 * never shown.
 */
export async function includedFiles(manifest: Manifest): Promise<IncludedFiles> {
  const base = dirname(manifest.path);
  const found = { included: [] as { path: string; digest: string }[], variables: [] as EnvOp[] };
  const [inputs, absences]: [string[], string[]] = [[], []];
  let fault: PolyenvError | undefined;
  for (const { file, line } of manifest.envFiles) {
    for (const name of [file, `${file}.local`]) {
      const path = join(base, name);
      if (!isInside(base, name)) {
        fault ??= new PolyenvError('path-refused', `${quoted(name)} leads out of the project`, {
          where: { file: manifest.path, line },
          hint: 'name a file below the manifest that is no link to elsewhere',
        });
        continue;
      }
      const read = await readEnvFile(path);
      if (read === undefined) {
        absences.push(path);
        continue;
      }
      inputs.push(path);
      found.included.push({ path: name, digest: read.digest });
      for (const variable of read.variables) {
        const reason = refuseProjectVariable(variable.name);
        if (reason !== undefined) {
          fault ??= new PolyenvError('manifest-invalid', `a project cannot set ${quoted(variable.name)}: ${reason}`, {
            where: { file: path },
            hint: 'take the line out, and set it in your own shell if you need it',
          });
        } else found.variables.push(variable);
      }
    }
  }
  return { manifest, ...found, inputs, absences, ...present({ fault }) };
}
