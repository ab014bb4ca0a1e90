import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureFolder, readTextIfAny } from '../../adapters/files/fs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { environmentFolder } from '../../adapters/home/paths';
import { readTree } from '../../adapters/store/store';
import { isLeftToPerson } from '../../adapters/system/git-ignored';
import { JsonFault } from '../../domain/formats/json-document';
import { editJsonc, type JsonValue, readJsonc, same } from '../../domain/formats/jsonc';
import { nameSdk } from '../../domain/making/idea-project';
import type { RoutedToolchain } from '../../domain/routes/environment';
import type { EditorAdvice, EditorPlace, VscodeSetting } from '../../domain/runtime/editor';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { isInside } from '../project/inside';
import { findProject } from '../project/project';
import { compileFolder, decidedToolchainsOf, describeEnvironment } from '../routes/compile';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';

export const EDITORS = ['vscode', 'idea'] as const;
export type Editor = (typeof EDITORS)[number];

export interface EditorPlan {
  readonly editor: Editor;
  /** Absolute. */
  readonly file: string;
  readonly before: string | undefined;
  /** `undefined` where the file needs nothing. */
  readonly after: string | undefined;
  /** Settings of VS Code, with what becomes of them. */
  readonly settings: readonly PlannedSetting[];
  /** What a person enters by hand. */
  readonly steps: readonly string[];
}

export interface PlannedSetting {
  readonly path: readonly string[];
  readonly value: JsonValue;
  /** `left`: it holds a path of one person, and the file is shared. */
  readonly state: 'set' | 'same' | 'left';
  /** The value is one entry of a list. */
  readonly entry?: true;
}

export interface IdePlan {
  readonly directory: string;
  readonly editors: readonly EditorPlan[];
  /** Runtimes that are pinned and not installed: nothing can be said of them. */
  readonly missing: readonly string[];
}

/** Editors of which the project has a folder; VS Code where it has none. */
function editorsOf(directory: string): readonly Editor[] {
  const found = EDITORS.filter((editor) => existsSync(join(directory, FOLDERS[editor])));
  return found.length === 0 ? ['vscode'] : found;
}

const FOLDERS = { vscode: '.vscode', idea: '.idea' } as const;

/** What the folder's project needs in its editors' files. Reads only. Throws `manifest-missing`, `not-installed` and `failed`. */
export async function planIde(
  ctx: Context,
  wanted: { readonly editors?: readonly Editor[]; readonly personal: 'written' | 'left' },
): Promise<IdePlan> {
  const project = await findProject(ctx, ctx.directory);
  const broken = project.errors[0];
  if (broken !== undefined) throw broken;
  const { directory } = project;
  if (project.decisions.length === 0) {
    throw new PolyenvError('manifest-missing', `nothing is pinned in ${directory}`, { hint: 'polyenv use node@lts' });
  }
  const allDecided = await decidedToolchainsOf(ctx, project);
  const { runtimes } = await describeEnvironment(ctx, { project, allDecided, directory });
  const missing = allDecided.filter(({ toolchain }) => toolchain === undefined).map(({ runtime }) => runtime.id);
  if (runtimes.length === 0) {
    throw new PolyenvError('not-installed', `${missing.join(', ')} is pinned here and not installed`, {
      hint: 'polyenv install',
    });
  }
  const adviceFor = (editor: Editor): readonly EditorAdvice[] =>
    allDecided.flatMap((decided) => {
      const routed = runtimes.find(({ tool }) => tool === decided.runtime.id);
      const advice = routed && adviceOf(ctx, { decided, routed, editor, directory });
      return advice === undefined ? [] : [advice];
    });
  const plans: EditorPlan[] = [];
  for (const editor of wanted.editors ?? editorsOf(directory)) {
    const plan = editor === 'vscode' ? planVscode : planIdea;
    plans.push(await plan(ctx, { directory, advice: adviceFor(editor), personal: wanted.personal }));
  }
  return { directory, editors: plans, missing };
}

/** Writes the files of a plan, and the links to which they lead. Resolves to the files that were written. */
export async function applyIde(ctx: Context, { directory, editors }: IdePlan): Promise<readonly string[]> {
  await compileFolder(ctx, directory);
  const wrote: string[] = [];
  for (const { file, after } of editors) {
    if (after === undefined) continue;
    const inside = file.slice(directory.length + 1);
    if (!isInside(directory, dirname(inside)) || !isInside(directory, inside))
      throw new PolyenvError('path-refused', `${file} leads out of the project`, { where: { file } });
    await ensureFolder(dirname(file));
    await writeAtomic(file, after);
    wrote.push(file);
  }
  return wrote;
}

interface Wanting {
  readonly directory: string;
  readonly advice: readonly EditorAdvice[];
  readonly personal: 'written' | 'left';
}

