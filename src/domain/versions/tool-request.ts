import { PolyenvError } from '../words/errors';
import { quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import type { ToolRequest } from './request';
import type { VersionScheme } from './scheme';
import { type Offering, vendorsOf } from './vendors';

/** What `parseToolRequest` must know of a runtime. */
export interface Requestable extends Offering {
  readonly id: ToolId;
  readonly scheme: VersionScheme;
}

/**
 * `node@lts/iron` as a request; a tool alone means its latest release. `lookup` finds a runtime by id or alias, and
 * throws for what is none. Throws `request-invalid` and `request-unsupported`.
 */
export function parseToolRequest(text: string, lookup: (name: string) => Requestable): ToolRequest {
  const { tool, request } = splitToolRequest(text);
  const runtime = lookup(tool);
  const { id, scheme } = runtime;
  const vendors = vendorsOf(runtime);
  const parsed = scheme.request(request);
  const known = [...vendors, ...(scheme.vendors ?? [])];
  if (vendors.length > 0 && parsed.vendor !== undefined && !known.includes(parsed.vendor)) {
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
