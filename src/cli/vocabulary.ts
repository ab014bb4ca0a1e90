import { loadRuntimes } from '../app/base/registry';
import { SETTINGS } from '../domain/project/settings';
import type { OptionWords, VerbWords, Vocabulary } from '../domain/routes/completion';
import { present } from '../domain/words/present';
import { COMMON_OPTIONS, type Entry, type Option } from './command';

/** Every verb with its words, from the verbs themselves: made when polyenv is built. */
export async function collectVocabulary(catalog: readonly Entry[]): Promise<Vocabulary> {
  return {
    verbs: await Promise.all(catalog.map(verbWords)),
    options: COMMON_OPTIONS.map(optionWords),
    tools: (await loadRuntimes()).map(({ id, title, advice: { channels = [], lifecycle } = {} }) => ({
      word: id,
      describe: title,
      channels,
      lines: (lifecycle?.lines ?? []).map(({ line, end }) => ({ word: line, ...present({ end }) })),
    })),
    settings: SETTINGS.map(({ name, type, describe }) => ({
      word: name,
      describe,
      values: Array.isArray(type) ? type : type === 'boolean' ? ['true', 'false'] : [],
    })),
  };
}

async function verbWords(entry: Entry): Promise<VerbWords> {
  const { command } = await entry.load();
  const more = (await command.moreOptions?.()) ?? [];
  return {
    name: entry.name,
    aliases: entry.aliases ?? [],
    summary: command.summary,
    ...(entry.hidden && { hidden: true as const }),
    arguments: (command.arguments ?? []).map(({ variadic, choices, complete }) => ({
      ...(variadic && { variadic }),
      ...(choices && { choices }),
      ...(complete && { complete }),
    })),
    options: [...(command.options ?? []), ...more].filter(({ hidden }) => !hidden).map(optionWords),
    ...(command.handsOn && { handsOn: true as const }),
  };
}

function optionWords({ name, short, describe, value, offered, choices = offered }: Option): OptionWords {
  return {
    name,
    ...present({ short }),
    describe,
    ...present({ value, choices }),
  };
}
