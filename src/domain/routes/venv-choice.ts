/** What stands where a project's derived copy of a runtime belongs (`.venv`). */
export type OverlayFacts =
  | { readonly kind: 'absent' }
  | { readonly kind: 'link' }
  | { readonly kind: 'other' }
  | {
      readonly kind: 'folder';
      /** The version that its marker file claims. */
      readonly version?: string;
      /** Where its interpreter's links end; absent if there is none, or the links end nowhere. */
      readonly interpreter?: string;
      /** The folder for which its scripts were written, where that is another one. */
      readonly writtenFor?: string;
    };

/** What the folder must be to be used. */
export interface OverlayWanted {
  /** The decided version. */
  readonly version: string;
  /** Real paths of the decided toolchain's own interpreter. */
  readonly interpreters: readonly string[];
  /** polyenv's store: an interpreter in it that is not the decided one is another version. */
  readonly store: string;
  /** The project: an interpreter in it comes with the repository. */
  readonly project: string;
  /** Whether the project's lock names the toolchain: then no Python of this machine stands in for it. */
  readonly locked: boolean;
}

/**
 * `ask`: it is a Python of this machine outside the project, which must be asked for its version before it is used.
 * `refused` says why in words that follow the folder's path.
 */
export type OverlayVerdict =
  | { readonly state: 'absent' }
  | { readonly state: 'ready' }
  | { readonly state: 'ask'; readonly interpreter: string }
  | { readonly state: 'refused'; readonly why: string };

/** Whether the folder may answer for the decided toolchain. The decision about `.venv` is taken here and nowhere else. */
export function judgeOverlay(facts: OverlayFacts, wanted: OverlayWanted): OverlayVerdict {
  if (facts.kind === 'absent') return { state: 'absent' };
  if (facts.kind === 'link') return refused('is a link, which polyenv does not follow');
  if (facts.kind === 'other') return refused('is not a folder');
  const { interpreter, version, writtenFor } = facts;
  if (interpreter === undefined)
    return refused(version === undefined ? 'holds no interpreter' : `was made by ${version}, which is gone`);
  if (writtenFor !== undefined) return refused(`was made for ${writtenFor}: its scripts still lead there`);
  // guard: overlay-interpreter
  if (!wanted.interpreters.includes(interpreter)) {
    const made = madeBy(version, interpreter, wanted);
    if (isBelow(interpreter, wanted.store) || wanted.locked) return refused(made);
    if (isBelow(interpreter, wanted.project))
      return refused('has an interpreter of its own, which came with the project');
    return { state: 'ask', interpreter };
  }
  return { state: 'ready' };
}

function madeBy(version: string | undefined, interpreter: string, wanted: OverlayWanted): string {
  if (version === undefined) return 'was made by another version';
  return version === wanted.version ? `was made by another ${version} (${interpreter})` : `was made by ${version}`;
}

function refused(why: string): OverlayVerdict {
  return { state: 'refused', why };
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

/** `3.11.7` and `3.11.9` share what was installed; `3.12` does not. */
export function sameLine(a: string, b: string): boolean {
  return a.split('.').slice(0, 2).join('.') === b.split('.').slice(0, 2).join('.');
}
