import { CATALOG } from '../src/cli/catalog';
import { COMMON_OPTIONS, type Command, type Option } from '../src/cli/command';
import { loadCommand } from '../src/cli/entry';
import { usage } from '../src/cli/output/help';
import { CATALOGUE, type ErrorCode } from '../src/domain/words/errors';

/** The manual pages that the code itself says, by file name: `polyenv.1`, and `polyenv-use.1` for each verb. */
export async function manPages(version: string): Promise<ReadonlyMap<string, string>> {
  const entries = CATALOG.filter(({ hidden }) => !hidden);
  const commands = await Promise.all(entries.map(loadCommand));
  return new Map([
    ['polyenv.1', overview(commands, version)],
    ...commands.map((command) => [`polyenv-${command.name}.1`, verbPage(command, version)] as const),
  ]);
}

function overview(commands: readonly Command[], version: string): string {
  return roff([
    head('POLYENV', version),
    section('NAME', ['polyenv \\- every project its own Rust, Node.js, Python, Go and Java']),
    section('SYNOPSIS', ['.B polyenv', text('COMMAND [options] [arguments]')]),
    section('DESCRIPTION', [
      text(
        'Pins runtimes per project in polyenv.toml, locks them for every platform in polyenv.lock, verifies what is downloaded, and routes their commands by small scripts on PATH.',
      ),
    ]),
    section(
      'COMMANDS',
      commands.flatMap(({ name, summary }) => item(`polyenv-${name}(1)`, summary)),
    ),
    section('OPTIONS OF EVERY COMMAND', optionItems(COMMON_OPTIONS)),
    section('EXIT STATUS', exitItems()),
    section('FILES', [
      ...item('polyenv.toml, polyenv.local.toml', 'what a project, or you in it, ask for'),
      ...item('polyenv.lock', 'what that was resolved to'),
      ...item('~/.config/polyenv/settings.json', 'your settings'),
      ...item('~/.local/share/polyenv', 'toolchains, shims and caches; the variable POLYENV_HOME moves it'),
    ]),
    section('SEE ALSO', [text('polyenv help topics lists the pages of the guide.')]),
  ]);
}

function verbPage(command: Command, version: string): string {
  const { name, summary, describe, arguments: words = [], options = [], examples = [] } = command;
  return roff([
    head(`POLYENV-${name.toUpperCase()}`, version),
    section('NAME', [`polyenv\\-${escaped(name)} \\- ${escaped(summary)}`]),
    section('SYNOPSIS', [text(usage(command))]),
    ...(describe === undefined ? [] : [section('DESCRIPTION', [text(describe)])]),
    ...(words.length === 0
      ? []
      : [
          section(
            'ARGUMENTS',
            words.flatMap((word) => item(word.name, described(word.describe, word.choices))),
          ),
        ]),
    section('OPTIONS', [...optionItems(options), '.PP', text('Options of every command: see polyenv(1).')]),
    ...(examples.length === 0
      ? []
      : [
          section(
            'EXAMPLES',
            examples.flatMap(({ run, describe: says }) => item(run, says)),
          ),
        ]),
    section('SEE ALSO', ['.BR polyenv (1)']),
  ]);
}

function optionItems(options: readonly Option[]): readonly string[] {
  return options
    .filter(({ hidden }) => !hidden)
    .flatMap(({ name, short, value, describe, choices }) => {
      const names = [short === undefined ? '' : `-${short}`, name.length === 1 ? `-${name}` : `--${name}`];
      const flags = names.filter((flag) => flag !== '').join(', ');
      return item(value === undefined ? flags : `${flags} ${value}`, described(describe, choices));
    });
}

function exitItems(): readonly string[] {
  const codes = Object.keys(CATALOGUE) as ErrorCode[];
  const statuses = [...new Set(codes.map((code) => CATALOGUE[code].exit))].sort((a, b) => a - b);
  return [
    ...item('0', 'it worked'),
    ...statuses.flatMap((exit) =>
      item(
        String(exit),
        codes
          .filter((code) => CATALOGUE[code].exit === exit)
          .map((code) => CATALOGUE[code].title)
          .join('; '),
      ),
    ),
  ];
}

function described(words: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? words : `${words}: ${choices.join(', ')}`;
}

/** No date: the same source makes the same bytes. */
function head(title: string, version: string): string {
  return `.TH ${escaped(title)} 1 "" "polyenv ${version}" "polyenv"`;
}

function section(name: string, lines: readonly string[]): string {
  return [`.SH ${name}`, ...lines].join('\n');
}

function item(term: string, words: string): readonly string[] {
  return ['.TP', `.B ${escaped(term)}`, text(words)];
}

/** A line that begins with a dot or a quote would be a request. */
function text(words: string): string {
  return escaped(words).replace(/^(?=[.'])/, '\\&');
}

function escaped(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\x20-\x7e]/g,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}

function roff(parts: readonly string[]): string {
  return `${parts.join('\n')}\n`;
}
