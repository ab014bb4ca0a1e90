import { valuesOf } from '../../domain/gateway/header-rules';
import type { Exchange } from '../proxy/exchange';

/** By the security model, `docs/internals/gateway.md`. */
export const SECURITY_HEADERS = [
  [
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  ],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  // With no-referrer a browser sends `Origin: null` with our own forms.
  ['Referrer-Policy', 'same-origin'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cache-Control', 'no-store'],
] as const;

export const COOKIE = '__Host-polyenv';
const BODY_LIMIT = 4096;

export function cookieOf({ lines }: Exchange): string | undefined {
  const pairs = valuesOf(lines, 'cookie').flatMap((line) => line.split(';').map((pair) => pair.trim()));
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

/** Whether the request may come from where it comes from: our own pages, or a person who typed or clicked. */
export function isFromUs({ lines, method }: Exchange): boolean {
  const [site] = valuesOf(lines, 'sec-fetch-site');
  if (site === undefined || site === 'same-origin') return true;
  const [mode] = valuesOf(lines, 'sec-fetch-mode');
  return site === 'none' && method === 'GET' && (mode === undefined || mode === 'navigate');
}

/** Whether a page of exactly our own sends it. */
export function hasOwnOrigin({ lines, authorities }: Exchange): boolean {
  const [origin] = valuesOf(lines, 'origin');
  return origin !== undefined && origin === `https://${authorities[0]}`;
}

/** The fields of a form; `undefined` for anything else, or more than a form of ours can be. */
export async function readForm(exchange: Exchange): Promise<ReadonlyMap<string, string> | undefined> {
  const [type = ''] = valuesOf(exchange.lines, 'content-type');
  if (!type.startsWith('application/x-www-form-urlencoded')) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of exchange.body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT) return undefined;
    parts.push(part);
  }
  return new Map(new URLSearchParams(Buffer.concat(parts).toString()));
}
