import { loadRuntimes } from '../app/base/registry';
import type { RequestOption } from '../domain/runtime/runtime';
import type { RequestOptions } from '../domain/versions/request';
import type { Option, OptionValue } from './command';

/** The options of requests that the runtimes declare: `--component clippy`, `--target wasm32-unknown-unknown`. */
export async function requestFlags(): Promise<readonly Option[]> {
  return (await declaredOptions()).map((option) => ({
    name: option.flag,
    value: option.single ? 'NAME' : 'NAME,...',
    describe: option.describe,
    ...(option.single === undefined && { repeatable: true as const }),
  }));
}

/** `{ component: ['clippy,rustfmt'] }` of the command line as `{ components: ['clippy', 'rustfmt'] }`. */
export async function optionsFromFlags(flags: Readonly<Record<string, OptionValue>>): Promise<RequestOptions> {
  const result: Record<string, readonly string[]> = {};
  for (const { flag, name } of await declaredOptions()) {
    const value = flags[flag];
    if (value === undefined || value === true) continue;
    const words = (typeof value === 'string' ? [value] : value)
      .flatMap((text) => text.split(','))
      .map((text) => text.trim());
    result[name] = [...new Set(words.filter((word) => word !== ''))].sort();
  }
  return result;
}

async function declaredOptions(): Promise<readonly RequestOption[]> {
  const all = (await loadRuntimes()).flatMap((runtime) => runtime.options ?? []);
  return all.filter((option, index) => all.findIndex((other) => other.flag === option.flag) === index);
}
