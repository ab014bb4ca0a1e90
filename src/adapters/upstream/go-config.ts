import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { settingVariable } from '../../domain/project/settings';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { childrenOf, readTextIfAny } from '../files/fs';
import { findPrograms } from '../system/programs';
import type { ConfigOptions } from './npm-config';

/** The module proxies as Go is configured for this person: https://go.dev/ref/mod#environment-variables */
export interface GoConfig {
  /** In order. `direct` is left out: polyenv does not fetch from version control. */
  readonly proxies: readonly GoProxyStep[];
  /** Why there are none; told when the source is used. */
  readonly missing: PolyenvError | undefined;
  /** The checksum database's own address, where `GOSUMDB` names another than its public one. */
  readonly database: string | undefined;
}

/** The public name of Go's checksum database: https://go.dev/ref/mod#checksum-database */
export const DATABASE = 'sum.golang.org';

export interface GoProxyStep {
  /** Without a slash at the end; may hold a user and password. */
  readonly url: URL;
  /** When the next one is asked: after 404 and 410 (`,`), or after any failure (`|`). */
  readonly falls: 'absent' | 'any';
}

/**
 * The setting `registry.go`, else `GOPROXY`, else the person's `go/env` file, else the `go.env` of a Go: on PATH,
 * in polyenv's store, or where Go is usually installed. `GONOSUMDB`, `GOFLAGS=-insecure`, `GOSUMDB=off` and the like weaken nothing here: a toolchain is always
 * checked against the checksum database.
 */
export async function readGoConfig(options: ConfigOptions): Promise<GoConfig> {
  const { host, settings } = options;
  const files = goEnvFiles(options);
  let list = settings.goProxy === '' ? undefined : settings.goProxy;
  let from = `the setting registry.go (${settingVariable('registry.go')})`;
  if (list === undefined) {
    list = present(host.env.GOPROXY);
    from = 'GOPROXY';
  }
  let database = present(host.env.GOSUMDB);
  for await (const file of files) {
    if (list !== undefined && database !== undefined) break;
    const values = goEnvValues(await readTextIfAny(file));
    if (list === undefined) {
      list = values.get('GOPROXY');
      from = `GOPROXY in ${file}`;
    }
    database ??= values.get('GOSUMDB');
  }
  const proxies = list === undefined ? [] : parseProxies(list, from);
  return {
    proxies,
    missing: proxies.length > 0 ? undefined : explainMissing(list, from),
    database: databaseUrl(database),
  };
}

/** Throws `settings-invalid` for an entry that is no URL. https://go.dev/ref/mod#goproxy-protocol */
function parseProxies(list: string, from: string): readonly GoProxyStep[] {
  const steps: GoProxyStep[] = [];
  for (const [, entry = '', separator] of list.matchAll(/([^,|]+)([,|]?)/g)) {
    const text = entry.trim();
    if (text === 'off') break;
    if (text === '' || text === 'direct' || text === 'noproxy') continue;
    // As for the go command, a host alone means https.
    const whole = text.includes('://') ? text : `https://${text}`;
    const url = URL.canParse(whole) ? new URL(whole) : undefined;
    if (url === undefined || !['https:', 'http:', 'file:'].includes(url.protocol)) {
      throw new PolyenvError('settings-invalid', `${from} holds an entry that is not the URL of a module proxy`, {
        hint: 'export GOPROXY=URL, or: polyenv settings set registry.go URL',
      });
    }
    if (url.protocol === 'file:') continue;
    url.pathname = url.pathname.replace(/\/+$/, '');
    steps.push({ url, falls: separator === '|' ? 'any' : 'absent' });
  }
  return steps;
}

function explainMissing(list: string | undefined, from: string): PolyenvError {
  const message =
    list === undefined
      ? 'no Go module proxy is configured on this machine'
      : `${from} is ${JSON.stringify(list.slice(0, 80))}, which names no module proxy`;
  return new PolyenvError('network', message, {
    hint: 'export GOPROXY=URL, or: polyenv settings set registry.go URL',
    elsewhere: true,
  });
}

/** Files that may say it, the person's own first. `GOENV=off` means that there is none of the person. */
async function* goEnvFiles({ host, home }: ConfigOptions): AsyncGenerator<string> {
  const named = present(host.env.GOENV);
  if (named === undefined) {
    const folder = configFolder(host);
    if (folder !== undefined) yield join(folder, 'go', 'env');
  } else if (named !== 'off' && isAbsolute(named)) yield named;

  const root = present(host.env.GOROOT);
  if (root !== undefined && isAbsolute(root)) yield join(root, 'go.env');
  for (const program of findPrograms(host, home, 'go')) yield join(dirname(dirname(realpathSync(program))), 'go.env');
  const folders = [...childrenOf(home.store), ...childrenOf(join(host.personHome, 'sdk')), ...USUAL_FOLDERS];
  for (const folder of folders) yield join(folder, 'go.env');
}

const USUAL_FOLDERS = [
  '/usr/local/go',
  '/usr/lib/go',
  '/usr/lib/golang',
  '/opt/homebrew/opt/go/libexec',
  '/usr/local/opt/go/libexec',
];

/** Go's `os.UserConfigDir()`. */
function configFolder(host: Host): string | undefined {
  if (host.os === 'win32') return present(host.env.AppData ?? host.env.APPDATA);
  if (host.os === 'darwin') return join(host.personHome, 'Library', 'Application Support');
  const xdg = present(host.env.XDG_CONFIG_HOME);
  return xdg !== undefined && isAbsolute(xdg) ? xdg : join(host.personHome, '.config');
}

/** `NAME=VALUE` lines as they are, without quoting; `#` starts a comment line. */
function goEnvValues(text: string | undefined): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of (text ?? '').split(/\r?\n/)) {
    const [, name, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && value !== '') values.set(name, value);
  }
  return values;
}

/** `GOSUMDB="NAME[+KEY] [URL]"`: only another address of the same database is taken; its key stays the pinned one. */
function databaseUrl(value: string | undefined): string | undefined {
  const [name = '', url] = (value ?? '').trim().split(/\s+/);
  if (name === 'sum.golang.google.cn') return 'https://sum.golang.google.cn';
  const same = name.split('+')[0] === DATABASE;
  return same && url !== undefined && URL.canParse(url) && url.startsWith('https:')
    ? url.replace(/\/+$/, '')
    : undefined;
}

function present(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}

/** The same for the go command itself. What is not asked by us is not asked by it. */
export function goVariables({ proxies, database }: GoConfig): Readonly<Record<string, string>> {
  const list = proxies.map(({ url, falls }, index) => {
    const last = index === proxies.length - 1;
    return `${url.href.replace(/\/+$/, '')}${last ? '' : falls === 'any' ? '|' : ','}`;
  });
  return {
    GOPROXY: list.length === 0 ? 'off' : list.join(''),
    GOSUMDB: database === undefined ? DATABASE : `${DATABASE} ${database}`,
  };
}
