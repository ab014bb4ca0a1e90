import { resolve } from 'node:path';
import { CommanderError, Option as CommanderOption, Command as Verb } from 'commander';
import { areOfAnother } from '../adapters/routes/shims-check';
import { type Context, explainingContext, openContext } from '../app/base/context';
import { PolyenvError } from '../domain/words/errors';
import { quoteSh } from '../domain/words/shell-quote';
import type { Host } from '../host';
import { ownOptions, ownWords, verbIndex } from '../verb';
import { CATALOG } from './catalog';
import { type Command, type Entry, type Input, type Option, type OptionValue, optionsOf } from './command';
import { entryOf, loadCommand } from './entry';
import { asPolyenvError } from './output/error';
import { helpData, helpText } from './output/help';
import type { Outcome } from './output/outcome';
import { type Output, openOutput } from './output/output';

/** Runs one command line and returns the exit status. Only the module of the invoked verb is loaded. */
export async function runProgram(host: Host): Promise<number> {
  const early = openOutput(host, modesOf(host.argv));
  try {
    const { entry, before, after } = await invoked(host);
    const command = await loadCommand(entry);
    return await runVerb(host, command, { before, after });
  } catch (error) {
    if (error instanceof Finished) return error.exit;
    early.fail(error);
    return asPolyenvError(error).exit;
  }
}

class Finished {
  constructor(readonly exit: number) {}
}

export interface Words {
  /** Common options that stood before the verb. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** No verb means the overview of this folder; one that people know from elsewhere means what it is called here. */
async function invoked(host: Host): Promise<{ readonly entry: Entry } & Words> {
  const { argv } = host;
  const index = verbIndex(argv);
  const before = argv.slice(0, index);
  const [word, after] = [argv[index], argv.slice(index + 1)];
  if (word === undefined) {
    if (before.includes('--version') || before.includes('-V')) return sayVersion(host);
    const asked = (name: string): boolean => name === '--help' || name === '-h';
    return {
      entry: entryOf(CATALOG, before.some(asked) ? 'help' : 'status'),
      before: before.filter((option) => !asked(option)),
      after: [],
    };
  }
  if (!CATALOG.some(({ name, aliases }) => name === word || aliases?.includes(word))) {
    const { understand } = await import('./foreign');
    const [verb, ...words] = (await understand(word, after)) ?? [word, ...after];
    if (verb === '--version') return sayVersion(host);
    return { entry: entryOf(CATALOG, verb ?? word), before, after: words };
  }
  return { entry: entryOf(CATALOG, word), before, after };
}

function sayVersion({ stdout, argv }: Host): never {
  stdout.write(
    argv.includes('--json') ? `${JSON.stringify({ schema: 1, version: __VERSION__ })}\n` : `${__VERSION__}\n`,
  );
  throw new Finished(0);
}

async function runVerb(host: Host, command: Command, words: Words): Promise<number> {
  const parsed = readWords(command, words, host);
  const output = openOutput(host, {
    json: parsed.options.json !== undefined,
    quiet: parsed.options.quiet !== undefined,
    verbose: parsed.options.verbose !== undefined,
  });
  const folder = parsed.options.C;
  const directory = typeof folder === 'string' ? resolve(host.cwd ?? '/', folder) : host.cwd;
  try {
    return await runInContext(host, command, { ...parsed, output, directory });
  } catch (error) {
    output.fail(asTyped(error, host.argv));
    return asPolyenvError(error).exit;
  }
}

/** A slip that stands in the command line: the hint is that line without it. */
function asTyped(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof PolyenvError) || error.slip === undefined) return error;
  const { typed, meant } = error.slip;
  // A name ends where its version begins.
  const isIt = (word: string): boolean => word.startsWith(typed) && /^(?:[@=:]|$)/.test(word.slice(typed.length));
  const at = argv.findIndex(isIt);
  if (at === -1) return error;
  const words = argv.map((word, index) => {
    if (index === at) return quoteSh(`${meant}${word.slice(typed.length)}`);
    return /^--?[\w-]+$/.test(word) ? word : quoteSh(word);
  });
  return new PolyenvError(error.code, error.message, {
    ...error.details,
    hint: `polyenv ${words.join(' ')}`,
    cause: error,
  });
}

/** A verb's words as its options and arguments. Throws `usage`. */
export function readWords(command: Command, { before, after }: Words, host: Host) {
  const { own, rest } = divide(command, after);
  return { ...parse(command, [...before, ...own], host), rest };
}

/** Polyenv's own words, and those that are only handed on. */
function divide(
  command: Command,
  words: readonly string[],
): { readonly own: readonly string[]; readonly rest: readonly string[] | undefined } {
  const count = ownWords(command.name, words);
  const rest = words.slice(count);
  if (rest.length === 0) return { own: words, rest: undefined };
  return {
    own: words.slice(0, count),
    rest: command.name !== 'shim' && rest[0] === '--' ? rest.slice(1) : rest,
  };
}

