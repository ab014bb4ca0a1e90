import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import type { Dispatcher, Pool } from 'undici';
import type { Settings } from '../../domain/project/settings';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import { present } from '../../domain/words/present';
import type { Host } from '../../host';
import { openAuthorities } from './authorities';
import { decodeBody, isWebPage, joined, readText, watch } from './body';
import { exchange } from './exchange';
import { describeFailure, describeStatus, LONGEST_WAIT, Transient } from './failures';
import { readNetrc } from './netrc';
import { leaveParserPlain } from './parser-tiering';
import { type ProxyChoice, proxyFor } from './proxies';
import { isLoopback, maskUrl, parseUrl, redirectTarget, refuseUnprotected, userHeaders, withoutUser } from './url';

export interface Http {
  /**
   * GET, with retries, redirects, proxies and the person's certificates. Answers of 200-299, 304, 404 and 410 are
   * returned. Throws `offline`, `insecure-url`, `certificate-invalid`, `http-status` (the rest) and `network`; so does
   * reading the body.
   */
  get(url: string, options?: GetOptions): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** The way out itself, beneath mirrors. */
export interface DirectHttp extends Http {
  /**
   * One request of any method: no redirect is followed, nothing is tried again, nobody's password is added, and every status
   * is an answer. Throws `offline`, `insecure-url`, `certificate-invalid` and `network`.
   */
  send(url: string, options: SendOptions): Promise<SentAnswer>;
  /** Believes the authorities of a file too, from now on. */
  believe(file: string): void;
}

export interface GetOptions {
  /** Sent to the first origin only: a redirect to another gets none of them but what describes the wanted bytes. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Further tries after a failure; default the person's setting. */
  readonly retries?: number;
  /** `raw` leaves a Content-Encoding in place; default `decoded`. */
  readonly encoding?: 'raw' | 'decoded';
  /** Further statuses that are answers and no errors. */
  readonly answers?: readonly number[];
}

export interface SendOptions {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** With `content-length` among the headers where it is a stream. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

export interface SentAnswer extends HttpAnswer {
  /** The body is of no interest. */
  drop(): void;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where it came from in the end, without user and password. */
  readonly url: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** The body as UTF-8. Throws `upstream-malformed` above `limit` bytes (default 64 MiB). */
  text(limit?: number): Promise<string>;
}

export interface HttpOptions {
  readonly host: Pick<Host, 'env'> & Partial<Pick<Host, 'nodeVersion'>>;
  readonly settings: Settings;
  readonly emit: Emit;
  /** Where a redirect's target is really fetched from. The first URL is taken as it is: who asks has rewritten it. */
  readonly rewrite?: (url: string) => { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

const MOST_REDIRECTS = 10;

/** The way out to the network. Nothing is loaded or opened before the first `get`. */
export function openHttp(options: HttpOptions): DirectHttp {
  const { settings } = options;
  const routes = new Map<string, Promise<Dispatcher>>();
  const gone = new Set<string>();
  const retired: Promise<Dispatcher>[] = [];
  const believed: string[] = [];
  let authorities: SecureContext | undefined;
  let netrc: ReturnType<typeof readNetrc> | undefined;

  return {
    get: async (url, request = {}) => withRetries(permitted(url), request),
    send: async (url, request) => {
      const asked = permitted(url);
      try {
        const answer = await ask(asked, { 'user-agent': 'polyenv', ...lowerCase(request.headers ?? {}) }, request);
        const text = (limit?: number): Promise<string> => readText(answer.body, asked, limit);
        return { ...answer, url: withoutUser(asked), text };
      } catch (error) {
        throw error instanceof Transient ? error.shown : error;
      }
    },
    believe: (file) => {
      if (believed.includes(file)) return;
      believed.push(file);
      // What was opened before does not know it.
      authorities = undefined;
      for (const [key, route] of routes) {
        if (!key.startsWith('https:')) continue;
        routes.delete(key);
        retired.push(route);
      }
    },
    close: async () => {
      const open = await Promise.allSettled([...routes.values(), ...retired]);
      await Promise.all(open.map((route) => (route.status === 'fulfilled' ? route.value.destroy() : undefined)));
      routes.clear();
    },
  };

  function permitted(url: string): URL {
    if (settings.offline) {
      throw new PolyenvError('offline', `${maskUrl(url)} is needed, and the network is switched off`, {
        hint: 'run it once without --offline',
        elsewhere: true,
      });
    }
    const asked = parseUrl(url);
    refuseUnprotected(asked, settings, maskUrl(url));
    return asked;
  }

  async function withRetries(url: URL, request: GetOptions): Promise<HttpAnswer> {
    // An origin that could not be reached once is not waited for again in this run.
    const tries = gone.has(url.origin) ? 0 : Math.max(0, request.retries ?? settings.networkRetries);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await follow(url, request);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof Transient)) throw error;
        const pause = error.pause ?? Math.min(8000, 250 * 2 ** attempt) * (0.5 + Math.random() / 2);
        if (attempt >= tries || pause > LONGEST_WAIT * 1000) {
          if (error.shown.code === 'network') gone.add(url.origin);
          throw error.shown;
        }
        if (pause > 2000) {
          options.emit({ type: 'note', text: `${error.shown.message}; trying again in ${Math.ceil(pause / 1000)} s` });
        }
        await sleep(pause, undefined, request.signal === undefined ? {} : { signal: request.signal });
      }
    }
  }

