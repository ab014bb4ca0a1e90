import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, realpath, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isWindowsDevice } from '../../domain/making/package-name';
import { decodeTemplate, substitute, TEMPLATE_LIMIT, type Template, type Values } from '../../domain/making/template';
import { PolyenvError } from '../../domain/words/errors';
import { meaning, orNearest } from '../../domain/words/nearest';
import { isPrintable, quoted } from '../../domain/words/printable';
import { makeFolders, removeTree } from '../files/fs';
import { errorCode, isMissing, translateFsError } from '../files/fs-errors';
import { joinInside } from '../home/paths';
import { parseToml } from './toml';

/** A template that was read and checked, with the files that it would write. */
export interface ReadTemplate {
  readonly template: Template;
  /** Absolute, without links. */
  readonly folder: string;
  readonly files: readonly TemplateFile[];
}

export interface TemplateFile {
  /** Below `files/` or the added folder, with `/`, markers not yet replaced. */
  readonly path: string;
  /** Absolute. */
  readonly source: string;
  readonly bytes: number;
  readonly mode: 0o644 | 0o755;
  /** The boolean parameters without which it is not written. Of two files of one path the one with more of them wins. */
  readonly when: readonly string[];
}

/** One file as it will be written. */
export interface PlannedFile extends TemplateFile {
  /** Relative to the project, with `/`, every marker replaced. */
  readonly target: string;
}

/** Where the built-in templates are: beside the folder of the bundle. */
export async function templatesFolder(program: string): Promise<string> {
  return join(dirname(await realpath(program)), '..', 'templates');
}

/** The templates in a folder of templates, by name. A folder without `template.toml` is none. */
export async function listTemplates(folder: string): Promise<readonly Template[]> {
  const templates: Template[] = [];
  for (const name of await templateNames(folder)) templates.push(await readDescription(join(folder, name)));
  return templates;
}

/** The built-in template of that name. Throws `usage`, naming the nearest. */
export async function findTemplate(folder: string, name: string): Promise<ReadTemplate> {
  const names = await templateNames(folder);
  if (names.includes(name)) return readTemplate(join(folder, name));
  const what = `there is no template called ${quoted(name)}`;
  const part = names.find((known) => known.split('-').includes(name));
  const otherwise = `choose from ${names.join(', ')}`;
  throw new PolyenvError('usage', what, part === undefined ? orNearest(name, names, otherwise) : meaning(name, part));
}

/**
 * Reads and checks one template, built in or a person's own folder; runs nothing. Throws `template-invalid` for a
 * symbolic link, a special file, a name that could plant something (`.git`), or more than a template holds.
 */
export async function readTemplate(folder: string): Promise<ReadTemplate> {
  const root = await realpath(folder).catch((error: unknown) => {
    throw new PolyenvError('template-invalid', `there is no template in ${folder}`, { cause: error });
  });
  const template = await readDescription(root);
  const budget = { files: MOST_FILES, bytes: MOST_BYTES };
  const files = await readFiles(root, { folder: 'files', when: [] }, budget);
  if (files.length === 0) throw new PolyenvError('template-invalid', `${root} has no folder files/ with files in it`);
  for (const layer of await layersOf(root, template)) files.push(...(await readFiles(root, layer, budget)));
  return { template, folder: root, files };
}

/** A folder of files, and the boolean parameters that all must be true for them. */
interface Layer {
  readonly folder: string;
  readonly when: readonly string[];
}

/** What each parameter adds; for two that change the same files also what both add together, in a folder of both names: `with-java-with-postgres`. */
async function layersOf(root: string, { parameters }: Template): Promise<readonly Layer[]> {
  const single = parameters.flatMap(({ adds, name }) => (adds === undefined ? [] : [{ folder: adds, when: [name] }]));
  const both = single.flatMap((first, index) =>
    single.slice(index + 1).map((second) => ({
      folder: `${first.folder}-${second.folder}`,
      when: [...first.when, ...second.when],
    })),
  );
  const there = await Promise.all(both.map(({ folder }) => lstat(join(root, folder)).then(() => true, isNoFolder)));
  return [...single, ...both.filter((_, index) => there[index])];
}

function isNoFolder(error: unknown): boolean {
  if (isMissing(error)) return false;
  throw error;
}