interface Call {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly rest: readonly string[] | undefined;
  readonly output: Output;
  readonly directory: string | undefined;
}

async function runInContext(host: Host, command: Command, call: Call): Promise<number> {
  const { output, options } = call;
  const how = { host, emit: output.emit, directory: call.directory, offline: options.offline !== undefined };
  const explains = command.name === 'help';
  const ctx = await openContext(how).catch((error: unknown) => {
    if (!explains) throw error;
    return explainingContext(how, error);
  });
  try {
    if (!explains && areOfAnother(ctx.home) && options['dry-run'] === undefined) await renewShims(ctx);
    const input: Input = { ctx, args: call.args, rest: call.rest, options, output, catalog: CATALOG };
    const outcome: Outcome | undefined = await command.run(input);
    output.settle();
    if (outcome !== undefined && (outcome.text !== undefined || (output.modes.json && outcome.data !== undefined)))
      output.print(outcome);
    return outcome?.exit ?? 0;
  } catch (error) {
    throw await withPlace(ctx, error);
  } finally {
    // What failed before it is the reason.
    await ctx.close().catch(() => undefined);
  }
}

/** Adds to the error of a full disk how much room there is, and names a home that belongs to somebody else. */
async function withPlace(ctx: Context, error: unknown): Promise<unknown> {
  const known = asPolyenvError(error);
  if (known.code === 'disk-full') return (await import('../app/changes/room')).withRoom(ctx, known);
  if (known.code === 'home-unwritable') return (await import('../app/base/foreign-home')).asForeignHome(ctx, known);
  return error;
}

/** After an update: it may know runtimes that the one before did not. Failing fails no command. */
async function renewShims(ctx: Context): Promise<void> {
  const { refreshShims } = await import('../app/routes/compile');
  await refreshShims(ctx).catch(() => undefined);
}

function parse(command: Command, argv: readonly string[], host: Host) {
  const verb = new Verb(command.name)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .helpOption(false);
  verb.addOption(new CommanderOption('-h, --help'));
  for (const option of optionsOf(command)) verb.addOption(commanderOption(option));
  for (const argument of command.arguments ?? []) {
    verb.argument(
      `${argument.required ? '<' : '['}${argument.name}${argument.variadic ? '...' : ''}${argument.required ? '>' : ']'}`,
    );
  }
  try {
    verb.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (argv.includes('--help') || argv.includes('-h')) return showHelp(command, host);
    // commander puts what was meant on a line of its own.
    const [what = '', near] = error.message.replace(/^error: /, '').split('\n');
    const meant = /^\(Did you mean (.+)\?\)$/.exec(near ?? '')?.[1];
    throw new PolyenvError('usage', meant === undefined ? what : `${what}; did you mean ${meant}?`, {
      hint: (isArgumentMissing(error) ? command.examples?.[0]?.run : undefined) ?? `polyenv help ${command.name}`,
    });
  }
  const options = verb.opts<Record<string, OptionValue>>();
  if (options.help !== undefined) return showHelp(command, host);
  const named: Record<string, OptionValue> = {};
  for (const option of optionsOf(command)) {
    const found = given(options, option.name);
    if (found !== undefined) named[option.name] = found;
  }
  return { args: verb.args, options: named };
}

/** An example says more than the name of what is missing. */
function isArgumentMissing({ code }: CommanderError): boolean {
  return code === 'commander.missingArgument';
}

/** commander takes `--no-git` for the opposite of a `--git` that is on by itself; ours is a switch like any other. */
function given(options: Readonly<Record<string, OptionValue | false>>, name: string): OptionValue {
  const negated = name.startsWith('no-');
  const found = options[camel(negated ? name.slice('no-'.length) : name)];
  if (negated) return found === false ? true : undefined;
  return found === false ? undefined : found;
}

function showHelp(command: Command, host: Host): never {
  const { json } = modesOf(host.argv);
  host.stdout.write(json ? `${JSON.stringify({ schema: 1, ...helpData(command) })}\n` : helpText(command));
  throw new Finished(0);
}

function commanderOption(option: Option): CommanderOption {
  const long = option.name.length === 1 ? '' : `--${option.name}`;
  const short = option.short === undefined ? '' : `-${option.short}`;
  const flags = [short, long].filter((part) => part !== '').join(', ');
  const made = new CommanderOption(option.value === undefined ? flags : `${flags} <${option.value}>`, option.describe);
  if (option.choices !== undefined) made.choices(option.choices);
  if (option.repeatable)
    made.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
  return made;
}

function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Good enough for errors that come before the verb's own options are read. */
function modesOf(argv: readonly string[]) {
  const own = ownOptions(argv);
  return { json: own.includes('--json'), quiet: own.includes('-q'), verbose: own.includes('-v') };
}
