/** Header lines as pairs, in the order in which they came. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** How often a request may pass through gateways of this kind before it is taken for a circle. */
const HOP_LIMIT = 5;
const HOP_HEADER = 'polyenv-hops';

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Who says where a request came from: only the gateway itself may. */
function isForwarding(name: string): boolean {
  return name === 'forwarded' || name.startsWith('x-forwarded-') || name === 'x-real-ip' || name === HOP_HEADER;
}

export interface Forwarding {
  /** As the client wrote it; the server behind sees the public name. */
  readonly authority: string;
  readonly client: string;
  readonly hops: number;
}

/** What the server behind gets: without what acts on one connection only, and with the gateway's own word on where it came from. */
export function requestHeaders(lines: HeaderLines, from: Forwarding): [string, string][] {
  const named = namedByConnection(lines);
  const kept: [string, string][] = [['Host', from.authority]];
  const cookies: string[] = [];
  let te = false;
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    if (lower === 'te') te ||= /\btrailers\b/i.test(value);
    if (lower.startsWith(':') || lower === 'host' || HOP_BY_HOP.has(lower) || named.has(lower)) continue;
    // guard: gateway-forwarded
    if (isForwarding(lower)) continue;
    // HTTP/2 may cut one Cookie header into several, HTTP/1.1 knows one.
    if (lower === 'cookie') cookies.push(value);
    else kept.push([name, value]);
  }
  if (cookies.length > 0) kept.push(['Cookie', cookies.join('; ')]);
  kept.push(
    ['X-Forwarded-For', from.client],
    ['X-Forwarded-Host', from.authority],
    ['X-Forwarded-Proto', 'https'],
    [HOP_HEADER, String(from.hops + 1)],
  );
  if (te) kept.push(['TE', 'trailers']);
  return kept;
}

/** What the client gets. `Trailer` goes only with an answer in chunks: elsewhere no trailer can follow. */
export function responseHeaders(lines: HeaderLines, chunked: 'chunked' | 'whole'): [string, string][] {
  const named = namedByConnection(lines);
  return lines
    .filter(([name]) => {
      const lower = name.toLowerCase();
      if (HOP_BY_HOP.has(lower) || named.has(lower) || lower.startsWith(':')) return false;
      // Both would outlive the project: they bind the name, for months, to what it once was.
      if (lower === 'strict-transport-security' || lower === 'alt-svc') return false;
      return lower !== 'trailer' || chunked === 'chunked';
    })
    .map(([name, value]) => [name, value]);
}

/** `undefined` for anything but one small number: then the request may be going round. */
export function hopsOf(lines: HeaderLines): number | undefined {
  const found = lines.filter(([name]) => name.toLowerCase() === HOP_HEADER);
  if (found.length === 0) return 0;
  const [value] = found.map(([, text]) => text);
  // guard: gateway-hops
  if (found.length > 1 || value === undefined || !/^\d{1,3}$/.test(value) || Number(value) >= HOP_LIMIT)
    return undefined;
  return Number(value);
}

function namedByConnection(lines: HeaderLines): ReadonlySet<string> {
  const named = new Set<string>();
  for (const [name, value] of lines) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const word of value.split(',')) named.add(word.trim().toLowerCase());
  }
  // A connection does not say what a request is for, and how long it is.
  for (const name of ['host', 'cookie', 'content-length', 'authorization']) named.delete(name);
  return named;
}

/** Flat pairs, as Node has them. */
export function linesOf(flat: readonly string[]): HeaderLines {
  const lines: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) lines.push([flat[index] ?? '', flat[index + 1] ?? '']);
  return lines;
}

export function valuesOf(lines: HeaderLines, name: string): readonly string[] {
  return lines.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}
