import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Netrc {
  /** `Authorization` for a host that the file names, else nothing. */
  headersFor(host: string): Readonly<Record<string, string>>;
  /** Every password in it: none of them is ever shown. */
  readonly passwords: readonly string[];
}

/**
 * `$NETRC`, else `~/.netrc` (`~/_netrc`): https://everything.curl.dev/usingcurl/netrc. A missing or unreadable file is
 * an empty one. `default` is ignored, as Go does: it would send a password to every host.
 */
export function readNetrc(env: Readonly<Record<string, string | undefined>>): Netrc {
  const machines = parseNetrc(netrcText(env));
  return {
    headersFor: (host) => {
      const found = machines.get(host);
      if (found === undefined) return {};
      const pair = Buffer.from(`${found.login}:${found.password}`, 'utf8').toString('base64');
      return { authorization: `Basic ${pair}` };
    },
    passwords: [...machines.values()].map((machine) => machine.password),
  };
}

interface Machine {
  readonly login: string;
  readonly password: string;
}

function netrcText(env: Readonly<Record<string, string | undefined>>): string {
  const home = env.HOME ?? env.USERPROFILE;
  const named = env.NETRC === undefined || env.NETRC === '' ? [] : [env.NETRC];
  const usual = home === undefined || home === '' ? [] : [join(home, '.netrc'), join(home, '_netrc')];
  for (const file of named.length > 0 ? named : usual) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // A missing or unreadable file names no machine.
    }
  }
  return '';
}

function parseNetrc(text: string): ReadonlyMap<string, Machine> {
  const machines = new Map<string, Machine>();
  let host: string | undefined;
  let login = '';
  let password = '';
  const keep = (): void => {
    // The first entry of a host wins, as it does for curl.
    if (host !== undefined && password !== '' && !machines.has(host)) machines.set(host, { login, password });
    login = '';
    password = '';
  };
  const words = wordsOf(text);
  for (let index = 0; index < words.length; index += 2) {
    const [word, value = ''] = [words[index], words[index + 1]];
    if (word === 'default') break;
    if (word === 'machine') {
      keep();
      host = value.toLowerCase();
    } else if (word === 'login') login = value;
    else if (word === 'password') password = value;
    else if (word !== 'account') index -= 1;
  }
  keep();
  return machines;
}

/** Words of the file; a macro (`macdef`) reaches to the next empty line and is left out. */
function wordsOf(text: string): readonly string[] {
  const plain = text
    .replace(/\r\n?/g, '\n')
    .replace(/^[ \t]*macdef[^\n]*\n(?:[^\n]+\n)*\n?/gm, '')
    .replace(/^[ \t]*#[^\n]*$/gm, '');
  return [...plain.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '',
  );
}
