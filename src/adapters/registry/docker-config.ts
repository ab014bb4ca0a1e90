import { isAbsolute, join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import type { Host } from '../../host';
import { readTextIfAny } from '../files/fs';
import { askCredentialHelper } from './credential-helper';
import type { Login } from './login';

export interface LoginOptions {
  readonly host: Host;
  /** Called with what must be told: a helper that is missing, a file that cannot be read. */
  readonly warn: (text: string) => void;
}

/**
 * The login for a repository as Docker, Podman, skopeo and oras have it: `$REGISTRY_AUTH_FILE`, Podman's `auth.json`, then
 * `$DOCKER_CONFIG/config.json`. In each file a helper of that host, the most precise entry, then the helper of all hosts.
 * https://man.archlinux.org/man/containers-auth.json.5 `undefined` means that nobody logged in.
 */
export async function findLogin(host: string, repository: string, options: LoginOptions): Promise<Login | undefined> {
  for (const file of configFiles(options.host)) {
    const config = await readConfig(file, options);
    if (config === undefined) continue;
    const found = await loginIn(config, { host, repository, file }, options);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Config {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly helpers: Readonly<Record<string, unknown>>;
  readonly helper: string | undefined;
}

/** The most special first. A file that a variable names is the only one. */
function configFiles({ env, personHome }: Host): readonly string[] {
  const named = env.REGISTRY_AUTH_FILE ?? '';
  if (named !== '') return [named];
  const runtime = env.XDG_RUNTIME_DIR ?? '';
  const configured = env.XDG_CONFIG_HOME ?? '';
  const docker = env.DOCKER_CONFIG ?? '';
  return [
    ...(isAbsolute(runtime) ? [join(runtime, 'containers', 'auth.json')] : []),
    join(isAbsolute(configured) ? configured : join(personHome, '.config'), 'containers', 'auth.json'),
    join(docker === '' ? join(personHome, '.docker') : docker, 'config.json'),
  ];
}

async function readConfig(file: string, { warn }: LoginOptions): Promise<Config | undefined> {
  try {
    const text = await readTextIfAny(file);
    if (text === undefined || text.trim() === '' || text.length > LIMIT) return undefined;
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return undefined;
    return {
      auths: isRecord(value.auths) ? value.auths : {},
      helpers: isRecord(value.credHelpers) ? value.credHelpers : {},
      helper: typeof value.credsStore === 'string' && value.credsStore !== '' ? value.credsStore : undefined,
    };
  } catch {
    // The text may hold a password: nothing of it is shown.
    warn(`${file} cannot be read, so no login is taken from it`);
    return undefined;
  }
}

async function loginIn(
  config: Config,
  asked: { readonly host: string; readonly repository: string; readonly file: string },
  options: LoginOptions,
): Promise<Login | undefined> {
  const { host, repository } = asked;
  const own = config.helpers[host];
  if (typeof own === 'string' && own !== '') return fromHelper(own, host, options);
  for (const name of namesOf(host, repository)) {
    const key = Object.keys(config.auths).find((written) => plainName(written) === name);
    const entry = key === undefined ? undefined : config.auths[key];
    const login = isRecord(entry) ? decodeEntry(entry) : undefined;
    if (login !== undefined) return login;
  }
  return config.helper === undefined ? undefined : fromHelper(config.helper, host, options);
}

async function fromHelper(name: string, host: string, options: LoginOptions): Promise<Login | undefined> {
  try {
    return await askCredentialHelper(options.host, name, host);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    options.warn(printable(error.message));
    return undefined;
  }
}

/** From the repository itself to the host alone. */
function namesOf(host: string, repository: string): readonly string[] {
  const parts = repository.split('/');
  return [...parts.map((_, index) => `${host}/${parts.slice(0, parts.length - index).join('/')}`), host];
}

/** Docker once wrote `https://HOST/v1/`. */
function plainName(written: string): string {
  return written
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '')
    .toLowerCase();
}

function decodeEntry(entry: Readonly<Record<string, unknown>>): Login | undefined {
  const { auth, identitytoken, username, password } = entry;
  if (typeof identitytoken === 'string' && identitytoken !== '') return { kind: 'identity', token: identitytoken };
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon > 0) {
      return { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
    }
  }
  if (typeof username !== 'string' || typeof password !== 'string' || username === '') return undefined;
  return { kind: 'password', user: username, password };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && Boolean(value) && !Array.isArray(value);
}

const LIMIT = 2 ** 20;
