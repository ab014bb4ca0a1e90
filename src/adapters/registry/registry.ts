import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../domain/project/settings';
import { formatReference, type Reference } from '../../domain/team/reference';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { printable, quoted } from '../../domain/words/printable';
import type { Host } from '../../host';
import { describeStatus, LONGEST_WAIT, Transient } from '../net/failures';
import type { DirectHttp, GetOptions, HttpAnswer, SendOptions, SentAnswer } from '../net/http';
import { isLoopback, maskUrl, redirectTarget } from '../net/url';
import { findLogin } from './docker-config';
import { type Access, openSignIn, type SignIn } from './sign-in';

export interface RegistryOptions {
  readonly http: DirectHttp;
  readonly reference: Reference;
  readonly host: Host;
  readonly settings: Settings;
  readonly hide: (secret: string) => void;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
  /** Further repositories of the registry from which blobs are mounted. */
  readonly mounted?: readonly string[];
  /** `nobody`: without any login, to see what everybody sees. */
  readonly as?: 'person' | 'nobody';
}

/** One repository of a registry, spoken to as https://github.com/opencontainers/distribution-spec says. */
export interface Registry {
  readonly reference: Reference;
  /** `registry.example/team/toolchains`: for people. */
  readonly name: string;
  /** Absolute: `https://registry.example/v2/team/toolchains/REST`. */
  url(rest: string): Promise<string>;
  /**
   * Any request but the download of a blob. Every status but 401, 408, 429 and most 5xx is an answer. A URL of another host
   * learns no login.
   */
  ask(access: Access, request: RegistryRequest): Promise<SentAnswer>;
  /** A GET through retries and redirects, for blobs. */
  fetch(url: string, options: GetOptions): Promise<HttpAnswer>;
  /** Whether a login was needed so far. */
  signedIn(): boolean;
}

export interface RegistryRequest {
  readonly method: SendOptions['method'];
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each try. */
  readonly body?: () => Uint8Array | AsyncIterable<Uint8Array>;
  /** `none`: whoever asks goes on by itself after a failure. */
  readonly retries?: 'usual' | 'none';
  readonly signal?: AbortSignal;
}

/** Nothing is asked before the first request. */
export function openRegistry(options: RegistryOptions): Registry {
  const { http, reference, settings, host } = options;
  let opened: Promise<{ readonly base: string; readonly signIn: SignIn }> | undefined;
  const open = () => {
    opened ??= originOf(options).then((origin) => ({
      base: `${origin}/v2/${reference.repository}`,
      signIn: signInAt(origin),
    }));
    return opened;
  };
  let current: SignIn | undefined;
  const signInAt = (origin: string): SignIn => {
    current = openSignIn({
      http,
      origin,
      repository: reference.repository,
      mounted: options.mounted ?? [],
      login: async () =>
        options.as === 'nobody'
          ? undefined
          : findLogin(reference.host, reference.repository, { host, warn: options.warn }),
      hide: options.hide,
      note: options.note,
    });
    return current;
  };

  return {
    reference,
    name: formatReference(reference),
    url: async (rest) => `${(await open()).base}/${rest}`,
    signedIn: () => current?.used() ?? false,
    ask: async (access, request) => {
      const { base, signIn } = await open();
      const bare = (): Promise<SentAnswer> => follow(request, request.headers ?? {});
      // guard: login-origin
      if (new URL(request.url).origin !== new URL(base).origin) return withRetries(request, bare);
      return withRetries(request, () =>
        signIn.authorized(access, (authorization) => follow(request, { ...request.headers, ...authorization })),
      );
    },
    fetch: async (url, request) => {
      const { signIn } = await open();
      return signIn.authorized('pull', (authorization) =>
        http.get(url, { ...request, headers: { ...request.headers, ...authorization }, answers: [401] }),
      );
    },
  };

  async function withRetries(request: RegistryRequest, ask: () => Promise<SentAnswer>): Promise<SentAnswer> {
    const tries = request.retries === 'none' ? 0 : settings.networkRetries;
    for (let attempt = 0; ; attempt += 1) {
      const { answer, failure, pause } = await attemptOnce(request, ask);
      if (answer !== undefined) return answer;
      const wait = pause ?? Math.min(8000, 250 * 2 ** attempt) * (0.5 + Math.random() / 2);
      if (attempt >= tries || wait > LONGEST_WAIT * 1000) throw failure;
      await sleep(wait, undefined, request.signal === undefined ? {} : { signal: request.signal });
    }
  }

  async function attemptOnce(
    request: RegistryRequest,
    ask: () => Promise<SentAnswer>,
  ): Promise<{ readonly answer?: SentAnswer; readonly failure?: unknown; readonly pause?: number }> {
    try {
      const answer = await ask();
      if (answer.status !== 429 && answer.status !== 408 && answer.status < 500) return { answer };
      // These two say that the registry does not know the method, and that it is full.
      if (answer.status === 501 || answer.status === 507) return { answer };
      const error = describeStatus(answer, new URL(answer.url));
      answer.drop();
      if (!(error instanceof Transient)) throw error;
      return { failure: error.shown, ...present({ pause: error.pause }) };
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof PolyenvError && error.code === 'network') return { failure: error };
      throw error;
    }
  }

  /** Redirects of what only reads are followed; nobody's login crosses to another host. */
  async function follow(request: RegistryRequest, given: Readonly<Record<string, string>>): Promise<SentAnswer> {
    const { method, body, signal } = request;
    let url = new URL(request.url);
    let headers = given;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      const answer = await http.send(url.href, {
        method,
        headers,
        ...(body !== undefined && { body: body() }),
        ...present({ signal }),
      });
      const { location } = answer.headers;
      const moved = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined;
      if (!moved) return answer;
      answer.drop();
      if (method !== 'GET' && method !== 'HEAD') {
        throw problem(`${url.host} redirects a ${method}, which is not followed: ${maskUrl(url.href)}`);
      }
      const next = redirectTarget(url, location);
      // guard: registry-cross-origin
      if (next.origin !== url.origin) headers = withoutAuthorization(headers);
      url = next;
    }
    throw problem(`${maskUrl(request.url)} redirects more than ${MOST_REDIRECTS} times`);
  }
}

