import { loadRuntimes } from '../app/base/registry';
import type { Runtime } from '../domain/runtime/runtime';
import { PolyenvError } from '../domain/words/errors';
import { quoteSh } from '../domain/words/shell-quote';

/** Verbs of other version managers and package managers, as polyenv says them. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  list: ['ls'],
  'list-installed': ['ls'],
  installed: ['ls'],
  versions: ['ls'],
  toolchain: ['ls'],
  'list-remote': ['ls-remote'],
  'list-all': ['ls-remote'],
  'ls-all': ['ls-remote'],
  'list-available': ['ls-remote'],
  available: ['ls-remote'],
  remote: ['ls-remote'],
  search: ['ls-remote'],
  add: ['use'],
  pin: ['use'],
  local: ['use'],
  set: ['use'],
  default: ['use', '--default'],
  global: ['use', '--default'],
  update: ['upgrade'],
  rm: ['remove'],
  delete: ['remove'],
  del: ['remove'],
  unuse: ['remove'],
  unpin: ['remove'],
  unset: ['remove'],
  i: ['install'],
  ci: ['install', '--frozen'],
  frozen: ['install', '--frozen'],
  clean: ['prune'],
  cleanup: ['prune'],
  gc: ['prune'],
  config: ['settings'],
  task: ['run'],
  'run-script': ['run'],
  whence: ['which'],
  why: ['which', '--why'],
  rehash: ['reshim'],
  create: ['new'],
  man: ['help'],
};

/** Of other managers, where the same word means something else than here. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  ...VERBS,
  use: ['use'],
  shell: ['shell'],
  install: ['install'],
  ls: ['ls'],
  exec: ['exec'],
  run: ['exec'],
  current: ['current'],
  which: ['which'],
  where: ['where'],
  uninstall: ['uninstall'],
  outdated: ['outdated'],
  upgrade: ['upgrade'],
  doctor: ['doctor'],
  env: ['env'],
  init: ['setup'],
  setup: ['setup'],
  'alias default': ['use', '--default'],
  'self update': ['self', 'update'],
  reshim: ['reshim'],
};

/** How some managers are called on the command line, where that is not their name. */
const CALLED: Readonly<Record<string, string>> = { sdk: 'SDKMAN', rtx: 'mise' };
/** Discovered toolchains that no version manager keeps. */
const NO_MANAGERS = ['system', 'macos', 'java_home', 'intellij', 'gradle', 'homebrew', 'go.dev'];

/**
 * What a verb that polyenv has not would be here, for people who come from elsewhere: the words to run in its place, or
 * `undefined`. Throws `usage` with the right command where what was typed is no command of polyenv at all.
 */
export async function understand(verb: string, rest: readonly string[]): Promise<readonly string[] | undefined> {
  if (verb === 'version' && rest.every((word) => word.startsWith('-'))) return ['--version'];
  if (verb === 'self-update' || verb === 'selfupdate') return ['self', 'update', ...rest];
  const same = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (same !== undefined) return [...same, ...rest];
  const runtimes = await loadRuntimes();
  const [name = '', request] = splitOnce(verb);
  const runtime = runtimes.find(({ id, aliases }) => id === name || aliases?.includes(name));
  const managed = managedBy(runtimes, verb);
  // uv is a tool of its own here, and elsewhere what installs Python.
  const names = runtimes.some(({ id, aliases }) => id === rest[0] || aliases?.includes(rest[0] ?? ''));
  if (runtime !== undefined && (managed === undefined || !names)) return ofRuntime(runtime, request, rest);
  if (managed !== undefined) throw answer(verb, ofManager(managed, rest));
  return undefined;
}

