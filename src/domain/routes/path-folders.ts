import type { Environment, RoutedToolchain } from './environment';

/** Folders of the environment's own commands, in the order of search; without those that PATH would read as several, the working folder among them. */
export function commandFolders(environment: Environment): readonly string[] {
  // An unusable `.venv` must not be answered by the toolchain behind it: its commands go to the shims, which say why.
  const usable = environment.runtimes.filter(({ overlay }) => overlay?.refused === undefined);
  const foldersOf = (runtimes: readonly RoutedToolchain[]): readonly string[] => {
    const tools = runtimes.flatMap(({ commands }) =>
      Object.values(commands).map((file) => file.slice(0, file.lastIndexOf('/'))),
    );
    const { overlays, bins } = ownFolders({ runtimes });
    return [...overlays, ...tools, ...bins];
  };
  const decided = foldersOf(usable.filter(({ beside }) => beside === undefined));
  const others = foldersOf(usable.filter(({ beside }) => beside !== undefined));
  return [...new Set([...decided, ...others])].filter((folder) => !folder.includes(':'));
}

export function searchedFolders(environment: Environment): readonly string[] {
  return [...leadingFolders(environment), ...commandFolders(environment)];
}

/** Folders that a trusted manifest wants to be searched before the runtimes' own commands, the first to be searched first. */
export function leadingFolders({ variables }: Environment): readonly string[] {
  return variables.flatMap((op) => (op.op === 'prepend' && op.name === 'PATH' ? [op.value] : [])).toReversed();
}

/** Folders in which commands appear that were installed into the project. */
export function privateFolders(environment: Environment): readonly string[] {
  const { overlays, bins } = ownFolders(environment);
  return [...new Set([...overlays, ...bins])];
}

function ownFolders({ runtimes }: Pick<Environment, 'runtimes'>) {
  return {
    overlays: runtimes.flatMap(({ overlay }) => (overlay?.ready ? [`${overlay.path}/${overlay.bin}`] : [])),
    bins: runtimes.flatMap(({ bins }) => bins),
  };
}
