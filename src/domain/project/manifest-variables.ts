import { isTable, type KeyPath } from '../formats/document-value';
import type { EnvOp } from '../words/env-op';
import { quoted } from '../words/printable';
import {
  fail,
  folderInside,
  LONGEST,
  type ManifestInput,
  refuseUnknown,
  tableAt,
  textAt,
  textsAt,
} from './manifest-values';
import { refuseProjectVariable } from './project-variable';

export interface ManifestVariable {
  readonly op: EnvOp & { readonly op: 'set' | 'unset' };
  readonly line: number;
}

export interface ManifestFolder {
  readonly op: 'prepend' | 'append';
  /** Relative to the manifest's folder and inside it, normalised, with `/`; `.` is that folder. */
  readonly folder: string;
  readonly line: number;
}

/** A file of variables, in the form that dotenv reads. */
export interface ManifestFile {
  /** Relative to the manifest's folder and inside it. */
  readonly file: string;
  readonly line: number;
}

/** The key of `[env]` that names files: no variable is called so. */
export const ENV_FILE = 'file';

export function decodeEnvFiles(input: ManifestInput): readonly ManifestFile[] {
  const value = tableAt(input, ['env'])[ENV_FILE];
  if (value === undefined) return [];
  const places: readonly KeyPath[] = Array.isArray(value)
    ? value.map((_, index) => ['env', ENV_FILE, index])
    : [['env', ENV_FILE]];
  return places.map((keys) => ({
    file: folderInside(input, keys, textAt(input, keys, { limit: LONGEST.folder })),
    line: input.lineOf(...keys),
  }));
}

export function decodeVariables(input: ManifestInput, keys: KeyPath, except?: string): readonly ManifestVariable[] {
  const entries = Object.entries(tableAt(input, keys)).filter(([name]) => name !== except);
  // The sources of all runtimes are asked only where something is set.
  if (entries.length === 0) return [];
  const mirrors = new Map(
    input.runtimes.flatMap((runtime) =>
      (runtime.sources ?? []).flatMap((source) =>
        (source.mirrors ?? []).map(({ variable }) => [variable, runtime.id] as const),
      ),
    ),
  );
  return entries.map(([name, value]) => {
    const here = [...keys, name];
    const mirrored = mirrors.get(name);
    const reason =
      mirrored === undefined ? refuseProjectVariable(name) : `it would redirect polyenv's downloads of ${mirrored}`;
    if (reason !== undefined) {
      fail(input, here, {
        what: `a project cannot set ${quoted(name)}: ${reason}`,
        hint: 'take the line out, and set it in your own shell if you need it',
      });
    }
    const line = input.lineOf(...here);
    if (isTable(value)) {
      refuseUnknown(input, here, ['unset']);
      if (value.unset !== true) fail(input, here, { what: `${name} must be a text in quotes, or { unset = true }` });
      return { op: { op: 'unset', name }, line };
    }
    if (typeof value !== 'string') {
      fail(input, here, {
        what: `${name} must be a text in quotes`,
        hint: typeof value === 'number' || typeof value === 'boolean' ? `write ${name} = "${value}"` : undefined,
      });
    }
    if (value.includes('\0')) fail(input, here, { what: `${name} holds a NUL character, which no variable can` });
    if (value.length > LONGEST.value) fail(input, here, { what: `${name} is longer than ${LONGEST.value} characters` });
    return { op: { op: 'set', name, value }, line };
  });
}

export function decodePaths(input: ManifestInput): readonly ManifestFolder[] {
  const table = tableAt(input, ['paths']);
  refuseUnknown(input, ['paths'], ['prepend', 'append']);
  return (['prepend', 'append'] as const).flatMap((op) => {
    if (table[op] === undefined) return [];
    return textsAt(input, ['paths', op], LONGEST.folder).map((text, index) => {
      const keys = ['paths', op, index];
      if (text.includes(':')) {
        fail(input, keys, {
          what: `${quoted(text)} cannot be searched for commands: PATH would read its colon as the end of a folder`,
          hint: 'name a folder without a colon',
        });
      }
      return { op, folder: folderInside(input, keys, text), line: input.lineOf(...keys) };
    });
  });
}