/** What would be written with these values, by path. Throws `template-invalid` where two files meet or a path leaves the project. */
export async function planFiles(read: ReadTemplate, values: Values): Promise<readonly PlannedFile[]> {
  const planned = new Map<string, PlannedFile>();
  const chosen = read.files.filter(({ when }) => when.every((name) => values.get(name) === 'true'));
  // The most special first: what comes later for the same path is what it stands in for.
  for (const file of chosen.toSorted((a, b) => b.when.length - a.when.length)) {
    const target = substitute(file.path, values);
    refusePath(target, file.source);
    const key = target.toLowerCase();
    const other = planned.get(key);
    if (other !== undefined && (other.target !== target || other.when.length === file.when.length)) {
      throw new PolyenvError('template-invalid', `two files of the template would be ${quoted(target)}`, {
        where: { file: file.source },
      });
    }
    if (other === undefined) planned.set(key, { ...file, target });
  }
  const files = [...planned.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
  await refuseTaken(read.template, files, values);
  return files;
}

/**
 * Writes the project: all of it, or nothing. A folder that does not exist appears by one rename; into one that exists
 * and is empty (it may be somebody's working folder) the finished files are moved. `undo` takes everything back.
 */
export async function writeProject(options: {
  readonly files: readonly PlannedFile[];
  readonly values: Values;
  /** Absolute. */
  readonly target: string;
  readonly signal?: AbortSignal;
}): Promise<{ undo(): Promise<void> }> {
  const { target } = options;
  const exists = await isEmptyFolder(target);
  const made = exists ? undefined : await makeFolders(dirname(target)).catch((error) => refuseTarget(target, error));
  const unique = `.polyenv-new-${randomBytes(6).toString('hex')}`;
  const staging = exists ? join(target, unique) : join(dirname(target), unique);
  const undo = async () => {
    if (exists) await removeContent(target);
    else await removeTree(target);
    if (made !== undefined) await removeEmptyFolders(dirname(target), made);
  };
  try {
    await mkdir(staging);
    for (const file of options.files) {
      options.signal?.throwIfAborted();
      await writeFileOf(staging, file, options.values);
    }
    options.signal?.throwIfAborted();
    if (!exists) {
      await rename(staging, target);
      return { undo };
    }
    for (const name of await readdir(staging)) await rename(join(staging, name), join(target, name));
    await rmdir(staging);
    return { undo };
  } catch (error) {
    await removeTree(staging);
    // Until the rename a missing target is not ours; an existing one was empty, so all in it is.
    if (exists) await removeContent(target);
    if (made !== undefined) await removeEmptyFolders(dirname(target), made);
    throw translateFsError(error, target) ?? error;
  }
}

function refuseTarget(target: string, error: unknown): never {
  throw (
    translateFsError(error, target) ??
    new PolyenvError('usage', `${target} cannot be made (${errorCode(error)})`, {
      hint: 'name another folder',
      cause: error,
    })
  );
}

const DESCRIPTION = 'template.toml';
const MOST_FILES = 2000;
const MOST_BYTES = 32 * 1024 * 1024;

async function templateNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && /^[a-z][a-z0-9-]*$/.test(entry.name));
  const known: string[] = [];
  for (const { name } of names) {
    if (await fileExists(join(folder, name, DESCRIPTION))) known.push(name);
  }
  return known.sort();
}

async function readDescription(folder: string): Promise<Template> {
  const file = join(folder, DESCRIPTION);
  const facts = await lstat(file).catch((error: unknown) => {
    throw new PolyenvError('template-invalid', `${folder} is no template: it has no ${DESCRIPTION}`, { cause: error });
  });
  if (!facts.isFile() || facts.size > TEMPLATE_LIMIT) {
    throw new PolyenvError(
      'template-invalid',
      `${DESCRIPTION} must be a plain file of at most ${TEMPLATE_LIMIT} bytes`,
      {
        where: { file },
      },
    );
  }
  const text = await readFile(file, 'utf8');
  return decodeTemplate(basename(folder), parseToml(text, file, { code: 'template-invalid' }));
}

