import { PolyenvError } from '../words/errors';
import { quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import type { VersionScheme } from './scheme';
import type { Version } from './version';

/** A runtime's id, the name of its file: `node`, `rust`. */

/** What a person wanted of a version. Which of these a text means is the ecosystem's own rule: see `scheme.ts`. */
export type VersionRequest =
  | { readonly kind: 'latest' }
  /** A moving line by name, lower case: `lts`, `lts/iron`, `lts/-1`, `stable`, `nightly`, `nightly-2025-06-01`, `21-ea`. */
  | { readonly kind: 'channel'; readonly name: string }
  | { readonly kind: 'prefix'; readonly numbers: readonly number[] }
  /** In the ecosystem's own grammar of ranges (npm's, PEP 440). */
  | { readonly kind: 'range'; readonly text: string }
  | { readonly kind: 'exact'; readonly version: Version }
  /** Whatever the machine has next on PATH; never installed. */
  | { readonly kind: 'system' };

/** Components, targets, profile and the like: the runtime declares the names, all values are lists, sorted, without repeats. */
export type RequestOptions = Readonly<Record<string, readonly string[]>>;

export interface ToolRequest {
  readonly tool: ToolId;
  /** As written, without the tool: `lts/iron`. */
  readonly text: string;
  readonly version: VersionRequest;
  /** One of the runtime's vendors, where it has several. */
  readonly vendor?: string;
  /** A build of the same version that is not the default one: `freethreaded`. */
  readonly variant?: string;
  readonly options: RequestOptions;
}

/** What `parseToolRequest` must know of a runtime. */
export interface Requestable {
  readonly id: ToolId;
  readonly scheme: VersionScheme;
  readonly vendors?: readonly string[];
}

/**
 * `node@lts/iron` as a request; a tool alone means its latest release. `lookup` finds a runtime by id or alias, and
 * throws for what is none. Throws `request-invalid` and `request-unsupported`.
 */
export function parseToolRequest(text: string, lookup: (name: string) => Requestable): ToolRequest {
  const { tool, request } = splitToolRequest(text);
  const { id, scheme, vendors } = lookup(tool);
  const parsed = scheme.request(request);
  if (vendors !== undefined && parsed.vendor !== undefined && !vendors.includes(parsed.vendor)) {
    throw new PolyenvError('request-unsupported', `${id} by ${quoted(parsed.vendor)} is not offered`, {
      hint: `offered: ${vendors.join(', ')}`,
    });
  }
  return { tool: id, text: request.trim(), options: {}, ...parsed };
}

/** The tool before the first `@`, and what stands behind it: `latest` where there is no `@`. */
export function splitToolRequest(text: string): { readonly tool: string; readonly request: string } {
  const at = text.indexOf('@');
  return at === -1 ? { tool: text, request: 'latest' } : { tool: text.slice(0, at), request: text.slice(at + 1) };
}