/** `polyenv node --version` runs it; `polyenv node 20` and the like are answered. */
function ofRuntime(runtime: Runtime, request: string | undefined, rest: readonly string[]): readonly string[] {
  const { id, probe } = runtime;
  if (request !== undefined) {
    throw answer(
      `${id}@${request}`,
      rest.length === 0 ? ['use', `${id}@${request}`] : ['exec', `${id}@${request}`, '--', ...rest],
    );
  }
  if (rest.length === 1 && ['--version', '-V', '-v', 'version', '-version'].includes(rest[0] ?? ''))
    return ['exec', '--', probe.command, ...probe.args];
  if (rest.length === 0) throw answer(id, ['current', id]);
  const verb = ELSEWHERE[rest[0] ?? ''];
  if (verb !== undefined) throw answer(id, [...verb, ...withRuntime(id, rest.slice(1))]);
  if (rest.length === 1 && looksLikeVersion(rest[0])) throw answer(id, ['use', `${id}@${rest[0]}`]);
  throw answer(id, ['exec', '--', probe.command, ...rest]);
}

/** `nvm use 20` as `use node@20`; a manager of several runtimes names the runtime itself. */
function ofManager(runtimes: readonly Runtime[], words: readonly string[]): readonly string[] {
  const isRuntime = (word: string | undefined): Runtime | undefined =>
    runtimes.find(({ id, aliases }) => word === id || (word !== undefined && aliases?.includes(word)));
  // `uv python install 3.12`, `rustup toolchain install 1.88`
  const first = isRuntime(words[0]) ?? (words[0] === 'toolchain' && words.length > 1 ? runtimes[0] : undefined);
  const rest = first === undefined ? words : words.slice(1);
  const only = first ?? (runtimes.length === 1 ? runtimes[0] : undefined);
  const pair = ELSEWHERE[`${rest[0]} ${rest[1]}`];
  const verb = pair ?? ELSEWHERE[rest[0] ?? ''];
  const args = rest.slice(pair === undefined ? 1 : 2);
  if (verb === undefined) {
    const bare = rest.length === 1 && looksLikeVersion(rest[0]) ? rest[0] : undefined;
    return bare !== undefined && only !== undefined ? ['use', `${only.id}@${bare}`] : ['help'];
  }
  const flags: Readonly<Record<string, string>> = { '--lts': 'lts', '--latest': 'latest', '--stable': 'stable' };
  const plain = args.map((word) => flags[word] ?? word).filter((word) => !word.startsWith('-'));
  return [...verb, ...(only === undefined ? joinPairs(plain, isRuntime) : withRuntime(only.id, plain))];
}

function withRuntime(id: string, args: readonly string[]): readonly string[] {
  return args.map((word) => (looksLikeVersion(word) ? `${id}@${word}` : word));
}

function joinPairs(words: readonly string[], isRuntime: (word: string) => Runtime | undefined): readonly string[] {
  const result: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const [word = '', next] = [words[index], words[index + 1]];
    const runtime = isRuntime(word);
    if (runtime === undefined) result.push(word);
    else if (!looksLikeVersion(next)) result.push(runtime.id);
    else {
      result.push(`${runtime.id}@${next}`);
      index++;
    }
  }
  return result;
}

/** The runtimes that a manager of that name keeps, as each runtime says where to look for its toolchains. */
function managedBy(runtimes: readonly Runtime[], word: string): readonly Runtime[] | undefined {
  const name = (CALLED[word] ?? word).toLowerCase();
  if (NO_MANAGERS.includes(name)) return undefined;
  const found = runtimes.filter(({ discover = [] }) => discover.some(({ manager }) => manager.toLowerCase() === name));
  return found.length === 0 ? undefined : found;
}

function looksLikeVersion(word: string | undefined): word is string {
  return (
    word !== undefined && /^(?:v?\d[\w.+-]*|lts(?:\/[\w*-]+)?|latest|stable|nightly|beta|system|current)$/.test(word)
  );
}

function splitOnce(verb: string): readonly [string, string?] {
  const at = verb.indexOf('@');
  return at === -1 ? [verb] : [verb.slice(0, at), verb.slice(at + 1)];
}

function answer(typed: string, words: readonly string[]): PolyenvError {
  return new PolyenvError('usage', `polyenv has no command ${JSON.stringify(typed)}`, {
    hint: ['polyenv', ...words.map((word) => (/^--?[a-z-]*$/.test(word) ? word : quoteSh(word)))].join(' '),
  });
}
