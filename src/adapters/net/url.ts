import type { Settings } from '../../domain/project/settings';
import { concealUrls } from '../../domain/words/concealment';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';

/**
 * The URL as it is compared: host in lower case, no default port, no dot segments, percent-encoding only where it
 * means something (https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2). Throws `insecure-url` for what is no http(s) URL.
 */
export function normalizeUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new PolyenvError('insecure-url', `${JSON.stringify(text.slice(0, 200))} is not an https URL`);
  }
  url.hash = '';
  url.pathname = url.pathname.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : code.toUpperCase();
  });
  return url;
}

/** Whether the host is this machine: https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
export function isLoopback(url: URL): boolean {
  const { hostname } = url;
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d+){3}$/.test(hostname)
  );
}

/** Throws `insecure-url` for plain http to another machine, unless the person allows it. */
export function refuseUnprotected(url: URL, settings: Settings, name: string): void {
  if (url.protocol !== 'http:' || isLoopback(url) || settings.insecureHttp) return;
  throw new PolyenvError('insecure-url', `${name} leads to http://${url.host}, which anyone on the way could change`, {
    hint: 'use https, or: polyenv settings set network.insecure_http true',
  });
}

/** Throws `insecure-url` for what is no http(s) URL. */
export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new PolyenvError('insecure-url', `${maskUrl(text)} is not an https URL`);
  }
  return url;
}

/** Where a redirect leads. Throws `insecure-url`, also for a step from https to http. */
export function redirectTarget(from: URL, location: string): URL {
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

/** The URL without anything secret: user, password and telling parameters are `***`. For messages. */
export function maskUrl(url: string): string {
  return printable(concealUrls(url));
}

/** `Authorization` for the user and password in a URL, else nothing. */
export function userHeaders(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const pair = `${decodePart(url.username)}:${decodePart(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

export function withoutUser(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
