import type { SecureContext } from 'node:tls';
import type { FoundRoute } from '../../domain/gateway/name-table';
import type { Exchange } from './exchange';

/** What answers at the port: today Node's own HTTP. Another program may take its place behind this. */
export interface Engine {
  readonly port: number;
  /** Listens on 127.0.0.1 and ::1, on both or on none. Throws what the system says. */
  listen(): Promise<void>;
  /** Nothing is accepted any more once this is called; resolves when both addresses are free. */
  close(): Promise<void>;
  readonly load: EngineLoad;
}

export interface EngineLoad {
  /** Since the start. */
  readonly requests: number;
  readonly inProgress: number;
  /** When the last one came, in milliseconds of the clock; 0 before the first. */
  readonly last: number;
}

export interface EngineOptions {
  readonly port: number;
  /** What to show for that name; of a well-formed name below .localhost only. */
  certificate(host: string): Promise<SecureContext>;
  /** Where a request goes; `unknown` for a name that nobody has, `nowhere` for a path that leads to nothing. */
  route(name: string, target: string): FoundRoute | 'unknown' | 'nowhere';
  /** Answers under the gateway's own name. */
  own(exchange: Exchange): Promise<void> | void;
  /** The page for a person whose request went to nobody. */
  page(problem: Problem): string;
  /** Something went wrong that nobody is told of otherwise. */
  report(what: string, error: unknown): void;
  readonly limits?: Partial<Limits>;
}

export type Problem =
  | { readonly kind: 'unknown'; readonly name: string; readonly showNames: 'show' | 'hide' }
  | { readonly kind: 'misdirected' }
  | { readonly kind: 'nowhere'; readonly name: string; readonly target: string }
  | { readonly kind: 'down' | 'malformed'; readonly route: FoundRoute }
  | { readonly kind: 'foreign'; readonly name: string; readonly origin: string | undefined }
  | { readonly kind: 'circle' | 'busy' | 'method' | 'request' };

export const STATUS: Readonly<Record<Problem['kind'], number>> = {
  unknown: 421,
  misdirected: 421,
  nowhere: 404,
  down: 502,
  malformed: 502,
  foreign: 403,
  circle: 508,
  busy: 503,
  method: 405,
  request: 400,
};

/** Milliseconds, bytes and counts. */
export interface Limits {
  readonly handshake: number;
  readonly headers: number;
  readonly headersCheck: number;
  readonly keepAlive: number;
  /** For the first words of HTTP/2. */
  readonly preface: number;
  /** Of a connection of HTTP/2 on which nothing is under way. */
  readonly idle: number;
  readonly headerBytes: number;
  readonly connections: number;
  readonly streams: number;
  readonly inProgress: number;
}

/** Node's own are wrong in both directions: an honest slow upload is cut, an idle connection never. */
export const LIMITS: Limits = {
  handshake: 10_000,
  headers: 10_000,
  headersCheck: 2000,
  keepAlive: 5000,
  preface: 5000,
  idle: 5000,
  headerBytes: 64 * 1024,
  connections: 2000,
  streams: 256,
  inProgress: 4000,
};
