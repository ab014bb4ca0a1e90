/** What generated files say of a project. */
export interface ProjectFacts {
  /** The base name of its folder. */
  readonly name: string;
  /** How polyenv is called: `./polyenvw`, or `polyenv` where it has to be there already. */
  readonly polyenv: string;
  /** Whether the manifest has tables that need trust. */
  readonly trust: boolean;
  /** Names of its tasks. */
  readonly tasks: readonly string[];
}

/** polyenv's own Node, a C compiler and curl are in it; the project's runtimes come from its lock. */
export const BASE_IMAGE = 'node:22';

/** The image's and the container's place for toolchains, outside every person's home. */
export const IMAGE_HOME = '/opt/polyenv';

/** Commands that give a fresh copy exactly what the lock says. */
export function installLines({ polyenv, trust }: ProjectFacts): readonly string[] {
  return [`${polyenv} install --frozen`, ...(trust ? [`${polyenv} trust --yes`] : [])];
}
