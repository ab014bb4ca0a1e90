import { runtimes } from 'polyenv:runtimes';
import { refusedKind } from '../../domain/project/manifest-services';
import { comesWith } from '../../domain/project/manifest-values';
import type { Runtime } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { orNearest } from '../../domain/words/nearest';

/** Ids of every runtime, without loading any. */
export function runtimeIds(): readonly string[] {
  return Object.keys(runtimes);
}

let all: Promise<readonly Runtime[]> | undefined;

/** Every runtime, in the order of their ids. */
export function loadRuntimes(): Promise<readonly Runtime[]> {
  all ??= Promise.all(Object.values(runtimes).map(async (load) => (await load()).runtime));
  return all;
}

/** The runtime of that id or alias. Throws `tool-unknown`, naming the nearest. */
export async function loadRuntime(name: string): Promise<Runtime> {
  const direct = runtimes[name];
  if (direct !== undefined && Object.hasOwn(runtimes, name)) return (await direct()).runtime;
  const known = await loadRuntimes();
  const found = known.find((runtime) => runtime.aliases?.includes(name));
  if (found !== undefined) return found;
  const names = known.flatMap((runtime) => [runtime.id, ...(runtime.aliases ?? [])]);
  const refused = refusedKind(name) ?? comesWith(known, name);
  throw new PolyenvError(
    'tool-unknown',
    `there is no runtime called ${JSON.stringify(name)}`,
    refused === undefined ? orNearest(name, names, `known: ${runtimeIds().join(', ')}`) : { hint: refused },
  );
}
