import { readFileSync, realpathSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { askingVariables } from '../../domain/pins/files/of-runtime';
import { isCommandName } from '../../domain/routes/route-script';
import type { Runtime } from '../../domain/runtime/runtime';
import { quoteSh } from '../../domain/words/shell-quote';
import template from '../../shim/shim.sh?raw';
import { ensureFolder, readTextIfAny, removeTree } from '../files/fs';
import { writeAllAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';
import { fillTemplate, pinTests } from './shell-template';

/** Second line of every shim: how one is known, whoever made it. */
const MARK = '# polyenv-shim';

export interface Offer {
  readonly runtime: Runtime;
  /** Names of the runtime's commands, and of what projects installed privately. */
  readonly commands: readonly string[];
}

/** One script per runtime under every command name. Twice is the same as once; names that nothing offers any more go. */
export async function writeShims(home: Home, offers: readonly Offer[], personHome: string): Promise<void> {
  await ensureFolder(home.shims);
  const wanted = renderShims(home, offers, personHome);
  const stale = new Map<string, string>();
  for (const [name, text] of wanted) {
    if ((await readTextIfAny(join(home.shims, name)).catch(() => undefined)) !== text) stale.set(name, text);
  }
  await writeAllAtomic(home.shims, stale, { mode: 0o755 });
  for (const name of await readdir(home.shims)) {
    if (name !== 'polyenv' && !wanted.has(name) && !name.endsWith('.tmp')) await removeTree(join(home.shims, name));
  }
}

/** What stands in the shims folder, by name, the launcher's twin apart. */
export function renderShims(home: Home, offers: readonly Offer[], personHome: string): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  // What two offer is the shim of the one that always has it: its routes say whether the other is pinned.
  const late = ({ runtime }: Offer): number => (runtime.replaces === undefined ? 0 : 1);
  for (const { runtime, commands } of offers.toSorted((a, b) => late(a) - late(b))) {
    const replacing = offers.map((offer) => offer.runtime).filter(({ replaces }) => replaces?.includes(runtime.id));
    const followed = offers.map((offer) => offer.runtime).filter(({ id }) => runtime.follows?.includes(id));
    const text = renderShim(home, runtime, { personHome, followed, replacing });
    for (const name of commands)
      if (isCommandName(name) && name !== 'polyenv' && !wanted.has(name)) wanted.set(name, text);
  }
  return wanted;
}

/** The script of a runtime: its own pin names are baked in, and polyenv's home, for cron and sudo change HOME. */
export function renderShim(
  home: Home,
  runtime: Runtime,
  {
    personHome,
    followed = [],
    replacing = [],
  }: {
    readonly personHome: string;
    readonly followed?: readonly Runtime[];
    /** Those whose commands this one's may be. */
    readonly replacing?: readonly Runtime[];
  },
): string {
  const testsIn = (folder: string): string =>
    pinTests([runtime, ...followed], {
      one: (path) => `[ -e ${folder}${quoteSh(path)} ]`,
      away: `[ "$__polyenv_d" != ${quoteSh(personHome)} ]`,
      words: { and: '&&', or: '||', open: '{ ', close: '; }' },
    });
  const plus = (runtime.plusVersion ?? []).filter(isCommandName);
  // `::cargo:+nightly`; without such commands, a pattern that nothing matches.
  const asking = [...new Set([runtime, ...replacing].flatMap(askingVariables))];
  const set = ['', ...asking.map((_, index) => 'x'.repeat(index + 1))];
  const plusTest =
    plus.length === 0 ? "''" : plus.flatMap((name) => set.map((marks) => `:${marks}:${name}:+?*`)).join(' | ');
  const values = {
    TOOL: runtime.id,
    VARIABLE: `POLYENV_${runtime.id.toUpperCase()}`,
    ASKED: asking.map((name) => `\${${name}:+x}`).join(''),
    TESTS: testsIn('"$__polyenv_d"/'),
    HERE: testsIn('./'),
    PLUS: plusTest,
  };
  return fillTemplate(template, { home, personHome, quote: quoteSh, values });
}

/** Whether the file is a shim of polyenv: one of this home by its place, or of any by its content. */
export function isOurShim(home: Home, file: string): boolean {
  try {
    const real = realpathSync(file);
    if (dirname(real) === realpathSync(home.shims)) return true;
    if (statSync(real).size > 64 * 1024) return false;
    return readFileSync(real, 'latin1').slice(0, 512).includes(`\n${MARK}`);
  } catch {
    return false;
  }
}
