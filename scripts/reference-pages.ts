import { loadRuntimes } from '../src/app/base/registry';
import { CATALOG } from '../src/cli/catalog';
import { type Argument, COMMON_OPTIONS, type Command, type Entry, type Group, type Option } from '../src/cli/command';
import { loadCommand } from '../src/cli/entry';
import { usage } from '../src/cli/output/help';
import { MISE_NAMES } from '../src/domain/pins/files/mise-files';
import { pinFilesOf } from '../src/domain/pins/files/of-runtime';
import { MANIFEST_NAMES } from '../src/domain/project/manifest';
import { manifestSchema } from '../src/domain/project/manifest-schema';
import { SETTINGS, type Setting, settingVariable } from '../src/domain/project/settings';
import type { Runtime } from '../src/domain/runtime/runtime';
import type { Service, ServicePlace } from '../src/domain/runtime/service';
import type { Version } from '../src/domain/versions/version';
import { ERROR_PAGES } from '../src/domain/words/error-pages';
import { CATALOGUE, type ErrorCode } from '../src/domain/words/errors';
import { PIN_CASES } from '../test/support/pin-cases';

/** The pages of `docs/reference` that the code itself writes, by file name. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const verbs = await Promise.all(CATALOG.map(async (entry) => ({ entry, command: await loadCommand(entry) })));
  return new Map([
    ['commands.md', commandsPage(verbs)],
    ['settings.md', settingsPage()],
    ['errors.md', errorsPage()],
    ['exit-codes.md', exitCodesPage()],
    ['precedence.md', precedencePage(await loadRuntimes())],
    ['pin-cases.md', pinCasesPage()],
    ['services.md', servicesPage(await loadRuntimes())],
    ['polyenv.schema.json', await manifestSchemaPage()],
  ]);
}

/** From the cases that a test tries. */
function pinCasesPage(): string {
  const shown = (text: string) => text.trimEnd().split('\n').map(code).join('<br>');
  const rows = PIN_CASES.map(({ tool, file, content, beside = {}, reads, says, why }) => [
    tool,
    code(file),
    [
      ...(content === undefined ? [] : [shown(content) || 'nothing']),
      ...Object.entries(beside).map(([name, text]) => `beside it ${code(name)}: ${shown(text)}`),
    ].join('<br>'),
    reads === undefined ? (says === undefined ? 'nothing' : 'refused, or passed over with a warning') : code(reads),
    why,
  ]);
  return page([
    '# Version files by example',
    MADE,
    'Each row is tried by a test. What decides among several files stands in [version files](pin-files.md); `polyenv detect --json` explains the decisions of a folder.',
    table(['runtime', 'file or variable', 'what it holds', 'the request', 'why'], rows),
  ]);
}

/** For editors: names of runtimes with their other names. */
async function manifestSchemaPage(): Promise<string> {
  const names = (await loadRuntimes()).flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  return `${JSON.stringify(manifestSchema(names), undefined, 2)}\n`;
}

const MADE = '<!-- Made by `npx tsx scripts/reference.ts`: change the code, not this page. -->';

interface Verb {
  readonly entry: Entry;
  readonly command: Command;
}

const GROUPS: Readonly<Record<Group, string>> = {
  Project: 'What a project asks for',
  Run: 'Running things',
  Services: 'Services',
  Look: 'Looking',
  Toolchains: 'Toolchains on this machine',
  Lock: 'Locks and proofs',
  Machine: 'This machine',
  Others: 'Others',
  Plumbing: 'Plumbing, for scripts and shims',
};

