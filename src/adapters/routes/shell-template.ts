import { isMiseGlobal } from '../../domain/pins/files/mise-files';
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

/** How a shell says what `pinTests` asks. */
export interface TestWords {
  /** That a path below the folder exists. */
  readonly one: (path: string) => string;
  /** That the folder is not the person's home. */
  readonly away: string;
  readonly words: { readonly and: string; readonly or: string; readonly open: string; readonly close: string };
}

/** Whether a folder has one of the names: what lies in a folder of its own is only looked for where that is. */
export function pinTests(runtimes: readonly Runtime[], words: TestWords): string {
  return testsOf(pinNames(runtimes), '', words);
}

function testsOf(names: readonly string[], folder: string, words: TestWords): string {
  const { and, or, open, close } = words.words;
  const inside = names.map((name) => name.slice(folder.length));
  const files = inside.filter((name) => !name.includes('/'));
  const folders = [...new Set(inside.filter((name) => name.includes('/')).map((name) => name.split('/')[0] as string))];
  return [
    ...files.map((name) => words.one(`${folder}${name}`)),
    ...folders.map((name) => {
      const path = `${folder}${name}`;
      const below = names.filter((one) => one.startsWith(`${path}/`));
      const conditions = [words.one(path), ...(below.every(isMiseGlobal) ? [words.away] : [])];
      return `${open}${conditions.join(` ${and} `)} ${and} ${open}${testsOf(below, `${path}/`, words)}${close}${close}`;
    }),
  ].join(` ${or} `);
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
  if (/[\n\r:]/.test(home.root)) {
    const what = `polyenv's home has a line break or a colon in its path: ${JSON.stringify(home.root)}`;
    throw new PolyenvError('path-refused', what, { hint: 'set POLYENV_HOME to another folder' });
  }
  if (/[\n\r]/.test(personHome)) {
    const what = `your home folder has a line break in its path: ${JSON.stringify(personHome)}`;
    throw new PolyenvError('path-refused', what, { hint: 'set HOME to another folder' });
  }
  const all: Readonly<Record<string, string>> = {
    ...values,
    HOME: quote(home.root),
    PERSON: quote(personHome === '/' ? '/.' : personHome),
  };
  return template.replace(/@([A-Z]+)@/g, (whole, name: string) => all[name] ?? whole);
}