  async function follow(first: URL, request: GetOptions): Promise<HttpAnswer> {
    let url = first;
    let headers: Readonly<Record<string, string>> = lowerCase(request.headers ?? {});
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      const usual = { 'user-agent': 'polyenv', 'accept-encoding': 'gzip', ...credentials(url) };
      const answer = await ask(url, { ...usual, ...headers }, { method: 'GET', ...request });
      const location = answer.headers.location;
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) {
        return checkAnswer(answer, url, request.answers ?? []);
      }
      answer.drop();
      const next = redirectTarget(url, location);
      // guard: cross-origin
      if (next.origin !== url.origin) headers = describingOnly(headers);
      const target = options.rewrite?.(next.href) ?? { url: next.href, headers: {} };
      url = parseUrl(target.url);
      refuseUnprotected(url, settings, `a redirect from ${first.host}`);
      headers = { ...headers, ...lowerCase(target.headers) };
    }
    throw new PolyenvError('network', `${maskUrl(first.href)} redirects more than ${MOST_REDIRECTS} times`, {
      hint: 'check the mirror, if one is set: polyenv settings get mirrors',
      elsewhere: true,
    });
  }

  async function ask(
    url: URL,
    headers: Readonly<Record<string, string>>,
    request: SendOptions & Pick<GetOptions, 'encoding'>,
  ): Promise<RawAnswer> {
    const proxy = proxyFor(url, options.host.env);
    const seconds = Math.max(1, settings.networkTimeout);
    const dispatcher = await routeTo(url, proxy);
    const { origin, pathname, search } = url;
    try {
      const answer = await exchange(dispatcher, {
        method: request.method,
        origin,
        path: pathname + search,
        headers,
        headersTimeout: seconds * 1000,
        bodyTimeout: seconds * 1000,
        ...present({ body: request.body as Uint8Array | undefined, signal: request.signal }),
      });
      const encoded = request.encoding === 'raw' ? undefined : single(answer.headers['content-encoding']);
      const body = watch(answer.body, { url, proxy, seconds, settings });
      return {
        status: answer.status,
        headers: flatten(answer.headers),
        body: encoded === undefined ? body : decodeBody(body, encoded, url),
        drop: answer.drop,
      };
    } catch (error) {
      request.signal?.throwIfAborted();
      throw describeFailure(error, { url, proxy, seconds, settings });
    }
  }

  function credentials(url: URL): Readonly<Record<string, string>> {
    const own = userHeaders(url);
    if (Object.keys(own).length > 0 || (url.protocol === 'http:' && !isLoopback(url))) return own;
    netrc ??= readNetrc(options.host.env);
    return netrc.headersFor(url.hostname);
  }

  function routeTo(url: URL, proxy: ProxyChoice | undefined): Promise<Dispatcher> {
    const key = `${url.protocol} ${proxy?.url ?? ''} ${proxy?.authorization ?? ''}`;
    let route = routes.get(key);
    if (route === undefined) {
      route = openRoute(url, proxy);
      routes.set(key, route);
    }
    return route;
  }

  async function openRoute(url: URL, proxy: ProxyChoice | undefined): Promise<Dispatcher> {
    await leaveParserPlain(options.host.nodeVersion);
    const { Agent, Pool, ProxyAgent } = await import('undici');
    const timeout = Math.min(10, Math.max(1, settings.networkTimeout)) * 1000;
    const secure = url.protocol === 'https:' || proxy?.url.startsWith('https:') === true;
    if (secure) authorities ??= openAuthorities(options.host.env, options.emit, believed);
    const tls = {
      timeout,
      autoSelectFamily: true,
      ...(authorities !== undefined && { secureContext: authorities, rejectUnauthorized: true }),
    };
    if (proxy === undefined) return new Agent({ connect: tls, connections: 16, allowH2: false });
    return new ProxyAgent({
      uri: proxy.url,
      ...present({ token: proxy.authorization }),
      proxyTunnel: url.protocol === 'https:',
      proxyTls: tls,
      requestTls: tls,
      clientFactory: (origin: URL, opts: object) => endingTunnels(new Pool(origin, opts)),
    } as ConstructorParameters<typeof ProxyAgent>[0]);
  }
}