async function readFiles(
  root: string,
  { folder: part, when }: Layer,
  budget: { files: number; bytes: number },
): Promise<TemplateFile[]> {
  const found: TemplateFile[] = [];
  const visit = async (folder: string, inside: string): Promise<void> => {
    for (const name of (await readdir(folder)).sort()) {
      const source = join(folder, name);
      const path = inside === '' ? name : `${inside}/${name}`;
      const facts = await lstat(source);
      if (facts.isDirectory()) {
        refuseComponent(name, source);
        await visit(source, path);
        continue;
      }
      if (!facts.isFile()) {
        const what = facts.isSymbolicLink() ? 'a symbolic link' : 'neither a file nor a folder';
        throw new PolyenvError('template-invalid', `${quoted(path)} is ${what}, which no template may hold`, {
          where: { file: source },
        });
      }
      refuseComponent(name, source);
      budget.files -= 1;
      budget.bytes -= facts.size;
      if (budget.files < 0 || budget.bytes < 0) {
        throw new PolyenvError(
          'template-invalid',
          `${root} holds more than ${MOST_FILES} files or ${MOST_BYTES / 1024 / 1024} MiB`,
        );
      }
      found.push({ path, source, bytes: facts.size, mode: facts.mode & 0o111 ? 0o755 : 0o644, when });
    }
  };
  const start = join(root, part);
  const facts = await lstat(start).catch(() => undefined);
  if (facts === undefined || !facts.isDirectory()) {
    throw new PolyenvError('template-invalid', `${root} has no folder ${part}/`);
  }
  await visit(start, '');
  return found;
}

/** A lock cannot hold the project's name twice, so a name that a dependency has already is refused before it fails there. */
async function refuseTaken(template: Template, files: readonly PlannedFile[], values: Values): Promise<void> {
  for (const { name, distinct } of template.parameters) {
    const value = values.get(name);
    if (value === undefined) continue;
    for (const path of distinct) {
      const file = files.find((known) => known.path === path);
      if (file === undefined || !(await readFile(file.source, 'utf8')).includes(`"${value}"`)) continue;
      throw new PolyenvError('usage', `${name} cannot be ${quoted(value)}: a dependency in ${path} has that name`, {
        hint: `choose another: polyenv new ${template.name} --set ${name}=VALUE`,
      });
    }
  }
}

function refusePath(path: string, source: string): void {
  for (const part of path.split('/')) refuseComponent(part, source);
}

/** Names that would leave the project, mean something else elsewhere, or run at git's next command (`.git/hooks`). */
function refuseComponent(name: string, source: string): void {
  const bad =
    name === '' ||
    name === '.' ||
    name === '..' ||
    name.length > 200 ||
    /[\\/:*?"<>|]/.test(name) ||
    /[. ]$/.test(name) ||
    !isPrintable(name) ||
    /^(?:\.git|git~\d+)$/i.test(name) ||
    isWindowsDevice(name);
  if (!bad) return;
  throw new PolyenvError('template-invalid', `a template may not hold a file or folder called ${quoted(name)}`, {
    where: { file: source },
  });
}

async function writeFileOf(staging: string, file: PlannedFile, values: Values): Promise<void> {
  const path = joinInside(staging, ...file.target.split('/'));
  await makeFolders(dirname(path));
  const content = await readFile(file.source);
  const text = textOf(content);
  await writeFile(path, text === undefined ? content : substitute(text, values), { mode: file.mode, flag: 'wx' });
}

/** The content as text if it is UTF-8 without NUL, byte for byte; else it is copied as it is. */
function textOf(content: Buffer): string | undefined {
  if (content.includes(0)) return undefined;
  const text = content.toString('utf8');
  return Buffer.from(text, 'utf8').equals(content) ? text : undefined;
}

/** True for an existing empty folder, false where there is nothing. Throws `usage` for anything else. */
async function isEmptyFolder(target: string): Promise<boolean> {
  const facts = await stat(target).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw translateFsError(error, target) ?? error;
  });
  if (facts === undefined) {
    const link = await lstat(target).catch(() => undefined);
    if (link === undefined) return false;
    throw new PolyenvError('usage', `${target} is a link that leads nowhere`, { hint: 'name another folder' });
  }
  if (!facts.isDirectory()) {
    throw new PolyenvError('usage', `${target} is a file`, { hint: 'name a folder that does not exist yet' });
  }
  const [first] = await readdir(target);
  if (first === undefined) return true;
  throw new PolyenvError('usage', `${target} is not empty: it has ${quoted(first)}`, {
    hint: 'name a folder that does not exist yet, or an empty one',
  });
}

async function removeContent(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await removeTree(join(folder, name));
}

/** Removes `folder` and the ones above it down from `first`, which we made, while they are empty. */
async function removeEmptyFolders(folder: string, first: string): Promise<void> {
  for (let current = folder; current.length >= first.length; current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return;
    }
  }
}

async function fileExists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() ?? false;
}