function commandsPage(verbs: readonly Verb[]): string {
  const groups = (Object.keys(GROUPS) as Group[])
    .map((group) => ({ group, members: verbs.filter(({ entry }) => entry.group === group) }))
    .filter(({ members }) => members.length > 0);
  return page([
    '# Commands',
    MADE,
    '`polyenv COMMAND [options] [arguments]`. Without a command: where you stand in this folder. `polyenv help COMMAND` prints what stands here.',
    groups
      .map(
        ({ group, members }) =>
          `- ${GROUPS[group]}: ${members.map(({ command }) => `[${command.name}](#${command.name})`).join(', ')}`,
      )
      .join('\n'),
    '## For every command',
    table(['option', 'meaning'], COMMON_OPTIONS.map(optionRow)),
    'What a command finds out goes to stdout, all else to stderr. `--json` prints one object with `"schema": 1`; an error is its member `error`. The status is one of the [exit codes](exit-codes.md).',
    ...groups.flatMap(({ group, members }) => [`## ${GROUPS[group]}`, ...members.flatMap(verbParts)]),
  ]);
}

function verbParts({ entry, command }: Verb): readonly string[] {
  const { aliases = [] } = entry;
  const options = (command.options ?? []).filter((option) => !option.hidden);
  const words = command.arguments ?? [];
  return [
    `### ${command.name}`,
    `${sentence(command.summary)}${aliases.length === 0 ? '' : ` Also called ${aliases.map(code).join(', ')}.`}`,
    fenced('', usage(command)),
    ...(command.describe === undefined ? [] : [escaped(command.describe)]),
    ...(words.length === 0 ? [] : [table(['argument', 'meaning'], words.map(argumentRow))]),
    ...(options.length === 0 ? [] : [table(['option', 'meaning'], options.map(optionRow))]),
    ...(command.examples === undefined
      ? []
      : [fenced('sh', command.examples.map(({ run, describe }) => `${run}  # ${describe}`).join('\n'))]),
  ];
}

function argumentRow({ name, describe, required, variadic, choices }: Argument): readonly string[] {
  const notes = [required ? '' : 'may be left out', variadic ? 'several' : ''].filter((note) => note !== '');
  return [code(name), `${escaped(described(describe, choices))}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`];
}

function optionRow({ name, short, value, describe, choices, repeatable }: Option): readonly string[] {
  const names = [short === undefined ? '' : `-${short}`, name.length === 1 ? '' : `--${name}`];
  const flags = names.filter((flag) => flag !== '').join(', ');
  return [
    code(value === undefined ? flags : `${flags} ${value}`),
    `${escaped(described(describe, choices))}${repeatable ? ' (several times)' : ''}`,
  ];
}

function described(text: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? text : `${text}: ${choices.join(', ')}`;
}

function settingsPage(): string {
  return page([
    '# Settings',
    MADE,
    "Yours, not a project's: a repository can set none of them. `polyenv settings list` shows each value and the place that says it.",
    'A later place wins; maps are joined:',
    [
      '1. the default',
      "2. the organisation's file, `/etc/polyenv/settings.json` (macOS: `/Library/Application Support/polyenv/settings.json`)",
      '3. your own, `$XDG_CONFIG_HOME/polyenv/settings.json` (`~/.config/polyenv/settings.json`)',
      '4. the variable',
    ].join('\n'),
    'In a file the dots of a name are nesting: `{ "verify": { "minimum": "index" } }`. In a variable, lists are words separated by white space, maps are `FROM=TO` pairs separated by white space, switches are `1` or `0`. The organisation\'s `"locked": ["verify.minimum"]` (or `true` for all that it sets) keeps people from loosening a setting; going the stricter way stays allowed.',
    table(
      ['setting', 'variable', 'value', 'default', 'meaning'],
      SETTINGS.map((setting) => [
        code(setting.name),
        code(settingVariable(setting.name)),
        typeText(setting),
        fallbackText(setting.fallback),
        escaped(setting.describe),
      ]),
    ),
    'Where polyenv keeps its things: `POLYENV_HOME`, an absolute path (`$XDG_DATA_HOME/polyenv`, else `~/.local/share/polyenv`). It is a variable only.',
  ]);
}

function typeText({ type, minimum, maximum, shape }: Setting): string {
  const names = { boolean: 'switch', text: 'text', list: 'list', map: 'map' } as const;
  if (typeof type !== 'string') return type.map(code).join(', ');
  if (type === 'integer') return `${minimum ?? 0} to ${maximum ?? 'any'}`;
  return shape === undefined ? names[type] : `${names[type]} of: ${escaped(shape)}`;
}

function fallbackText(value: unknown): string {
  const text = typeof value === 'object' || value === '' ? '' : String(value);
  return text === '' ? 'none' : code(text);
}

function errorsPage(): string {
  const codes = Object.keys(CATALOGUE) as ErrorCode[];
  return page([
    '# Errors',
    MADE,
    'An error is three lines: what happened with its code, where, and what fixes it.',
    fenced(
      '',
      'error[lock-stale] node is locked for "20", and "22" is asked\n  at   /home/ada/api/polyenv.lock\n  try  polyenv lock, then commit polyenv.lock',
    ),
    'With `--json` the same is the member `error` of the object on stdout: `code`, `exit`, `message`, `where`, `hint`. `-v` adds the stack.',
    ...codes.flatMap((name) => [
      `## ${name}`,
      `${CATALOGUE[name].title}. [Exit ${CATALOGUE[name].exit}](exit-codes.md).`,
      ERROR_PAGES[name].meaning,
      `**What to do.** ${ERROR_PAGES[name].fix}`,
    ]),
  ]);
}

const STATUSES: Readonly<Record<number, string>> = {
  1: 'failure',
  2: 'the command line or a request is not understood',
  3: 'manifest, version files, settings or state cannot be read',
  4: 'no such version, or not for this platform',
  5: 'network, or offline',
  6: 'digest, signature or archive',
  7: 'the lock is out of date, missing, or does not allow that',
  8: 'not trusted or not allowed',
  9: 'another polyenv is at work',
  10: 'findings, only with `--exit-code`',
  126: 'a command was found and cannot be run',
  127: 'no such command',
  130: 'interrupted',
};

function exitCodesPage(): string {
  const rows = [...new Set(Object.values(CATALOGUE).map(({ exit }) => exit))].sort((a, b) => a - b);
  const members = (exit: number) =>
    (Object.keys(CATALOGUE) as ErrorCode[])
      .filter((name) => CATALOGUE[name].exit === exit)
      .map((name) => `[${name}](errors.md#${name})`);
  return page([
    '# Exit codes',
    MADE,
    table(
      ['status', 'meaning', 'errors'],
      [['0', 'done', ''], ...rows.map((exit) => [String(exit), meaningOf(exit), members(exit).join(', ')])],
    ),
    '`polyenv exec` and the shims end as the command does that they start: its status, or 128 and the number of the signal that ended it.',
  ]);
}

/** A status that nobody has described here is a mistake of whoever added it to the catalogue. */
function meaningOf(exit: number): string {
  const meaning = STATUSES[exit];
  if (meaning === undefined) throw new Error(`scripts/reference-pages.ts has no words for exit status ${exit}`);
  return meaning;
}

function precedencePage(runtimes: readonly Runtime[]): string {
  return page([
    '# Precedence',
    MADE,
    'Which file decides a version. What is read in each file, and the rules around it, stand in [version files](pin-files.md).',
    'For each runtime on its own, the first of these that says something:',
    [
      '1. what the command line asks for: `polyenv exec node@18 -- npm test`',
      "2. the runtime's variable, in the table below",
      '3. the nearest folder that pins it, from the working folder upwards; in one folder, the files in the order below',
      '4. the environment that started the command (`POLYENV_ENV`)',
      '5. your default: `polyenv use --default node@22`',
      '6. nothing: the next command of that name on `PATH`',
    ].join('\n'),
    'A *floor* says which versions will do. It decides only where nothing pins; otherwise it is checked against what was chosen.',
    table(
      ['runtime', 'other names', 'variable', 'for one call'],
      runtimes.map(({ id, aliases = [], plusVersion = [] }) => [
        code(id),
        aliases.map(code).join(', '),
        code(`POLYENV_${id.toUpperCase()}`),
        plusVersion.map((name) => code(`${name} +VERSION`)).join(', '),
      ]),
    ),
    ...runtimes.flatMap((runtime) => [
      `## ${runtime.title}`,
      [
        ...MANIFEST_NAMES.map((name) => [name, '']),
        ...pinFilesOf(runtime)
          .filter(({ file }) => !MISE_NAMES.includes(file) || file === 'mise.toml')
          .map(({ file, strength }) => [file, noteOf(file, strength)]),
      ]
        .map(([file = '', note], index) => `${index + 1}. ${code(file)}${note}`)
        .join('\n'),
    ]),
  ]);
}

function noteOf(file: string, strength: 'floor' | undefined): string {
  if (file === 'mise.toml') return " and mise's other names, in [their order](pin-files.md#files-for-any-runtime)";
  return strength === 'floor' ? ' (a floor)' : '';
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}

/** What a kind says of a service that has these ports and this password. */
const EXAMPLE: Omit<ServicePlace, 'ports' | 'databases' | 'version' | 'user'> = {
  platform: 'linux-x64',
  toolchain: 'TOOLCHAIN',
  commands: {},
  data: 'DATA',
  secrets: 'SECRETS',
  sockets: 'SOCKETS',
  host: '127.0.0.1',
  password: 'PASSWORD',
  extensions: [],
};

function servicesPage(runtimes: readonly Runtime[]): string {
  const kinds = runtimes.flatMap(({ service, ...runtime }) => (service === undefined ? [] : [{ ...runtime, service }]));
  return `${[
    '# Services',
    MADE,
    'The kinds of servers that a project may have of its own, below `[services]` of [polyenv.toml](manifest.md). How they are used stands in the [guide](../guide/services.md), where their builds come from in [runtimes](runtimes.md). `PORT` and `PASSWORD` stand for what a service got when it was first started.',
    ...kinds.flatMap((kind) => kindSection(kind.service, kind)),
  ].join('\n\n')}\n`;
}

function kindSection(
  service: Service,
  { id, title, homepage, aliases = [] }: Omit<Runtime, 'service'>,
): readonly string[] {
  const { databases, extensions = [], ports = [], secret, stop, ready, root } = service;
  const at = {
    ...EXAMPLE,
    version: '1.0.0' as Version,
    user: secret?.user ?? '',
    password: secret === undefined ? '' : EXAMPLE.password,
    databases: databases?.usual ?? [],
    ports: { main: 20_001, ...Object.fromEntries(ports.map((name, index) => [name, 20_002 + index])) },
  };
  const shown = (text: string): string =>
    text.replace(/2000[1-9]/g, (port) => (port === '20001' ? 'PORT' : `PORT${Number(port) - 20_000}`));
  const facts = [
    ['in the manifest', [id, ...aliases].map((name) => code(`"${name}"`)).join(', ')],
    ['address', code(shown(service.url(at)))],
    ...(ports.length === 0
      ? []
      : [['further ports', ports.map((name, index) => `${name} (${code(`PORT${index + 2}`)})`).join(', ')]]),
    [
      'databases',
      databases === undefined
        ? 'none to name'
        : `${code('databases = [...]')}: ${databases.form}; without it ${databases.usual.map(code).join(', ')}`,
    ],
    ...(extensions.length === 0 ? [] : [['extensions', extensions.map(code).join(', ')]]),
    [
      'password',
      secret === undefined
        ? 'none'
        : `32 letters and digits${secret.user === '' ? '' : `, of user ${code(secret.user)}`}`,
    ],
    [
      'client of `polyenv connect`',
      service.connect === undefined
        ? 'none'
        : service.connect(at) === 'resp'
          ? 'one that polyenv has built in, where the toolchain has none'
          : "the toolchain's own",
    ],
    ['`dump` and `load`', service.transfer === undefined ? 'no: `polyenv snapshot` keeps its data' : 'yes'],
    ['page for a browser', service.page === undefined ? 'none' : code(shown(service.page(at)))],
    ['as root', root === 'allowed' ? 'runs' : 'refuses: polyenv runs it as another user'],
    ['ready', `within ${ready.seconds} s, a recovery included`],
    [
      'stop',
      `${stop.signal}, and ${stop.seconds} s to end; ${stop.thenKill ? 'then it is killed' : 'never killed unless you say `--force`'}`,
    ],
  ];
  const variables = Object.entries(service.exports(at)).map(([name, value]) => [code(name), code(shown(value))]);
  return [`## ${title}`, `<${homepage}>`, table(['', ''], facts), table(['variable', 'value'], variables)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function code(text: string): string {
  return `\`${text}\``;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${escaped(text.slice(1))}.`;
}

/** Words as they are, but for what Markdown would take as its own. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*');
}
