import type { Context } from '../app/base/context';
import type { Outcome } from './output/outcome';
import type { Output } from './output/output';

/** One verb as data: the program, the help, the reference and the completions are made from it. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** A few sentences for `help`. */
  readonly describe?: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Options that depend on the runtimes there are. */
  readonly moreOptions?: () => Promise<readonly Option[]>;
  readonly examples?: readonly Example[];
  /** It ends in somebody else's command line: `ownWords` says where. */
  readonly handsOn?: true;
  /** Which completions an argument gets beyond its choices. */
  run(input: Input): Promise<Outcome | undefined>;
}

/** A verb as the overview knows it; the command itself is loaded only when it is invoked. */
export interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: Group;
  readonly load: () => Promise<{ readonly command: Command }>;
  /** Plumbing: works, but is not shown in the overview. */
  readonly hidden?: true;
  /** Called often, by people and by programs: also in the small file, which starts sooner. */
  readonly near?: true;
}

export type Group = 'Project' | 'Run' | 'Services' | 'Look' | 'Toolchains' | 'Machine' | 'Lock' | 'Others' | 'Plumbing';

export interface Argument {
  readonly name: string;
  readonly describe: string;
  readonly required?: true;
  readonly variadic?: true;
  readonly choices?: readonly string[];
  readonly complete?:
    | 'tool'
    | 'request'
    | 'installed'
    | 'folder'
    | 'command'
    | 'verb'
    | 'setting'
    | 'task'
    | 'service'
    | 'template';
}

export interface Option {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  readonly describe: string;
  /** The name of its value; absent for a switch. */
  readonly value?: string;
  /** May be given several times; collected into a list. */
  readonly repeatable?: true;
  readonly choices?: readonly string[];
  /** What completion offers where other values are taken too. */
  readonly offered?: readonly string[];
  readonly hidden?: true;
}

/** Options that every verb takes. */
export const COMMON_OPTIONS: readonly Option[] = [
  { name: 'json', describe: 'one JSON object on stdout, events as lines on stderr' },
  { name: 'quiet', short: 'q', describe: 'only results, warnings and errors' },
  { name: 'verbose', short: 'v', describe: 'say more; with an error, the stack' },
  { name: 'yes', short: 'y', describe: 'answer yes to every question' },
  { name: 'dry-run', short: 'n', describe: 'say what would be done, and do nothing' },
  { name: 'offline', describe: 'never use the network' },
  { name: 'C', short: 'C', value: 'DIR', describe: 'as if started in DIR' },
];

/** The options of a verb, its own included. A short name that the verb has for itself is not the common one there: `logs -n 50`. */
export function optionsOf({ options: own = [] }: Pick<Command, 'options'>): readonly Option[] {
  const shorts = own.flatMap(({ short }) => short ?? []);
  const common = COMMON_OPTIONS.map(
    ({ short, ...option }): Option => (short === undefined || shorts.includes(short) ? option : { ...option, short }),
  );
  return [...common, ...own];
}

export interface Example {
  readonly run: string;
  readonly describe: string;
}

export interface Input {
  readonly ctx: Context;
  /** Arguments in order; a variadic one takes the rest. */
  readonly args: readonly string[];
  /** What stood after `--`; `undefined` without it. */
  readonly rest: readonly string[] | undefined;
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly output: Output;
  /** Every verb, for those that speak of them all. */
  readonly catalog: readonly Entry[];
}

export type OptionValue = string | true | readonly string[] | undefined;

export function flag(input: Input, name: string): true | undefined {
  return input.options[name] === undefined ? undefined : true;
}

export function value(input: Input, name: string): string | undefined {
  const found = input.options[name];
  return typeof found === 'string' ? found : undefined;
}

export function values(input: Input, name: string): readonly string[] {
  const found = input.options[name];
  return Array.isArray(found) ? found : typeof found === 'string' ? [found] : [];
}
