import type { PinFile, Runtime } from '../../runtime/runtime';
import { MISE_FRAGMENTS, MISE_NAMES, MISE_VARIABLE, miseNamesFor } from './mise-files';
import { miseToml } from './mise-toml';
import { toolVersions } from './tool-versions';

/** The files of other managers that pin any runtime, in their order. */
export const SHARED_PIN_NAMES: readonly string[] = ['.tool-versions', ...MISE_NAMES, MISE_FRAGMENTS];

/**
 * All files that pin the runtime, but for the manifests: its own, most specific first, then those that all share. `env` is
 * the caller's, where that has a say in which files there are.
 */
export function pinFilesOf(
  { id, aliases = [], pins, options = [] }: Pick<Runtime, 'id' | 'aliases' | 'pins' | 'options'>,
  env: Readonly<Record<string, string | undefined>> = {},
): readonly PinFile[] {
  const names = [id, ...aliases];
  const keys = options.map(({ name }) => name);
  return [
    ...pins,
    toolVersions(names),
    ...miseNamesFor(env[MISE_VARIABLE]).map((file) => ({ ...miseToml(names, keys, file), variables: [MISE_VARIABLE] })),
    ...MISE_NAMES.map((file) => miseToml(names, keys, file)),
  ];
}

/** The runtime's pin in one of mise's fragments. */
export function fragmentPin(
  { id, aliases = [], options = [] }: Pick<Runtime, 'id' | 'aliases' | 'options'>,
  name: string,
): PinFile {
  const keys = options.map((option) => option.name);
  return miseToml([id, ...aliases], keys, `${MISE_FRAGMENTS}/${name}`);
}

/** Variables of the caller by which a call asks for another version, or by which the files are read otherwise. */
export function askingVariables({
  id,
  pins,
  overrides = [],
}: Pick<Runtime, 'id' | 'pins' | 'overrides'>): readonly string[] {
  return [
    ...new Set([
      `POLYENV_${id.toUpperCase()}`,
      ...overrides.map(({ variable }) => variable),
      ...pins.flatMap(({ variables = [] }) => variables),
      MISE_VARIABLE,
    ]),
  ];
}
