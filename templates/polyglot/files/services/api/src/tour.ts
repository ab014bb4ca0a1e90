import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** One service that a request went through. */
export interface Hop {
  readonly service: string;
  readonly runtime: string;
  readonly version: string;
}

/** What a request through all the services brings back. */
export interface Tour {
  readonly trace: string;
  readonly hops: readonly Hop[];
}

/** The trace that the request belongs to (https://www.w3.org/TR/trace-context/), or a new one. */
export function traceOf(headers: IncomingHttpHeaders): string {
  const text = headers.traceparent;
  const found = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(String(text));
  if (found?.[1] !== undefined) return found[1];
  const trace = randomBytes(16).toString('hex');
  // So that whoever asks again for the same request gets the same.
  headers.traceparent = spanBelow(trace);
  return trace;
}

/** The header for a call that this one makes. */
export function spanBelow(trace: string): string {
  return `00-${trace}-${randomBytes(8).toString('hex')}-01`;
}
