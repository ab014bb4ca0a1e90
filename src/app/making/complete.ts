import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseToml } from '../../adapters/documents/toml';
import { readTextIfAny } from '../../adapters/files/fs';
import { type Home, homeOf } from '../../adapters/home/paths';
import { listToolchains } from '../../adapters/store/store';
import { keptVersions } from '../../adapters/upstream/known-versions';
import { isTable } from '../../domain/formats/document-value';
import { MANIFEST_NAMES } from '../../domain/project/manifest';
import { type Candidate, type Native, type ToolWords, type Vocabulary, wantedAt } from '../../domain/routes/completion';
import { compareNumbers } from '../../domain/versions/schemes/numbers';
import { isPrintable, printable } from '../../domain/words/printable';
import type { Host } from '../../host';

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** What the shell adds by itself. */
  readonly native: Native | undefined;
}

/**
 * What may stand at the cursor, in order of likelihood: from the vocabulary and the files at hand, never the network.
 * What cannot be read offers nothing. Names that could act on a terminal, and those that would need several lines, are left out.
 */
export async function complete(
  host: Host,
  vocabulary: Vocabulary,
  line: { readonly before: readonly string[]; readonly current: string },
): Promise<Completion> {
  const { before, current } = line;
  const { candidates, kind, native, folder, words = [], prefix = '' } = wantedAt(vocabulary, before, current);
  const at: Place = {
    home: homeOf(host),
    host,
    // The shells hand it on as it was typed.
    folder: resolve(host.cwd ?? '/', (folder ?? '.').replace(/^~(?=\/|$)/, host.personHome)),
    tools: vocabulary.tools,
    words,
  };
  const read = kind === undefined ? undefined : KINDS[kind];
  const found = await read?.(at, current).catch(() => []);
  const more = (found ?? []).map(({ word, describe }) => ({ word: prefix + word, describe }));
  const seen = new Set<string>();
  const all = [...candidates, ...more].filter(({ word }) => {
    const fits = word.startsWith(current) && word !== '' && isPrintable(word) && !seen.has(word);
    seen.add(word);
    return fits;
  });
  return {
    candidates: all.map(({ word, describe }) => ({ word, describe: printable(describe) })),
    // Files are no answer where a task says which words it takes.
    native: kind === 'task-argument' && (found ?? []).length > 0 ? undefined : native,
  };
}

interface Place {
  readonly home: Home;
  readonly host: Host;
  readonly folder: string;
  readonly tools: readonly ToolWords[];
  readonly words: readonly string[];
}

const KINDS: Readonly<Record<string, (at: Place, current: string) => Promise<readonly Candidate[]>>> = {
  request: requests,
  installed,
  task: async (at) => [
    ...(await namesBelow(at, 'tasks', describeTask)),
    ...(await namesBelow(at, 'aliases', describeAlias)),
  ],
  'task-argument': taskArgument,
  service: (at) => namesBelow(at, 'services', describeService),
  template: templates,
};

/**
 * `TOOL@`; once it stands, `TOOL@VERSION`: what moves, what is installed, then what sources have offered, or the lines
 * with support where none was asked yet.
 */
async function requests(at: Place, current: string): Promise<readonly Candidate[]> {
  const name = /^([a-z][a-z0-9]*)@/.exec(current)?.[1];
  if (name === undefined) return at.tools.map(({ word }) => ({ word: `${word}@`, describe: 'a version of it' }));
  const tool = at.tools.find(({ word }) => word === name);
  if (tool === undefined) return [];
  const own = (await installed(at)).filter(({ word }) => word.startsWith(`${name}@`));
  const known = (await keptVersions(at.home, name)).map((word) => ({ word, describe: '' }));
  const [moving, versions] = [[LATEST, ...tool.channels], known.length === 0 ? supported(at, tool) : known].map(
    (some) => some.map(({ word, describe }) => ({ word: `${name}@${word}`, describe })),
  ) as [Candidate[], Candidate[]];
  return [...moving, ...own, ...versions];
}

const LATEST: Candidate = { word: 'latest', describe: 'the newest release' };

function supported({ host }: Place, { lines }: ToolWords): readonly Candidate[] {
  const today = host.now().toISOString().slice(0, 10);
  return lines.flatMap(({ word, end }) =>
    end !== undefined && end < today ? [] : [{ word, describe: end === undefined ? '' : `until ${end}` }],
  );
}

