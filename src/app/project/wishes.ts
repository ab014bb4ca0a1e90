import type { Runtime } from '../../domain/runtime/runtime';
import type { RequestOptions, ToolRequest } from '../../domain/versions/request';
import { parseToolRequest } from '../../domain/versions/tool-request';
import { PolyenvError } from '../../domain/words/errors';
import { loadRuntime } from '../base/registry';

/** A request and the runtime that it is for. */
export interface Wish {
  readonly runtime: Runtime;
  readonly request: ToolRequest;
}

/** `node@20 go@1.24` as typed. Options apply to the tools that declare them; one that none declares is an error. */
export async function parseWishes(texts: readonly string[], options: RequestOptions = {}): Promise<readonly Wish[]> {
  const wishes = await Promise.all(
    texts.map(async (text): Promise<Wish> => {
      const at = text.indexOf('@');
      const runtime = await loadRuntime(at === -1 ? text : text.slice(0, at));
      const request = parseToolRequest(text, () => runtime);
      return { runtime, request: { ...request, options: { ...request.options, ...declared(runtime, options) } } };
    }),
  );
  const twice = wishes.find(
    (wish, index) => wishes.findIndex((other) => other.runtime.id === wish.runtime.id) !== index,
  );
  if (twice !== undefined)
    throw new PolyenvError('usage', `${twice.runtime.id} is named twice`, { hint: 'name each runtime once' });
  for (const name of Object.keys(options)) {
    if (!wishes.some(({ runtime }) => (runtime.options ?? []).some((option) => option.name === name))) {
      throw new PolyenvError('usage', `none of ${texts.join(', ')} has ${name}`, { hint: 'leave that option out' });
    }
  }
  return wishes;
}

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
