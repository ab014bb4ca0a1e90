import { PolyenvError } from '../domain/words/errors';
import { nearestName } from '../domain/words/nearest';
import type { Command, Entry } from './command';

/** The verb of that name or alias. Throws `usage`, naming the nearest one. */
export function entryOf(catalog: readonly Entry[], name: string): Entry {
  const found = catalog.find((entry) => entry.name === name || entry.aliases?.includes(name));
  if (found !== undefined) return found;
  const names = catalog.flatMap((entry) => (entry.hidden ? [] : [entry.name, ...(entry.aliases ?? [])]));
  const nearest = nearestName(name, names);
  throw new PolyenvError('usage', `polyenv has no command ${JSON.stringify(name)}`, {
    hint: nearest === undefined ? 'polyenv help' : `polyenv ${nearest}`,
  });
}

/** The verb with all of its options. */
export async function loadCommand(entry: Entry): Promise<Command> {
  const { command } = await entry.load();
  if (command.moreOptions === undefined) return command;
  return { ...command, options: [...(command.options ?? []), ...(await command.moreOptions())] };
}
