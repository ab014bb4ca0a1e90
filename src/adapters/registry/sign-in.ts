import { parseChallenge } from '../../domain/team/challenge';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { printable } from '../../domain/words/printable';
import type { DirectHttp, SentAnswer } from '../net/http';
import { maskUrl } from '../net/url';
import type { Login } from './login';

/** What is to be done in a repository. A token is asked for exactly that. */
export type Access = 'pull' | 'push' | 'delete';

/** Who we are to one registry. */
export interface SignIn {
  /**
   * Runs the request with what is known to be wanted, and once more where the answer is a challenge that can be met. The
   * first request of a repository goes alone: what it learns spares the others a refusal. Throws `http-status` 401.
   */
  authorized<T extends Challenging>(
    access: Access,
    ask: (headers: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T>;
  /** Whether a login was sent anywhere. */
  used(): boolean;
}

export interface Challenging {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
}

export interface SignInOptions {
  readonly http: DirectHttp;
  /** The registry's own. */
  readonly origin: string;
  readonly repository: string;
  /** Further repositories of that registry from which blobs are mounted. */
  readonly mounted: readonly string[];
  readonly login: () => Promise<Login | undefined>;
  /** Told once for a secret that must be shown nowhere. */
  readonly hide: (secret: string) => void;
  readonly note: (text: string) => void;
}

export function openSignIn(options: SignInOptions): SignIn {
  const { origin, repository } = options;
  const known = new Map<Access, string>();
  const renewals = new Map<Access, Promise<string>>();
  let first: Promise<unknown> | undefined;
  let login: Promise<Login | undefined> | undefined;
  let used = false;
  const findLogin = (): Promise<Login | undefined> => {
    login ??= options.login().then((found) => {
      if (found !== undefined) options.hide(found.kind === 'password' ? found.password : found.token);
      return found;
    });
    return login;
  };

  return {
    used: () => used,
    authorized: async (access, ask) => {
      const run = () => inTurn(access, ask);
      if (first === undefined) {
        const mine = run();
        first = mine.catch(() => undefined);
        return mine;
      }
      await first;
      return run();
    },
  };

  async function inTurn<T extends Challenging>(
    access: Access,
    ask: (headers: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T> {
    const before = known.get(access);
    const answer = await ask(before === undefined ? {} : { authorization: before });
    if (answer.status !== 401) return answer;
    const from = new URL(answer.url).origin;
    // guard: challenge-origin
    if (from !== origin) throw refused(`a redirect from ${origin} to ${from} wants a login, and gets none`);
    const current = known.get(access);
    const next = current !== undefined && current !== before ? current : await renew(access, answer);
    const again = await ask({ authorization: next });
    if (again.status !== 401) return again;
    known.delete(access);
    throw refused(`${origin} does not accept the login for ${repository} (status 401)`);
  }

  async function renew(access: Access, answer: Challenging): Promise<string> {
    const running = renewals.get(access);
    if (running !== undefined) return running;
    const renewal = meet(access, answer.headers['www-authenticate'] ?? '').finally(() => renewals.delete(access));
    renewals.set(access, renewal);
    const authorization = await renewal;
    known.set(access, authorization);
    return authorization;
  }

  async function meet(access: Access, header: string): Promise<string> {
    const challenge = parseChallenge(header);
    if (challenge === undefined)
      throw refused(`${origin} wants a login of a kind that polyenv does not know (status 401)`);
    const found = await findLogin();
    if (challenge.kind === 'basic') {
      if (found?.kind !== 'password') throw refused(`${origin} wants a login for ${repository} (status 401)`);
      used = true;
      return basic(found);
    }
    return `Bearer ${await fetchToken(challenge, access, found)}`;
  }

  async function fetchToken(
    challenge: { readonly realm: string; readonly service?: string },
    access: Access,
    found: Login | undefined,
  ): Promise<string> {
    const realm = realmUrl(challenge.realm);
    // guard: token-realm
    if (realm.protocol !== 'https:' && realm.origin !== origin)
      throw refused(
        `${origin} sends to ${maskUrl(realm.href)} for a token, which is neither https nor itself: no login goes there`,
      );
    if (found !== undefined) {
      if (realm.origin !== origin && !used) options.note(`${origin} has its logins checked by ${realm.host}`);
      used = true;
    }
    const service = challenge.service === undefined ? {} : { service: challenge.service };
    const answer = await askToken(realm, { ...service, scopes: scopesOf(access) }, found);
    return readToken(answer, realm);
  }

  async function askToken(
    realm: URL,
    asked: { readonly service?: string; readonly scopes: readonly string[] },
    found: Login | undefined,
  ): Promise<SentAnswer> {
    if (found?.kind === 'identity') {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'polyenv',
        refresh_token: found.token,
        scope: asked.scopes.join(' '),
        ...present({ service: asked.service }),
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return options.http.send(realm.href, { method: 'POST', headers, body: Buffer.from(form.toString()) });
    }
    const url = new URL(realm);
    if (asked.service !== undefined) url.searchParams.set('service', asked.service);
    for (const scope of asked.scopes) url.searchParams.append('scope', scope);
    const headers = found === undefined ? {} : { authorization: basic(found) };
    return options.http.send(url.href, { method: 'GET', headers: { accept: 'application/json', ...headers } });
  }

  /** Exactly what is to be done, whatever the registry proposes. */
  function scopesOf(access: Access): readonly string[] {
    const actions = { pull: 'pull', push: 'pull,push', delete: 'pull,delete' }[access];
    const others = access === 'push' ? options.mounted : [];
    return [`repository:${repository}:${actions}`, ...others.map((name) => `repository:${name}:pull`)];
  }

  async function readToken(answer: SentAnswer, realm: URL): Promise<string> {
    // A redirect is not followed: it could lead the login astray.
    if (answer.status !== 200) {
      answer.drop();
      throw refused(`${realm.host} gives no token for ${repository} (status ${answer.status})`);
    }
    const text = await answer.text(TOKEN_LIMIT);
    const token = tokenIn(text);
    if (token === undefined) throw refused(`${realm.host} answered without a token for ${repository}`);
    options.hide(token);
    return token;
  }

  function realmUrl(text: string): URL {
    if (!URL.canParse(text)) throw refused(`${origin} names no URL for tokens`);
    return new URL(text);
  }

  function refused(message: string): PolyenvError {
    const { host } = new URL(origin);
    return new PolyenvError('http-status', printable(message), {
      status: 401,
      hint: `docker login ${host}, or: podman login ${host}`,
      elsewhere: true,
    });
  }
}

const TOKEN_LIMIT = 2 ** 20;

function tokenIn(text: string): string | undefined {
  try {
    const { token, access_token: access } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const found = typeof token === 'string' && token !== '' ? token : access;
    return typeof found === 'string' && /^[\x21-\x7e]{1,65536}$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function basic(login: Extract<Login, { readonly kind: 'password' }>): string {
  return `Basic ${Buffer.from(`${login.user}:${login.password}`, 'utf8').toString('base64')}`;
}
