import type { Runtime } from '../../domain/runtime/runtime';
import type { RequestOptions, ToolRequest } from '../../domain/versions/request';
import { parseToolRequest, splitToolRequest } from '../../domain/versions/tool-request';
import { PolyenvError } from '../../domain/words/errors';
import { loadRuntime } from '../base/registry';

/** A request and the runtime that it is for. */
export interface RuntimeRequest {
  readonly runtime: Runtime;
  readonly request: ToolRequest;
}

/** `node@20 go@1.24` as typed. Options apply to the tools that declare them; one that none declares is an error. */
export async function parseRequests(
  texts: readonly string[],
  options: RequestOptions = {},
): Promise<readonly RuntimeRequest[]> {
  const requests = await Promise.all(
    joinVersions(texts).map(async (text): Promise<RuntimeRequest> => {
      const at = text.indexOf('@');
      const runtime = await loadRuntime(at === -1 ? text : text.slice(0, at));
      const request = parseTyped(text, runtime);
      return { runtime, request: { ...request, options: { ...request.options, ...declared(runtime, options) } } };
    }),
  );
  const twice = requests.find(
    (wanted, index) => requests.findIndex((other) => other.runtime.id === wanted.runtime.id) !== index,
  );
  if (twice !== undefined)
    throw new PolyenvError('usage', `${twice.runtime.id} is named twice`, { hint: 'name each runtime once' });
  for (const name of Object.keys(options)) {
    if (!requests.some(({ runtime }) => (runtime.options ?? []).some((option) => option.name === name))) {
      throw new PolyenvError('usage', `none of ${texts.join(', ')} has ${name}`, { hint: 'leave that option out' });
    }
  }
  return requests;
}

/** Letters that look like digits, and commas, are what a version that cannot be read most often holds. */
function parseTyped(text: string, runtime: Runtime): ToolRequest {
  try {
    return parseToolRequest(text, () => runtime);
  } catch (error) {
    if (!(error instanceof PolyenvError) || error.code !== 'request-invalid') throw error;
    const { request } = splitToolRequest(text);
    const meant = request.replace(/[oO]/g, '0').replace(/[lI]/g, '1').replace(/,/g, '.').replace(/\s+/g, '');
    if (meant === request || !/^v?\d+(?:\.\d+)*$/.test(meant)) throw error;
    throw new PolyenvError('request-invalid', error.message, {
      ...error.details,
      hint: `polyenv use ${runtime.id}@${meant}`,
    });
  }
}

/**
 * `node 20`, `node=20`, `node:20` and `python>=3.11`, as others spell it, with the `@` of polyenv. A version stands behind
 * its runtime only: what else has no `@` stays as it is.
 */
export function joinVersions(texts: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const text of texts) {
    const last = joined[joined.length - 1];
    const isVersion = !text.includes('@') && (/^v?\d|^[<>=^~*]/.test(text) || WORDS.test(text));
    if (isVersion && last !== undefined && NAME.test(last)) joined[joined.length - 1] = `${last}@${text}`;
    else
      joined.push(text.replace(/^([a-z][a-z-]*)(?:==?|:)(?=[^=])/, '$1@').replace(/^([a-z][a-z-]*)(?=[<>~^])/, '$1@'));
  }
  return joined;
}

const NAME = /^[a-z][a-z-]*$/;
const WORDS = /^(?:lts(?:\/.*)?|latest|stable|nightly|beta|system)$/;

function declared(runtime: Runtime, options: RequestOptions): RequestOptions {
  const result: Record<string, readonly string[]> = {};
  for (const option of runtime.options ?? []) {
    const list = options[option.name];
    if (list === undefined) continue;
    const bad = list.find((item) => !option.pattern.test(item));
    if (bad !== undefined)
      throw new PolyenvError('request-invalid', `${JSON.stringify(bad)} is no ${option.flag} of ${runtime.id}`, {
        hint: `polyenv help use`,
      });
    result[option.name] = list;
  }
  return result;
}
