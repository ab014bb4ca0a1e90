import { type HeaderLines, valuesOf } from './header-rules';
import { nameOfHost } from './local-name';

/**
 * Whether a page of somewhere else makes this request. A name below .localhost can be guessed by any page of the web, so
 * what such a page could send to a server of this machine is refused. Without `Origin` and `Sec-Fetch-Site` no page asks.
 */
export function isForeign(
  lines: HeaderLines,
  of: { readonly upgrade: 'websocket' | 'none'; readonly origins: readonly string[] },
): boolean {
  const [origin] = valuesOf(lines, 'origin');
  const [site] = valuesOf(lines, 'sec-fetch-site');
  if (origin !== undefined && isWelcome(origin, of.origins)) return false;
  if (of.upgrade === 'websocket') return origin !== undefined || site === 'cross-site';
  if (site === undefined) return origin !== undefined;
  if (site !== 'cross-site') return false;
  if (valuesOf(lines, 'sec-fetch-mode')[0] === 'navigate') return false;
  if (origin !== undefined) return true;
  // Pictures and scripts carry no Origin; a page can leave its Referer out, but not write another's.
  const [referer] = valuesOf(lines, 'referer');
  const from = referer === undefined ? undefined : originOf(referer);
  return from === undefined || !isWelcome(from, of.origins);
}

function isWelcome(origin: string, origins: readonly string[]): boolean {
  if (origins.includes(origin)) return true;
  const match = /^https?:\/\/(\[::1\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(origin);
  const host = match?.[1]?.toLowerCase() ?? '';
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]' || nameOfHost(host) !== undefined;
}

function originOf(url: string): string | undefined {
  return /^https?:\/\/[^/?#]+/i.exec(url)?.[0];
}
