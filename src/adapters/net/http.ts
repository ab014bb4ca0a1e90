import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher, Pool } from 'undici';
import type { Settings } from '../../domain/project/settings';
import { concealUrls } from '../../domain/words/concealment';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import { printable } from '../../domain/words/printable';
import type { Host } from '../../host';
import { writable } from '../files/writable';
import { openAuthorities } from './authorities';
import { exchange } from './exchange';
import { isLoopback, refuseUnprotected, userHeaders, withoutUser } from './mirrors';
import { readNetrc } from './netrc';
import { type ProxyChoice, proxyFor } from './proxies';

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
  readonly host: Pick<Host, 'env'>;
  readonly settings: Settings;
  readonly emit: Emit;
  /** Where a redirect's target is really fetched from. The first URL is taken as it is: who asks has rewritten it. */
  readonly rewrite?: (url: string) => { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

/** Below this many bytes a second, on average over `network.timeout` seconds of waiting, a body is given up. */
export const SLOWEST = 1024;

/** Longest wait that a server may ask for (`Retry-After`), in seconds. */
export const LONGEST_WAIT = 30;

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
    get: async (url, request = {}) => {
      if (settings.offline) {
        throw new PolyenvError('offline', `${maskUrl(url)} is needed, and the network is switched off`, {
          hint: 'run it once without --offline',
          elsewhere: true,
        });
      }
      const first = parseUrl(url);
      refuseUnprotected(first, settings, maskUrl(url));
      return withRetries(first, request);
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
      const answer = await ask(url, headers, request);
      const location = answer.headers.location;
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) {
        return checkAnswer(answer, url);
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

  async function ask(url: URL, given: Readonly<Record<string, string>>, request: GetOptions): Promise<RawAnswer> {
    const proxy = proxyFor(url, options.host.env);
    const headers = { 'user-agent': 'polyenv', 'accept-encoding': 'gzip', ...credentials(url), ...given };
    const seconds = Math.max(1, settings.networkTimeout);
    const dispatcher = await routeTo(url, proxy);
    const { origin, pathname, search } = url;
    try {
      const answer = await exchange(dispatcher, {
        method: 'GET',
        origin,
        path: pathname + search,
        headers,
        headersTimeout: seconds * 1000,
        bodyTimeout: seconds * 1000,
        ...(request.signal !== undefined && { signal: request.signal }),
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
      ...(proxy.authorization !== undefined && { token: proxy.authorization }),
      proxyTunnel: url.protocol === 'https:',
      proxyTls: tls,
      requestTls: tls,
      clientFactory: (origin: URL, opts: object) => endingTunnels(new Pool(origin, opts)),
    } as ConstructorParameters<typeof ProxyAgent>[0]);
  }
}

/** The URL without anything secret: user, password and telling parameters are `***`. For messages. */
export function maskUrl(url: string): string {
  return printable(concealUrls(url));
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

interface Circumstances {
  readonly url: URL;
  readonly proxy: ProxyChoice | undefined;
  readonly seconds: number;
  readonly settings: Settings;
}

/** A failure after which the same request may succeed. */
class Transient extends Error {
  readonly shown: PolyenvError;
  /** Milliseconds that the server asks us to wait. */
  readonly pause: number | undefined;

  constructor(shown: PolyenvError, pause?: number) {
    super(shown.message);
    this.shown = shown;
    this.pause = pause;
  }
}

async function checkAnswer(answer: RawAnswer, url: URL): Promise<HttpAnswer> {
  const { status } = answer;
  if ((status < 200 || status > 299) && ![304, 404, 410].includes(status)) {
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

async function* joined(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let step = first; step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}

async function readText(body: AsyncIterable<Uint8Array>, url: URL, limit = 64 * 2 ** 20): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) {
      throw new PolyenvError('upstream-malformed', `${maskUrl(url.href)} is larger than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** No file that we ask for is a web page: sign-in pages of networks and block pages of proxies are. */
function isWebPage(start: Uint8Array): boolean {
  const head = Buffer.from(start.subarray(0, 512)).toString('latin1');
  return /^(?:\xEF\xBB\xBF)?\s*(?:<!--[\s\S]*?-->\s*)?<(?:!doctype\s+html|html[\s>])/i.test(head);
}

/** The body, its failures translated, given up when it trickles. Only time spent waiting for the network counts. */
async function* watch(body: AsyncIterable<Uint8Array>, around: Circumstances): AsyncGenerator<Uint8Array, void> {
  const iterator = body[Symbol.asyncIterator]();
  let waited = 0;
  let bytes = 0;
  try {
    for (;;) {
      const asked = performance.now();
      const step = await iterator.next().catch((error: unknown) => {
        const failure = describeFailure(error, around);
        throw failure instanceof Transient ? failure.shown : failure;
      });
      if (step.done === true) return;
      waited += performance.now() - asked;
      bytes += step.value.length;
      if (waited >= around.seconds * 1000) {
        if (bytes < (SLOWEST * waited) / 1000) throw tooSlow(around);
        waited = 0;
        bytes = 0;
      }
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function tooSlow({ url, seconds }: Circumstances): PolyenvError {
  return new PolyenvError(
    'network',
    `${url.host} sends less than ${SLOWEST} bytes a second for ${seconds} s: ${maskUrl(url.href)}`,
    { hint: 'try again later, or from a mirror: polyenv settings set mirrors FROM=TO', elsewhere: true },
  );
}

/** The body without the Content-Encoding that its answer names. `url` is for messages. */
export async function* decodeBody(
  body: AsyncIterable<Uint8Array>,
  encoding: string,
  url: URL,
): AsyncGenerator<Uint8Array, void> {
  let current = body;
  for (const name of encoding.toLowerCase().split(',').reverse()) current = decodeOne(current, name.trim(), url);
  yield* current;
}

async function* decodeOne(body: AsyncIterable<Uint8Array>, name: string, url: URL): AsyncGenerator<Uint8Array> {
  if (name === '' || name === 'identity') {
    yield* body;
    return;
  }
  const open = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[name];
  if (open === undefined) {
    throw new PolyenvError('upstream-malformed', `${maskUrl(url.href)} is encoded as ${printable(name)}`);
  }
  const decoder = open();
  let failure: unknown;
  const feed = (async () => {
    for await (const chunk of body) {
      if (decoder.destroyed) return;
      if (!decoder.write(chunk)) await writable(decoder);
    }
    decoder.end();
  })().catch((error: unknown) => {
    failure = error;
    decoder.destroy();
  });
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
    await feed;
    if (failure !== undefined) throw failure;
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (error instanceof PolyenvError) throw error;
    throw new PolyenvError('network', `${maskUrl(url.href)} was cut short or damaged on the way`, {
      hint: 'try again',
      elsewhere: true,
      cause: error,
    });
  } finally {
    decoder.destroy();
  }
}

function describeStatus({ status, headers }: RawAnswer, url: URL): Error {
  const shown = maskUrl(url.href);
  const details = { status, elsewhere: true as const };
  if (status === 511) {
    return new PolyenvError('network', `this network wants you to sign in before ${url.host} can be reached`, {
      hint: 'open any page in a browser, then try again',
      ...details,
    });
  }
  if (status === 407) {
    return new PolyenvError('http-status', 'the proxy wants another user or password (status 407)', {
      hint: 'check HTTPS_PROXY and HTTP_PROXY',
      ...details,
    });
  }
  if (status === 401) {
    return new PolyenvError('http-status', `${url.host} wants a login (status 401): ${shown}`, {
      hint: `add it to ~/.netrc: machine ${url.hostname} login NAME password SECRET`,
      status,
    });
  }
  if (status === 403) {
    return new PolyenvError('http-status', `${url.host} does not allow it (status 403): ${shown}`, {
      hint: 'a proxy may block it, or a login is missing in ~/.netrc',
      ...details,
    });
  }
  if (status >= 500 || status === 429 || status === 408) {
    const pause = retryAfter(headers['retry-after']);
    const wait = pause !== undefined && pause > LONGEST_WAIT * 1000 ? ` for ${Math.ceil(pause / 1000)} s` : '';
    const what = status === 429 ? `asks to be left alone${wait}` : 'has a problem';
    const error = new PolyenvError('http-status', `${url.host} ${what} (status ${status}): ${shown}`, {
      hint: 'try again later, or from a mirror: polyenv settings set mirrors FROM=TO',
      ...details,
    });
    return new Transient(error, pause);
  }
  return new PolyenvError('http-status', `${url.host} answered with status ${status}: ${shown}`, {
    hint: 'check the mirror, if one is set: polyenv settings get mirrors',
    status,
  });
}

/** Milliseconds: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

const CERTIFICATE_ERRORS =
  /^(?:CERT_|ERR_TLS_CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH)/;

function describeFailure(error: unknown, around: Circumstances): Error {
  if (error instanceof PolyenvError || error instanceof Transient) return error;
  const { url, proxy, seconds } = around;
  const shown = maskUrl(url.href);
  const codes = causes(error);
  const certificate = codes.find((code) => CERTIFICATE_ERRORS.test(code));
  if (certificate !== undefined) {
    const why = certificate === 'CERT_HAS_EXPIRED' ? 'has expired' : `is not accepted (${certificate})`;
    return new PolyenvError('certificate-invalid', `the certificate of ${url.host} ${why}: ${shown}`, {
      hint: "if your company has its own authority: export NODE_EXTRA_CA_CERTS=/path/to/its.pem; else check this machine's clock",
      cause: error,
    });
  }
  if (codes.some((code) => /^(?:ERR_SSL|EPROTO)/.test(code))) {
    return new PolyenvError('certificate-invalid', `no protected connection to ${url.host} could be made: ${shown}`, {
      hint: 'check the port, and any proxy or mirror that is set',
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  const refused = /Proxy response \((\d+)\)/.exec(message)?.[1];
  if (proxy !== undefined && (refused !== undefined || message.includes('(407)'))) {
    const status = Number(refused ?? 407);
    const why = status === 407 ? 'wants another user or password' : `does not let us reach ${url.host}`;
    return new PolyenvError('network', `the proxy ${maskUrl(proxy.url)} ${why} (status ${status})`, {
      hint: `check ${proxy.variable} and NO_PROXY`,
      status,
      elsewhere: true,
    });
  }
  const through = proxy === undefined ? '' : ` through the proxy ${maskUrl(proxy.url)} (${proxy.variable})`;
  const failure = new PolyenvError('network', `${reasonOf(codes, url, seconds)}${through}: ${shown}`, {
    hint: 'check the network and HTTPS_PROXY, or use a mirror: polyenv settings set mirrors FROM=TO',
    elsewhere: true,
    cause: error,
  });
  // A name that does not exist will not exist in two seconds either; one that cannot be looked up now may.
  return codes.includes('ENOTFOUND') ? failure : new Transient(failure);
}

function reasonOf(codes: readonly string[], url: URL, seconds: number): string {
  const host = url.host;
  const reasons: Readonly<Record<string, string>> = {
    ENOTFOUND: `the name ${url.hostname} is not known`,
    EAI_AGAIN: `the name ${url.hostname} cannot be looked up now`,
    ECONNREFUSED: `${host} refuses the connection`,
    ECONNRESET: `${host} broke the connection`,
    ENETUNREACH: `there is no way to ${host}`,
    EHOSTUNREACH: `there is no way to ${host}`,
    ETIMEDOUT: `${host} does not answer`,
    UND_ERR_CONNECT_TIMEOUT: `${host} does not answer`,
    UND_ERR_HEADERS_TIMEOUT: `${host} does not answer within ${seconds} s`,
    UND_ERR_BODY_TIMEOUT: `${host} sent nothing for ${seconds} s`,
    UND_ERR_SOCKET: `${host} broke the connection`,
    UND_ERR_RES_CONTENT_LENGTH_MISMATCH: `${host} sent another length than it said`,
  };
  const known = codes.find((code) => reasons[code] !== undefined);
  if (known !== undefined) return reasons[known] ?? '';
  if (codes.some((code) => code.startsWith('HPE_'))) return `${host} sent what is no HTTP`;
  return `${host} cannot be reached`;
}

/** The codes of an error and of all that caused it. */
function causes(error: unknown): readonly string[] {
  const codes: string[] = [];
  const pending: unknown[] = [error];
  for (let steps = 0; pending.length > 0 && steps < 20; steps += 1) {
    const { code, cause, errors } = (pending.shift() ?? {}) as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === 'string') codes.push(code);
    if (cause !== undefined) pending.push(cause);
    if (Array.isArray(errors)) pending.push(...(errors as unknown[]));
  }
  return codes;
}

function redirectTarget(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (next === undefined || (next.protocol !== 'https:' && next.protocol !== 'http:')) {
    throw new PolyenvError('insecure-url', `${from.host} redirects to what is no https URL: ${maskUrl(location)}`);
  }
  // guard: redirect-http
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new PolyenvError('insecure-url', `${from.host} redirects to an unprotected URL: ${maskUrl(next.href)}`, {
      hint: 'check the mirror, if one is set: polyenv settings get mirrors',
    });
  }
  return next;
}

/** What may cross to another origin: what describes the wanted bytes, never who wants them. */
function describingOnly(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const harmless = ['accept', 'accept-encoding', 'range', 'if-range', 'user-agent'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.includes(name)));
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new PolyenvError('insecure-url', `${maskUrl(text)} is not an https URL`);
  }
  return url;
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
