import type { DefaultChoice, Discovery, DiscoveryFacts, Document } from '../runtime/runtime';
import { miseToml } from './files/mise-toml';
import { toolVersions } from './files/tool-versions';

/** mise's and asdf's installs of a tool, under the names that each calls it; `below` is the root's folder in asdf's. */
export function polyglotManagers(names: {
  readonly mise: string;
  readonly asdf: string;
  readonly below?: string;
}): readonly Discovery[] {
  const called = [...new Set([names.mise, names.asdf])];
  return [
    {
      manager: 'mise',
      choice: {
        files: ({ env, personHome }) => [
          ...(env.MISE_GLOBAL_CONFIG_FILE ? [env.MISE_GLOBAL_CONFIG_FILE] : []),
          `${env.MISE_CONFIG_DIR || `${env.XDG_CONFIG_HOME || `${personHome}/.config`}/mise`}/config.toml`,
        ],
        read: (document) => miseToml(called).read(document).pins[0]?.requests[0],
      },
      folders: (facts) => [`${facts.env.MISE_DATA_DIR || `${dataHome(facts)}/mise`}/installs/${names.mise}/*`],
    },
    {
      manager: 'asdf',
      choice: {
        files: ({ env, personHome }) => [
          `${personHome}/${env.ASDF_DEFAULT_TOOL_VERSIONS_FILENAME || '.tool-versions'}`,
        ],
        read: (document) => toolVersions(called).read(document).pins[0]?.requests[0],
      },
      folders: ({ env, personHome }) => [
        `${env.ASDF_DATA_DIR || `${personHome}/.asdf`}/installs/${names.asdf}/*${names.below ?? ''}`,
      ],
    },
  ];
}

/** A manager that keeps the name of its default in a file of its root: one word on the first line. */
export function namedIn(file: (facts: DiscoveryFacts) => string): DefaultChoice {
  return { files: (facts) => [file(facts)], read: firstWord };
}

/** The first word of a file. */
export function firstWord(document: Document): string | undefined {
  return document.text.trim().split(/\s+/)[0] || undefined;
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
