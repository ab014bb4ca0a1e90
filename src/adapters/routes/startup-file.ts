import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { ensureFolder, readTextIfAny, removeTree } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface StartupFile {
  readonly shell: Shell;
  readonly file: string;
  /** The lines that polyenv puts there. */
  readonly lines: string;
}

/** The shell of that name or path, if it is one that polyenv supports. */
export function findShell(name: string | undefined): Shell | undefined {
  const base = baseOf(name);
  return SHELLS.find((shell) => shell === base);
}

/** Throws `shell-unknown`, naming the supported ones. */
export function shellNamed(name: string | undefined): Shell {
  const found = findShell(name);
  if (found !== undefined) return found;
  const base = baseOf(name);
  throw new PolyenvError(
    'shell-unknown',
    base === undefined || base === ''
      ? 'your shell is not known: SHELL is not set'
      : `${JSON.stringify(base)} is no shell that polyenv supports`,
    {
      hint: `one of: ${SHELLS.join(', ')}`,
    },
  );
}

function baseOf(name: string | undefined): string | undefined {
  return name?.split('/').pop()?.replace(/^-/, '');
}

/** What a shell that polyenv does not know, or nobody knows, is told to do: POSIX sh reads it. */
export function pathLine(home: Home): string {
  return `export PATH=${quote(home.shims)}:"$PATH"`;
}

/** The file that the shell reads at the start of every interactive session, and what belongs in it. */
export function startupFile(
  host: Host,
  home: Home,
  options: { readonly shell: Shell; readonly activate: 'activate' | 'shims' },
): StartupFile {
  const { shell, activate } = options;
  const { personHome, env } = host;
  if (shell === 'fish') {
    const config = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(personHome, '.config');
    return { shell, file: join(config, 'fish', 'conf.d', 'polyenv.fish'), lines: block(fishLines(home, activate)) };
  }
  const lines = block(shLines(home, shell, activate));
  if (shell === 'zsh')
    return { shell, file: join(env.ZDOTDIR?.startsWith('/') ? env.ZDOTDIR : personHome, '.zshrc'), lines };
  // macOS starts bash as a login shell, which does not read .bashrc.
  const login =
    host.os === 'darwin'
      ? ['.bash_profile', '.profile'].map((name) => join(personHome, name)).find(existsSync)
      : undefined;
  return { shell, file: login ?? join(personHome, host.os === 'darwin' ? '.bash_profile' : '.bashrc'), lines };
}

export async function isSetUp(startup: StartupFile): Promise<boolean> {
  return hasLines((await readTextIfAny(startup.file)) ?? '', startup);
}

/** Appends polyenv's lines, or replaces earlier ones of its own. Returns whether the file changed. */
export async function addLines(startup: StartupFile): Promise<boolean> {
  const before = (await readTextIfAny(startup.file)) ?? '';
  if (hasLines(before, startup)) return false;
  const rest = withoutBlock(before);
  const finished = rest === '' || rest.endsWith('\n');
  await ensureFolder(dirname(startup.file));
  await writeAtomic(
    startup.file,
    finished ? rest + startup.lines : `${rest}\n${startup.lines.replace(OPEN, OPEN_AFTER)}`,
  );
  return true;
}

/** Whether the file has lines that `removeLines` would take out. */
export async function holdsLines({ file }: StartupFile): Promise<boolean> {
  const text = await readTextIfAny(file);
  return text !== undefined && withoutBlock(text) !== text;
}

/** Takes exactly polyenv's lines away; a file that held nothing else goes too. Returns whether there were any. */
export async function removeLines(startup: StartupFile): Promise<boolean> {
  const before = await readTextIfAny(startup.file);
  if (before === undefined) return false;
  const after = withoutBlock(before);
  if (after === before) return false;
  if (after === '') await removeTree(startup.file);
  else await writeAtomic(startup.file, after);
  return true;
}

function hasLines(text: string, { lines }: StartupFile): boolean {
  return text.includes(lines) || text.includes(lines.replace(OPEN, OPEN_AFTER));
}

const OPEN = '# >>> polyenv >>>';
/** Says that the line end before it is polyenv's own: the file did not end with one. */
const OPEN_AFTER = '# >>> polyenv (after an unfinished line) >>>';
const CLOSE = '# <<< polyenv <<<';

function block(lines: readonly string[]): string {
  return `${[OPEN, ...lines, CLOSE].join('\n')}\n`;
}

function withoutBlock(text: string): string {
  for (const open of [`\n${OPEN_AFTER}`, OPEN]) {
    const start = text.indexOf(`${open}\n`);
    const end = text.indexOf(CLOSE, start);
    if (start === -1 || end === -1) continue;
    return text.slice(0, start) + text.slice(end + CLOSE.length).replace(/^\n/, '');
  }
  return text;
}

function shLines(home: Home, shell: Shell, activate: 'activate' | 'shims'): readonly string[] {
  const path = pathLine(home);
  return activate === 'activate' ? [path, `eval "$(${quote(join(home.bin, 'polyenv'))} activate ${shell})"`] : [path];
}

function fishLines(home: Home, activate: 'activate' | 'shims'): readonly string[] {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const path = `set -gx PATH ${quoted(home.shims)} $PATH`;
  return activate === 'activate' ? [path, `${quoted(join(home.bin, 'polyenv'))} activate fish | source`] : [path];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