async function installed({ home }: Place): Promise<readonly Candidate[]> {
  const numbers = (version: string): readonly number[] => (version.match(/\d+/g) ?? []).map(Number);
  return (await listToolchains(home))
    .toSorted((a, b) => (a.tool === b.tool ? compareNumbers(numbers(b.version), numbers(a.version)) : 0))
    .map(({ tool, version, linked }) => ({
      word: `${tool}@${version}`,
      describe: linked === undefined ? 'installed' : 'linked',
    }));
}

/** Tables of a manifest whose keys are names that people type. */
type NamingTable = 'tasks' | 'aliases' | 'services';

/** Less strict than where tasks are run: a manifest that is being edited still has tasks and services. */
async function namesBelow(
  { folder, host }: Place,
  table: NamingTable,
  describe: (value: unknown) => string,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (let current = folder; ; current = dirname(current)) {
    for (const name of MANIFEST_NAMES) {
      found.push(...(await namesIn(join(current, name), table, describe).catch(() => [])));
    }
    if (current === dirname(current) || current === host.personHome) return found;
  }
}

/** The words that a task allows where the cursor is. */
async function taskArgument({ folder, host, words: [name = '', ...given] }: Place): Promise<readonly Candidate[]> {
  for (let current = folder; ; current = dirname(current)) {
    for (const file of MANIFEST_NAMES) {
      const tables = await tablesIn(join(current, file)).catch(() => ({}) as Tables);
      const [task, ...before] = calledTask(tables, name);
      if (task !== undefined) return choicesAt(task, before.length + given.length);
    }
    if (current === dirname(current) || current === host.personHome) return [];
  }
}

type Tables = Readonly<Record<string, unknown>>;

/** The task of that name, or what an alias stands for, with the words that this brings. */
function calledTask({ tasks, aliases }: Tables, name: string): readonly [unknown, ...unknown[]] | readonly [undefined] {
  if (!isTable(tasks)) return [undefined];
  if (Object.hasOwn(tasks, name)) return [tasks[name]];
  const alias = isTable(aliases) && Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  const words: readonly unknown[] =
    typeof alias === 'string' ? alias.trim().split(/\s+/) : Array.isArray(alias) ? alias : [];
  const [task, ...rest] = words.filter((word, index) => index !== 1 || word !== '--');
  return typeof task === 'string' && Object.hasOwn(tasks, task) ? [tasks[task], ...rest] : [undefined];
}

function choicesAt(task: unknown, index: number): readonly Candidate[] {
  const args: readonly unknown[] = isTable(task) && Array.isArray(task.args) ? task.args : [];
  const last = args.at(-1);
  const argument = args[index] ?? (isTable(last) && last.many === true ? last : undefined);
  if (!isTable(argument) || !Array.isArray(argument.choices)) return [];
  const describe = typeof argument.description === 'string' ? argument.description : '';
  return argument.choices.flatMap((word: unknown) => (typeof word === 'string' ? [{ word, describe }] : []));
}

async function tablesIn(file: string): Promise<Tables> {
  const text = await readTextIfAny(file);
  const value = text === undefined ? undefined : parseToml(text, file).value;
  return isTable(value) ? value : {};
}

async function namesIn(
  file: string,
  name: NamingTable,
  describe: (value: unknown) => string,
): Promise<readonly Candidate[]> {
  const table = (await tablesIn(file))[name];
  if (!isTable(table)) return [];
  return Object.entries(table).map(([word, entry]) => ({ word, describe: describe(entry) }));
}

function describeService(service: unknown): string {
  const kind = isTable(service) ? service.use : service;
  return typeof kind === 'string' ? kind.slice(0, 80) : '';
}

function describeTask(task: unknown): string {
  const said = isTable(task) ? (task.description ?? task.run) : task;
  const first: unknown = Array.isArray(said) ? said[0] : said;
  return typeof first === 'string' ? (first.split('\n')[0] ?? '').slice(0, 80) : '';
}

function describeAlias(alias: unknown): string {
  const words: readonly unknown[] = Array.isArray(alias) ? alias : [alias];
  return words.every((word) => typeof word === 'string') ? `stands for ${words.join(' ')}`.slice(0, 80) : '';
}

async function templates({ host }: Place): Promise<readonly Candidate[]> {
  const names = await readdir(join(dirname(host.program), '..', 'templates'));
  return names
    .filter((name) => /^[a-z][a-z0-9-]*$/.test(name))
    .sort()
    .map((word) => ({ word, describe: '' }));
}
