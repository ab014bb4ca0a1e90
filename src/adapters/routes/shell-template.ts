import { SHARED_PIN_NAMES } from '../../domain/pins/files/of-runtime';
import { MANIFEST_NAMES } from '../../domain/project/manifest';
import type { Runtime } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Home } from '../home/paths';

/** Names of the files that can pin one of the runtimes, the manifests' first. */
export function pinNames(runtimes: readonly Runtime[]): readonly string[] {
  const own = runtimes.flatMap(({ pins }) => pins.map(({ file }) => file));
  return [...new Set([...MANIFEST_NAMES, ...own, ...SHARED_PIN_NAMES])];
}

export interface Filling {
  readonly home: Home;
  readonly personHome: string;
  readonly quote: (text: string) => string;
  /** Shell text by the name in `@NAME@`: already quoted. */
  readonly values: Readonly<Record<string, string>>;
}

/** A script of `src/shim/` with its `@NAMES@` filled in; `@HOME@` and `@PERSON@` besides. Throws `path-refused`. */
export function fillTemplate(template: string, { home, personHome, quote, values }: Filling): string {
  // PATH would read a colon as the end of a folder.
  if (/[\n\r]/.test(home.root + personHome) || home.root.includes(':')) {
    throw new PolyenvError(
      'path-refused',
      `polyenv's home has a line break or a colon in its path: ${JSON.stringify(home.root)}`,
      { hint: 'set POLYENV_HOME to another folder' },
    );
  }
  const all: Readonly<Record<string, string>> = {
    ...values,
    HOME: quote(home.root),
    PERSON: quote(personHome === '/' ? '/.' : personHome),
  };
  return template.replace(/@([A-Z]+)@/g, (whole, name: string) => all[name] ?? whole);
}
