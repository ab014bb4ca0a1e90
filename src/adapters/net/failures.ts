import type { Settings } from '../../domain/project/settings';
import { PolyenvError } from '../../domain/words/errors';
import type { ProxyChoice } from './proxies';
import { maskUrl } from './url';

/** Longest wait that a server may ask for (`Retry-After`), in seconds. */
export const LONGEST_WAIT = 30;

/** A request that failed: where it went, and how. */
export interface Circumstances {
  readonly url: URL;
  readonly proxy: ProxyChoice | undefined;
  readonly seconds: number;
  readonly settings: Settings;
}

/** A failure after which the same request may succeed. */
export class Transient extends Error {
  readonly shown: PolyenvError;
  /** Milliseconds that the server asks us to wait. */
  readonly pause: number | undefined;

  constructor(shown: PolyenvError, pause?: number) {
    super(shown.message);
    this.shown = shown;
    this.pause = pause;
  }
}

/** The error of an answer whose status is no success: `Transient` where the same request may succeed later. */
export function describeStatus(
  { status, headers }: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  url: URL,
): Error {
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
    const what = status === 429 ? `has had too many requests${wait}` : 'has a problem';
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

/** The error of a request that had no answer, or of a body that broke. */
export function describeFailure(error: unknown, around: Circumstances): Error {
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
    ENETUNREACH: `the network has no route to ${host}`,
    EHOSTUNREACH: `the network has no route to ${host}`,
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