async function planVscode(ctx: Context, { directory, advice, personal }: Wanting): Promise<EditorPlan> {
  const file = join(directory, '.vscode', 'settings.json');
  const before = await readTextIfAny(file);
  const path = vscodePath(ctx);
  const terminal = ['linux', 'osx'].map(
    (system): VscodeSetting => ({ path: [`terminal.integrated.env.${system}`, 'PATH'], value: path }),
  );
  const settings = [...advice.flatMap(({ vscode = [] }) => vscode), ...terminal];
  const shared = personal === 'left' && !(await isLeftToPerson(ctx.host, file));
  let text = before ?? '';
  const planned: PlannedSetting[] = [];
  try {
    for (const setting of settings) {
      const { path } = setting;
      const list = setting.entry === undefined ? {} : { entry: setting.entry };
      if (shared && setting.personal) {
        planned.push({ path, value: setting.value, state: 'left', ...list });
        continue;
      }
      const { at, value } = merged(readJsonc(text), setting);
      const after = editJsonc(text, at, value);
      planned.push({ path, value, state: after === text ? 'same' : 'set', ...list });
      text = after;
    }
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new PolyenvError('failed', `the settings of VS Code cannot be read: ${error.message}`, {
      where: { file, line: error.line, column: error.column },
      hint: 'fix that line, then run this again',
      cause: error,
    });
  }
  return {
    editor: 'vscode',
    file,
    before,
    after: text === (before ?? '') ? undefined : text,
    settings: planned,
    steps: [],
  };
}

/** Where a setting goes and what it is then, beside what already stands there. */
function merged(
  root: JsonValue,
  { path, value, entry }: VscodeSetting,
): { readonly at: readonly (string | number)[]; readonly value: JsonValue } {
  const known = path.reduce<JsonValue>((at, key) => (isObject(at) ? at[key] : undefined), root);
  if (entry && isObject(value)) {
    const list = Array.isArray(known) ? (known as readonly JsonValue[]) : [];
    const index = list.findIndex((one) => isObject(one) && one.name === value.name);
    const old = list[index];
    return {
      at: [...path, index === -1 ? list.length : index],
      value: isObject(old) && Object.entries(value).every(([key, one]) => same(old[key], one)) ? old : value,
    };
  }
  // A PATH that somebody has extended keeps the extension.
  if (path.at(-1) === 'PATH' && typeof known === 'string' && typeof value === 'string') {
    const [shims = ''] = value.split(':${env:PATH}');
    return { at: path, value: known.includes(shims) ? known : `${shims}:${known}` };
  }
  return { at: path, value };
}

async function planIdea(_: Context, { directory, advice }: Wanting): Promise<EditorPlan> {
  const file = join(directory, '.idea', 'misc.xml');
  const before = await readTextIfAny(file);
  let text = before;
  for (const { idea } of advice) {
    if (idea?.sdk === undefined) continue;
    text = nameSdk(text, idea.sdk);
    if (text === undefined) {
      throw new PolyenvError('failed', "the project's file of IntelliJ IDEA has no </project>", {
        where: { file },
        hint: 'let IDEA write it anew: close the project, delete the file',
      });
    }
  }
  return {
    editor: 'idea',
    file,
    before,
    after: text === before ? undefined : text,
    settings: [],
    steps: advice.flatMap(({ idea }) => idea?.steps ?? []),
  };
}

function adviceOf(
  ctx: Context,
  of: {
    readonly decided: DecidedToolchain;
    readonly routed: RoutedToolchain;
    readonly editor: Editor;
    readonly directory: string;
  },
): EditorAdvice | undefined {
  const { decided, routed, editor, directory } = of;
  const { runtime, toolchain } = decided;
  if (toolchain === undefined) return undefined;
  const tree = readTree(toolchain.root, toolchain.version, toolchain.platform);
  const absolute = join(environmentFolder(ctx.home, directory), runtime.id);
  const overlay = routed.overlay?.ready ? routed.overlay.path : undefined;
  const inWorkspace = (path: string): string =>
    path.startsWith(`${directory}/`) ? `\${workspaceFolder}${path.slice(directory.length)}` : path;
  const link = `/envs\${workspaceFolder}/.polyenv/${runtime.id}`;
  const common = { absolute, store: toolchain.root, path: vscodePath(ctx) };
  const at: EditorPlace =
    editor === 'vscode'
      ? {
          ...common,
          toolchain: `${vscodeHome(ctx, '${userHome}')}${link}`,
          tilde: `${vscodeHome(ctx, '~')}${link}`,
          ...(overlay !== undefined && { overlay: inWorkspace(overlay) }),
        }
      : { ...common, toolchain: absolute, tilde: absolute, ...present({ overlay }) };
  return runtime.advice?.editor?.(tree, at);
}

/** polyenv's home in the words of VS Code: the same for every person who has it at its usual place. */
function vscodeHome({ home, host }: Context, person: string): string {
  if (home.root === join(host.personHome, '.local', 'share', 'polyenv')) return `${person}/.local/share/polyenv`;
  return host.env.POLYENV_HOME ? '${env:POLYENV_HOME}' : '${env:XDG_DATA_HOME}/polyenv';
}

function vscodePath(ctx: Context): string {
  return `${vscodeHome(ctx, '${userHome}')}/shims:\${env:PATH}`;
}

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && !Array.isArray(value);
}