/** The error of an answer that refuses, with the registry's own words. Reads the body. */
export async function refusalOf(answer: SentAnswer, what: string): Promise<PolyenvError> {
  const { host } = new URL(answer.url);
  const words = await registryWords(answer);
  const message = `${host} does not ${what} (status ${answer.status}${words === '' ? '' : `: ${words}`})`;
  const hint =
    answer.status === 403 || answer.status === 401
      ? `docker login ${host}, or: podman login ${host}, as somebody who may do that`
      : answer.status === 507 || answer.status === 413
        ? 'ask whoever runs the registry for more room'
        : 'ask whoever runs the registry';
  return new PolyenvError('http-status', message, { status: answer.status, hint, elsewhere: true });
}

export function problem(message: string): PolyenvError {
  return new PolyenvError('network', printable(message), { hint: 'polyenv settings get store', elsewhere: true });
}

const MOST_REDIRECTS = 10;

/** `{"errors":[{"code":"DENIED","message":"..."}]}` */
async function registryWords(answer: SentAnswer): Promise<string> {
  try {
    const value = JSON.parse(await answer.text(WORDS_LIMIT)) as { readonly errors?: readonly unknown[] };
    const [first] = Array.isArray(value.errors) ? value.errors : [];
    const { code, message } = (first ?? {}) as Readonly<Record<string, unknown>>;
    const words = [code, message].filter((word) => typeof word === 'string' && word !== '').join(' ');
    return words === '' ? '' : quoted(words, 200).slice(1, -1);
  } catch {
    return '';
  }
}

const WORDS_LIMIT = 2 ** 16;

function withoutAuthorization(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}

/**
 * As written; https for a name of the network; and on this machine what answers there. What answers with a certificate that
 * is not accepted is refused, and never asked again without one.
 */
async function originOf({ http, reference }: RegistryOptions): Promise<string> {
  const { scheme, host } = reference;
  if (scheme !== undefined) return new URL(`${scheme}://${host}`).origin;
  const secure = new URL(`https://${host}`);
  if (!isLoopback(secure)) return secure.origin;
  try {
    (await http.send(`${secure.origin}/v2/`, { method: 'GET' })).drop();
    return secure.origin;
  } catch (error) {
    if (!speaksNoTls(error)) throw error;
    return new URL(`http://${host}`).origin;
  }
}

/** A server that answers a greeting in TLS with plain text, or hangs up. */
function speaksNoTls(error: unknown): boolean {
  const found = error as { readonly cause?: { readonly code?: unknown; readonly cause?: { readonly code?: unknown } } };
  const codes = [found.cause?.code, found.cause?.cause?.code].filter((code) => typeof code === 'string');
  return codes.some((code) => /^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(code));
}
