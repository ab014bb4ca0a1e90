/** What the command line of polyenv is made of: the verbs as data, so that completing loads none of them. */
export interface Vocabulary {
  readonly verbs: readonly VerbWords[];
  /** Options that every verb takes. */
  readonly options: readonly OptionWords[];
  readonly tools: readonly ToolWords[];
  readonly settings: readonly (Candidate & { readonly values: readonly string[] })[];
}

export interface ToolWords extends Candidate {
  readonly channels: readonly Candidate[];
  /** Lines of releases, newest first; `end` as `2028-04-30`. */
  readonly lines: readonly { readonly word: string; readonly end?: string }[];
}

export interface VerbWords {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly hidden?: true;
  readonly arguments: readonly ArgumentWords[];
  readonly options: readonly OptionWords[];
  /** What follows its own words is somebody else's command line. */
  readonly handsOn?: true;
}

export interface ArgumentWords {
  readonly variadic?: true;
  readonly choices?: readonly string[];
  readonly complete?: string;
}

export interface OptionWords {
  readonly name: string;
  readonly short?: string;
  readonly describe: string;
  /** The name of its value; absent for a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
}

export interface Candidate {
  readonly word: string;
  readonly describe: string;
}

/** What may stand at the cursor. */
export interface Wanted {
  readonly candidates: readonly Candidate[];
  /** What the files at hand say: `tool`, `request`, `installed`, `task`, `service`, `template`. */
  readonly kind?: string;
  /** What the shell itself knows how to complete. */
  readonly native?: Native;
  /** For `task-argument`: the task's name and its words so far. */
  readonly words?: readonly string[];
  /** Before each candidate of `kind`: `--from=`. */
  readonly prefix?: string;
  /** Of `-C`. */
  readonly folder?: string;
}

export type Native = 'folders' | 'files' | 'commands';

/** What is wanted behind `before`, the words after the program's name, where `current` has been typed so far. */
export function wantedAt(vocabulary: Vocabulary, before: readonly string[], current: string): Wanted {
  const state = read(vocabulary, before);
  const folder = state.folder === undefined ? {} : { folder: state.folder };
  if (state.rest !== undefined && state.verb?.arguments[0]?.complete === 'task') {
    return { candidates: [], kind: 'task-argument', words: state.given, native: 'files', ...folder };
  }
  if (state.rest !== undefined) return { candidates: [], native: state.rest === 0 ? 'commands' : 'files', ...folder };
  if (state.open !== undefined) return { ...valueAfter(state.open, ''), ...folder };
  const assigned = /^(--[a-z-]+=)/.exec(current)?.[1];
  if (assigned !== undefined) {
    const option = state.options.find(({ name, value }) => value !== undefined && `--${name}=` === assigned);
    return { ...(option === undefined ? { candidates: [] } : valueAfter(option, assigned)), ...folder };
  }
  if (current.startsWith('-')) return { candidates: state.options.flatMap(optionCandidates), ...folder };
  if (state.verb === undefined) return { candidates: verbCandidates(vocabulary), ...folder };
  return { ...argumentAt(vocabulary, state.verb, state.words), ...folder };
}

interface Read {
  readonly verb: VerbWords | undefined;
  readonly options: readonly OptionWords[];
  /** The verb's arguments. */
  readonly words: readonly string[];
  /** The option whose value comes next. */
  readonly open: OptionWords | undefined;
  readonly folder: string | undefined;
  /** How many words of another's command line there are; `undefined` where it has not begun. */
  readonly rest: number | undefined;
  /** Its own last argument, and what is handed on. */
  readonly given: readonly string[];
}

function read(vocabulary: Vocabulary, before: readonly string[]): Read {
  let verb: VerbWords | undefined;
  let options = vocabulary.options;
  let open: OptionWords | undefined;
  let folder: string | undefined;
  const words: string[] = [];
  for (const [index, word] of before.entries()) {
    if (open !== undefined) {
      if (open.name === 'C') folder = word;
      open = undefined;
    } else if (word === '--' && verb !== undefined) {
      return {
        verb,
        options,
        words,
        open,
        folder,
        rest: before.length - index - 1,
        given: [...words.slice(-1), ...before.slice(index + 1)],
      };
    } else if (word.startsWith('-') && word.length > 1) {
      open = word.includes('=')
        ? undefined
        : options.find((option) => option.value !== undefined && spells(option, word));
    } else if (verb === undefined) {
      verb = vocabulary.verbs.find(({ name, aliases }) => name === word || aliases.includes(word));
      if (verb === undefined) return { verb: NOTHING, options: [], words, open, folder, rest: undefined, given: [] };
      options = [...verb.options, ...vocabulary.options];
    } else {
      words.push(word);
      if (verb.handsOn && begins(verb, words)) {
        // The dashes before the words that are handed on are none of them.
        const after = before.slice(before[index + 1] === '--' ? index + 2 : index + 1);
        return { verb, options, words, open, folder, rest: before.length - index, given: [word, ...after] };
      }
    }
  }
  return { verb, options, words, open, folder, rest: undefined, given: [] };
}

/** After a word that is no verb nothing can be said. */
const NOTHING: VerbWords = { name: '', aliases: [], summary: '', arguments: [], options: [] };

function spells(option: OptionWords, word: string): boolean {
  return (option.name.length > 1 && word === `--${option.name}`) || word === `-${option.short ?? option.name}`;
}

/** Whether the last of the words is the first that is not the verb's own, or the last of its own. */
function begins(verb: VerbWords, words: readonly string[]): boolean {
  const last = words.at(-1) ?? '';
  if (verb.arguments.some(({ variadic }) => variadic)) return !/^[a-z][a-z0-9]*@/.test(last);
  return words.length >= verb.arguments.length;
}

function argumentAt(vocabulary: Vocabulary, verb: VerbWords, words: readonly string[]): Wanted {
  const last = verb.arguments.at(-1);
  const argument = verb.arguments[words.length] ?? (last?.variadic ? last : undefined);
  if (argument === undefined) return { candidates: [] };
  if (argument.choices !== undefined) return { candidates: plain(argument.choices) };
  switch (argument.complete) {
    case undefined: {
      const named = verb.arguments[words.length - 1]?.complete === 'setting' ? words.at(-1) : undefined;
      const setting = vocabulary.settings.find(({ word }) => word === named);
      return { candidates: plain(setting?.values ?? []) };
    }
    case 'verb':
      return { candidates: verbCandidates(vocabulary) };
    case 'setting':
      return { candidates: vocabulary.settings };
    case 'tool':
      return { candidates: vocabulary.tools, kind: 'tool' };
    case 'folder':
      return { candidates: [], native: 'folders' };
    case 'command':
      return { candidates: [], native: 'commands' };
    case 'template':
      return { candidates: [], kind: 'template', native: 'folders' };
    case 'request':
      return {
        candidates: vocabulary.tools,
        kind: 'request',
      };
    default:
      return { candidates: [], kind: argument.complete };
  }
}

function valueAfter({ choices, value = '' }: OptionWords, prefix: string): Wanted {
  if (choices !== undefined) return { candidates: plain(choices.map((word) => prefix + word)) };
  // The shells complete a file as a word of its own only.
  if (prefix !== '') return { candidates: [] };
  if (/DIR|FOLDER/.test(value)) return { candidates: [], native: 'folders' };
  return /FILE|PATH/.test(value) ? { candidates: [], native: 'files' } : { candidates: [] };
}

function verbCandidates({ verbs }: Vocabulary): readonly Candidate[] {
  return verbs.filter(({ hidden }) => !hidden).map(({ name, summary }) => ({ word: name, describe: summary }));
}

function optionCandidates({ name, describe }: OptionWords): readonly Candidate[] {
  return [{ word: name.length === 1 ? `-${name}` : `--${name}`, describe }];
}

function plain(words: readonly string[]): readonly Candidate[] {
  return words.map((word) => ({ word, describe: '' }));
}
