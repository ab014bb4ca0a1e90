import { quoteSh } from '../words/shell-quote';
import type { ToolId } from '../words/tool-id';

/** What generated files say of a project. */
export interface ProjectFacts {
  /** The base name of its folder. */
  readonly name: string;
  /** How polyenv is called: `./polyenvw`, or `polyenv` where it has to be there already or is fetched first. */
  readonly polyenv: string;
  /** How a machine without polyenv gets this one; absent where the project has a wrapper, or nobody can know. */
  readonly fetch?: Fetch;
  /** Whether the manifest has tables that need trust. */
  readonly trust: boolean;
  /** Names of its tasks. */
  readonly tasks: readonly string[];
  /** Variables by which programs that no shim starts find a toolchain (`JAVA_HOME`). */
  readonly variables: readonly ToolchainVariable[];
  /** Folders below it with a lock of their own, relative. */
  readonly folders?: readonly { readonly path: string; readonly trust: boolean }[];
}

export interface ToolchainVariable {
  readonly name: string;
  /** The runtime, whose toolchain has a stable link in the compiled environment. */
  readonly tool: ToolId;
  /** Below the toolchain's root, with a slash in front, or empty. */
  readonly path: string;
}

/** The variable's value, where polyenv's home and the project are. */
export function variableValue({ tool, path }: ToolchainVariable, home: string, project: string): string {
  return `${home}/envs${project}/.polyenv/${tool}${path}`;
}

/** The npm package of a version, or a release: its archives by the processor, as `uname -m` says it. */
export type Fetch =
  | { readonly kind: 'npm'; readonly version: string }
  | {
      readonly kind: 'release';
      readonly archives: readonly { readonly machine: string; readonly url: string; readonly sha256: string }[];
    };

/** polyenv's own Node, a C compiler and curl are in it; the project's runtimes come from its lock. */
export const BASE_IMAGE = 'node:22';

/** The image's and the container's place for toolchains, outside every person's home. */
export const IMAGE_HOME = '/opt/polyenv';

/** Commands that give a fresh copy exactly what the lock says, and those of the folders below it. */
export function installLines(facts: ProjectFacts): readonly string[] {
  const { polyenv, trust, folders = [] } = facts;
  return [
    `${polyenv} install --frozen`,
    ...(trust ? [`${polyenv} trust --yes`] : []),
    ...folders.flatMap((folder) => folderLines(facts, folder)),
  ];
}

export function folderLines(
  { polyenv }: Pick<ProjectFacts, 'polyenv'>,
  { path, trust }: { readonly path: string; readonly trust: boolean },
): readonly string[] {
  const at = `${polyenv} -C ${quoteSh(path)}`;
  return [`${at} install --frozen`, ...(trust ? [`${at} trust --yes`] : [])];
}

/** Shell lines that put polyenv into `folder`, whose `bin/polyenv` it then is; npm puts it on PATH itself. Each stands alone. */
export function fetchLines(fetch: Fetch, folder: string): readonly string[] {
  if (fetch.kind === 'npm') return [`npm install --global polyenv@${fetch.version}`];
  const cases = fetch.archives.map(({ machine, url, sha256 }) => `${machine}) url=${quoteSh(url)} sha256=${sha256} ;;`);
  return [
    `case $(uname -m) in ${cases.join(' ')} *) echo "there is no polyenv for $(uname -m)" >&2; exit 1 ;; esac`,
    `mkdir -p ${folder}`,
    // Beside what it becomes: a name in /tmp may be somebody else's.
    `curl -fsSL -o ${folder}.tar.gz "$url"`,
    `echo "$sha256  ${folder}.tar.gz" | sha256sum -c -`,
    `tar -xzf ${folder}.tar.gz -C ${folder} --strip-components=1`,
  ];
}
