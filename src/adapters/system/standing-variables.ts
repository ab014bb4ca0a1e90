import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../host';

/** One assignment in a file that a shell or a session reads when it starts. */
export interface StandingVariable {
  readonly name: string;
  readonly value: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Bytes. Larger files are none that a person wrote. */
const LIMIT = 256 * 1024;

const ASSIGNMENT =
  /^\s*(?:(?:export|typeset|declare)\s+(?:-\w+\s+)*|setenv\s+|set\s+(?:-\w+\s+|--\w+\s+)+)?([A-Za-z_]\w*)(?:=|\s+)("[^"]*"|'[^']*'|[^\s;#"']+)\s*(?:[;#].*)?$/;

/**
 * What stands in the person's start-up files for the variables of these names: plain assignments, with `~`, `$HOME` and other
 * variables of those files filled in. Nothing is run; what only a shell could tell is left out.
 */
export function standingVariables(
  host: Pick<Host, 'env' | 'personHome'>,
  names: readonly string[],
): readonly StandingVariable[] {
  const all = startupFiles(host).flatMap(assignmentsIn);
  const known = new Map<string, string>([['HOME', host.personHome]]);
  const found: StandingVariable[] = [];
  for (const one of all) {
    const value = expand(one.value, known, host.personHome);
    if (value === undefined) continue;
    known.set(one.name, value);
    if (names.includes(one.name)) found.push({ ...one, value });
  }
  return found;
}

function startupFiles({ env, personHome }: Pick<Host, 'env' | 'personHome'>): readonly string[] {
  const config = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(personHome, '.config');
  const zsh = env.ZDOTDIR?.startsWith('/') ? env.ZDOTDIR : personHome;
  return [
    '/etc/environment',
    '/etc/profile',
    ...filesIn('/etc/profile.d', '.sh'),
    ...filesIn(join(config, 'environment.d'), '.conf'),
    ...['.profile', '.bash_profile', '.bash_login', '.bashrc'].map((name) => join(personHome, name)),
    ...['.zshenv', '.zprofile', '.zshrc', '.zlogin'].map((name) => join(zsh, name)),
    join(config, 'fish', 'config.fish'),
    ...filesIn(join(config, 'fish', 'conf.d'), '.fish'),
  ];
}

function filesIn(folder: string, end: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(end))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function assignmentsIn(file: string): readonly StandingVariable[] {
  return textOf(file)
    .split('\n')
    .flatMap((text, index) => {
      if (text.length > 1000) return [];
      const [, name, value] = ASSIGNMENT.exec(text) ?? [];
      return name === undefined || value === undefined ? [] : [{ name, value, file, line: index + 1 }];
    });
}

function textOf(file: string): string {
  try {
    const { size } = statSync(file);
    return size > LIMIT ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function expand(written: string, known: ReadonlyMap<string, string>, personHome: string): string | undefined {
  if (written.startsWith("'")) return written.slice(1, -1);
  const quoted = written.startsWith('"');
  const bare = quoted ? written.slice(1, -1) : written.replace(/^~(?=\/|$)/, personHome);
  if (/[`]|\$\(|\\/.test(bare)) return undefined;
  let missing = false;
  const value = bare.replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (_, braced: string, plain: string) => {
    const one = known.get(braced ?? plain);
    if (one === undefined) missing = true;
    return one ?? '';
  });
  return missing || value.includes('$') ? undefined : value;
}