/** undici takes a tunnel that the proxy closes without a word for one to be asked for again, at once and for ever. */
function endingTunnels(proxy: Pool): Pool {
  const open = proxy.connect.bind(proxy) as (options: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData>;
  const connect = async (options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    try {
      return await open(options);
    } catch (cause) {
      if ((cause as { readonly code?: unknown }).code !== 'UND_ERR_SOCKET') throw cause;
      throw Object.assign(new Error('the proxy closed the tunnel', { cause }), { code: 'ECONNRESET' });
    }
  };
  return Object.assign(proxy, { connect });
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  drop(): void;
}

async function checkAnswer(answer: RawAnswer, url: URL, also: readonly number[]): Promise<HttpAnswer> {
  const { status } = answer;
  if ((status < 200 || status > 299) && ![304, 404, 410, ...also].includes(status)) {
    answer.drop();
    throw describeStatus(answer, url);
  }
  const body = answer.body[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array>;
  try {
    first = await body.next();
  } catch (error) {
    throw error instanceof PolyenvError && error.code === 'network' ? new Transient(error) : error;
  }
  if (status < 300 && first.done !== true && isWebPage(first.value)) {
    answer.drop();
    throw new PolyenvError('network', `${url.host} answered with a web page instead of ${maskUrl(url.href)}`, {
      hint: 'this network may want you to sign in: open any page in a browser, then try again',
      elsewhere: true,
    });
  }
  const all = joined(first, body);
  return {
    status,
    headers: answer.headers,
    url: withoutUser(url),
    body: all,
    text: (limit) => readText(all, url, limit),
  };
}

/** What may cross to another origin: what describes the wanted bytes, never who wants them. */
function describingOnly(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const harmless = ['accept', 'accept-encoding', 'range', 'if-range', 'user-agent'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.includes(name)));
}

function lowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    const text = single(value);
    return text === undefined ? [] : [[name.toLowerCase(), text]];
  });
  return Object.fromEntries(pairs);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
