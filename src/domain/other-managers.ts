import type { Discovery, DiscoveryFacts } from './runtime';

/** mise's and asdf's installs of a tool, under the names that each calls it; `below` is the root's folder in asdf's. */
export function polyglotManagers(names: {
  readonly mise: string;
  readonly asdf: string;
  readonly below?: string;
}): readonly Discovery[] {
  return [
    {
      manager: 'mise',
      folders: (facts) => [`${facts.env.MISE_DATA_DIR || `${dataHome(facts)}/mise`}/installs/${names.mise}/*`],
    },
    {
      manager: 'asdf',
      folders: ({ env, personHome }) => [
        `${env.ASDF_DATA_DIR || `${personHome}/.asdf`}/installs/${names.asdf}/*${names.below ?? ''}`,
      ],
    },
  ];
}

/** Homebrew's kegs of a formula (a glob), on macOS and Linux; `below` is the root's folder in a keg. */
export function homebrew(formula: string, below = ''): Discovery {
  return {
    manager: 'Homebrew',
    folders: () =>
      ['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'].map((prefix) => `${prefix}/opt/${formula}${below}`),
  };
}

/** Where programs keep their data: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function dataHome({ env, personHome }: DiscoveryFacts): string {
  return env.XDG_DATA_HOME || `${personHome}/.local/share`;
}
