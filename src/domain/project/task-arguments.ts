import { isTable, type KeyPath, valueAt } from '../formats/document-value';
import { counted } from '../words/counted';
import { present } from '../words/present';
import { quoted } from '../words/printable';
import { ARGUMENT_KEYS, namesOf } from './manifest-schema';
import { fail, flagAt, LONGEST, type ManifestInput, refuseUnknown, textAt, textsAt } from './manifest-values';

/** A word that a task takes behind its name. Its lines find it in the shell variable of that name. */
export interface TaskArgument {
  /** Lower-case letters, digits and `_`. */
  readonly name: string;
  readonly description: string;
  /** Without one, and where it is not `many`, a word must be given. */
  readonly default?: string;
  /** Words that are allowed; all, where there are none. */
  readonly choices: readonly string[];
  /** All further words, or none: `"$@"` of the lines. Only the last one. */
  readonly many: boolean;
}

/** What the words of a call are for a task's lines. */
export interface BoundArguments {
  /** In the order of their declaration. */
  readonly values: readonly { readonly name: string; readonly value: string }[];
  /** Of the one that takes many. */
  readonly further: readonly string[];
}

/** `undefined` where a task declares none: it takes whatever it is given. */
export function decodeArguments(input: ManifestInput, keys: KeyPath): readonly TaskArgument[] | undefined {
  const value = valueAt(input, keys);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    return fail(input, keys, {
      what: `${String(keys.at(-1))} must be a list`,
      hint: 'write args = ["target", { name = "replicas", default = "2" }]',
    });
  }
  const args = value.map((_, index) => decodeArgument(input, [...keys, index]));
  for (const [index, argument] of args.entries()) {
    const before = args[index - 1];
    const place = [...keys, index];
    if (args.findIndex(({ name }) => name === argument.name) !== index)
      fail(input, place, { what: `there are two arguments called ${argument.name}` });
    if (before?.many === true)
      fail(input, place, { what: `${argument.name} stands behind ${before.name}, which takes all further words` });
    if (isNeeded(argument) && before !== undefined && !isNeeded(before))
      fail(input, place, {
        what: `${argument.name} must be given and stands behind ${before.name}, which need not`,
        hint: `put it before ${before.name}, or give it a default`,
      });
  }
  return args;
}

const NAME = /^[a-z][a-z0-9_]{0,31}$/;

function decodeArgument(input: ManifestInput, keys: KeyPath): TaskArgument {
  const value = valueAt(input, keys);
  const table = isTable(value);
  if (table) refuseUnknown(input, keys, namesOf(ARGUMENT_KEYS));
  const at = table ? [...keys, 'name'] : keys;
  const name = textAt(input, at, { limit: LONGEST.name });
  if (!NAME.test(name))
    fail(input, at, { what: `${quoted(name)} is no name for an argument: lower-case letters, digits and _ make one` });
  if (!table) return { name, description: '', choices: [], many: false };
  const description =
    value.description === undefined ? '' : textAt(input, [...keys, 'description'], { limit: LONGEST.folder });
  const choices = value.choices === undefined ? [] : textsAt(input, [...keys, 'choices'], LONGEST.folder);
  if (value.choices !== undefined && choices.length === 0)
    fail(input, [...keys, 'choices'], { what: `choices of ${name} is an empty list: no word would do` });
  const many = flagAt(input, [...keys, 'many']);
  // An empty text is a default too.
  const usual = value.default === '' ? '' : value.default === undefined ? undefined : defaultAt(input, keys);
  if (many && usual !== undefined)
    fail(input, [...keys, 'default'], { what: `${name} takes many words, or none: it has no default` });
  if (usual !== undefined && choices.length > 0 && !choices.includes(usual))
    fail(input, [...keys, 'default'], {
      what: `the default of ${name} is ${quoted(usual)}, which is none of its choices`,
    });
  return { name, description, choices, many, ...present({ default: usual }) };
}

function defaultAt(input: ManifestInput, keys: KeyPath): string {
  return textAt(input, [...keys, 'default'], { limit: LONGEST.command });
}

/** Whether a call must give it. */
export function isNeeded(argument: TaskArgument): boolean {
  return argument.default === undefined && !argument.many;
}

/** What is wrong with the words, in half a sentence, or what they are. */
export function bindArguments(
  args: readonly TaskArgument[],
  words: readonly string[],
): BoundArguments | { readonly problem: string } {
  const values: { readonly name: string; readonly value: string }[] = [];
  for (const [index, argument] of args.entries()) {
    const { name, choices, description } = argument;
    if (argument.many) {
      const further = words.slice(index);
      const odd = further.find((word) => choices.length > 0 && !choices.includes(word));
      return odd === undefined ? { values, further } : { problem: noChoice(argument, odd) };
    }
    const value = words[index] ?? argument.default;
    if (value === undefined) {
      const what = [description, choices.join(', ')].filter((part) => part !== '').join(': ');
      return { problem: `needs the argument ${name}${what === '' ? '' : ` (${what})`}` };
    }
    if (choices.length > 0 && !choices.includes(value)) return { problem: noChoice(argument, value) };
    values.push({ name, value });
  }
  const extra = words[args.length];
  if (extra === undefined) return { values, further: [] };
  const count = args.length === 0 ? 'takes no argument' : `takes ${counted(args.length, 'argument')}`;
  return { problem: `${count}, and ${quoted(extra)} is one more` };
}

function noChoice({ name, choices }: TaskArgument, word: string): string {
  return `takes ${choices.join(', ')} as ${name}, not ${quoted(word)}`;
}

/** `deploy TARGET [REPLICAS] [FILES...]`: as it is called. */
export function usageOf(name: string, args: readonly TaskArgument[]): string {
  const words = args.map((argument) => {
    const shown = `${argument.name.toUpperCase()}${argument.many ? '...' : ''}`;
    return isNeeded(argument) ? shown : `[${shown}]`;
  });
  return [name, ...words].join(' ');
}

/**
 * What stands before a line of the task: shell text of names alone, which takes the values from the positional parameters, so that
 * none is ever read as shell. A variable of the caller of that name is not changed for the programs that the line starts.
 */
export function prelude({ values }: Pick<BoundArguments, 'values'>): string {
  if (values.length === 0) return '';
  const names = values.map(({ name }) => name);
  // guard: argument-names
  if (!names.every((name) => NAME.test(name))) throw new Error(`an argument is called ${names.join(', ')}`);
  const taken = names.map((name, index) => `${name}=\${${index + 1}}`);
  return `unset ${names.join(' ')}; ${taken.join('; ')}; shift ${names.length}; `;
}
