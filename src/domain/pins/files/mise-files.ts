/** Names of environments that a name of a file may hold. */
const ENVIRONMENT = /^[A-Za-z0-9][\w-]{0,63}$/;

/** The variable by which mise reads further files: https://mise.jdx.dev/configuration/environments.html */
export const MISE_VARIABLE = 'MISE_ENV';

const STEMS = [
  '.mise',
  'mise',
  'mise/config',
  '.mise/config',
  '.config/mise',
  '.config/mise/mise',
  '.config/mise/config',
];

const named = (...more: readonly string[]): readonly string[] => STEMS.map((stem) => [stem, ...more, 'toml'].join('.'));

/** mise's project files (https://mise.jdx.dev/configuration.html#mise-toml), the one that decides first. */
export const MISE_NAMES: readonly string[] = [...named('local'), ...named()];

/** A folder whose files are mise's too, weaker than all others; of two, the later in the alphabet decides. */
export const MISE_FRAGMENTS = '.config/mise/conf.d';

/** Whether mise reads a file of `MISE_FRAGMENTS`. */
export function isMiseFragment(name: string): boolean {
  return name.endsWith('.toml') && !name.startsWith('.');
}

/** The further ones for `MISE_ENV=ci,test`: the last environment before the others, and all before `MISE_NAMES`. */
export function miseNamesFor(environments: string | undefined): readonly string[] {
  const known = (environments ?? '').split(',').filter((one) => ENVIRONMENT.test(one));
  return [
    ...known.toReversed().flatMap((one) => named(one, 'local')),
    ...known.toReversed().flatMap((one) => named(one)),
  ];
}

/** In the person's home folder these are mise's settings for everything, not a project's: `polyenv import` takes them as the default. */
export function isMiseGlobal(name: string): boolean {
  return name.startsWith('.config/mise/');
}
