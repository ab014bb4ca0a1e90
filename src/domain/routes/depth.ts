/** How often calls came through polyenv on the way to one that passes through: `POLYENV_DEPTH`, as the shims write it. */
export interface Depth {
  /** For the same runtime in the same folder. */
  readonly same: number;
  readonly all: number;
}

/** Another manager's stand-in may lead back here a few times; a wrapper that starts itself does for ever. */
export const MOST_CALLS: Depth = { same: 20, all: 100 };

export function readDepth(text: string | undefined, call: { readonly tool: string; readonly folder: string }): Depth {
  const found = /^(\d{1,3}) (\d{1,3}) /.exec(text ?? '');
  if (found === null || text === undefined) return { same: 0, all: 0 };
  const same = text.slice(found[0].length) === `${call.tool} ${call.folder}` ? Number(found[1]) : 0;
  return { same, all: Number(found[2]) };
}

export function writeDepth({ same, all }: Depth, call: { readonly tool: string; readonly folder: string }): string {
  return `${same} ${all} ${call.tool} ${call.folder}`;
}

/** Whether programs in the folder are other managers' stand-ins for commands: pyenv's, asdf's, nodenv's, Volta's, rustup's. */
export function isStandInFolder(folder: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const homes = [env.VOLTA_HOME, env.CARGO_HOME].flatMap((home) => (home ? [`${home}/bin`] : []));
  return /\/(?:shims|\.volta\/bin|\.cargo\/bin)$/.test(folder) || homes.includes(folder);
}
