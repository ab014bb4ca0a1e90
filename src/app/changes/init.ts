import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { readDocumentText } from '../../adapters/documents/documents';
import { newManifest, type TomlEdit } from '../../adapters/documents/toml-edit';
import type { TomlValue } from '../../adapters/documents/toml-text';
import { type ListedFolder, walkProjects } from '../../adapters/files/project-folders';
import { pinFilesOf } from '../../domain/pins/files/of-runtime';
import { decide, type Saying, understand, type Verdict } from '../../domain/pins/precedence';
import { suggestLine } from '../../domain/pins/suggestion';
import type { Evidence } from '../../domain/runtime/advice';
import type { Runtime } from '../../domain/runtime/runtime';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { isDependency } from '../project/dependency-folders';
import { findProject, type Project } from '../project/project';
import { type ProposedService, servicesNamed } from '../project/service-evidence';
import { keptLifecycle } from '../toolchains/lifecycles';
import { changeFolder } from './change-folder';
import { manifestValue } from './use';

/** One line of a manifest that is proposed. */
export interface ProposedPin {
  readonly tool: string;
  readonly request: ToolRequest;
  readonly why: string;
  /** Absolute, with the line where one says it. */
  readonly file: string;
  readonly line: number;
}

export interface Proposal {
  /** `polyenv.toml`, absolute. */
  readonly manifest: string;
  readonly pins: readonly ProposedPin[];
  /** Servers that its files name. */
  readonly services: readonly ProposedService[];
  /** What the person should know before taking it. */
  readonly notes: readonly string[];
  /** The whole file. */
  readonly text: string;
}

/** Levels below the folder in which sources and lock files are looked for, and folders at most. */
const LOOK = { depth: 3, most: 2000 };

/**
 * The manifest that says what the folder already says, and for runtimes that its files only show, a supported line.
 * Reads only. Throws `manifest-exists`, and `manifest-missing` where nothing tells what the project needs.
 */
export async function proposeManifest(ctx: Context, folder: string): Promise<Proposal> {
  const manifest = join(folder, 'polyenv.toml');
  if (existsSync(manifest)) throw manifestExists(manifest);
  const runtimes = await loadRuntimes();
  const project = await findProject(ctx, folder);
  const { folders } = walkProjects(folder, { ...LOOK, isDependency: (path) => isDependency(ctx, path) });
  const parts = await Promise.all(runtimes.map((runtime) => proposePin(ctx, runtime, { folder, folders, project })));
  const pins = parts.flatMap(({ pin }) => (pin === undefined ? [] : [pin]));
  const notes = parts.flatMap((part) => part.notes);
  const services = await withVersions(ctx, runtimes, servicesNamed(folder, folders, runtimes));
  if (pins.length === 0 && services.length === 0) {
    const fault = parts.find((part) => part.fault !== undefined)?.fault;
    if (fault !== undefined) throw fault;
    throw new PolyenvError('manifest-missing', notes[0] ?? 'no file here tells which runtimes the project needs', {
      where: { file: folder },
      hint: notes.length > 0 ? 'polyenv install --all' : 'polyenv use node@lts, or another runtime',
    });
  }
  const text = newManifest([
    ...pins.map(
      ({ tool, request }): TomlEdit => ({
        keys: ['runtimes', tool],
        value: manifestValue(runtimes.find(({ id }) => id === tool) as Runtime, request),
      }),
    ),
    ...services.map((service): TomlEdit => ({ keys: ['services', service.name], value: serviceValue(service) })),
  ]);
  return { manifest, pins, services, notes, text };
}

/** How a manifest says a service that was found. */
export function serviceValue({ kind, version, databases }: ProposedService): TomlValue {
  const use = version === undefined ? kind : `${kind}@${version}`;
  return databases.length === 0 ? use : { use, databases };
}

/** Where no file says a version, the newest line with support. */
async function withVersions(
  ctx: Context,
  runtimes: readonly Runtime[],
  services: readonly ProposedService[],
): Promise<readonly ProposedService[]> {
  return Promise.all(
    services.map(async (service) => {
      const runtime = runtimes.find(({ id }) => id === service.kind);
      if (service.version !== undefined || runtime === undefined) return service;
      const dated = { scheme: runtime.scheme, lifecycle: await keptLifecycle(ctx, runtime, undefined) };
      const version = suggestLine(dated, [], ctx.host.now().toISOString().slice(0, 10));
      return { ...service, ...present({ version }) };
    }),
  );
}

/** Throws `manifest-exists` where somebody made one since. */
export async function applyProposal(ctx: Context, { manifest, text }: Proposal): Promise<void> {
  const folder = dirname(manifest);
  await changeFolder(ctx, { folder, verb: 'init', routes: 'compile' }, async (view) => {
    if ((await view.text(manifest)) !== undefined) throw manifestExists(manifest);
    return { files: [{ folder, path: manifest, text }], result: undefined };
  });
}

function manifestExists(manifest: string): PolyenvError {
  return new PolyenvError('manifest-exists', 'this folder has a manifest already', {
    where: { file: manifest },
    hint: 'polyenv use TOOL@VERSION to change it, polyenv sync to write it back',
  });
}

interface Surroundings {
  readonly folder: string;
  readonly folders: readonly ListedFolder[];
  readonly project: Project;
}

interface Part {
  readonly pin?: ProposedPin;
  /** Of the file that would have decided. */
  readonly fault?: PolyenvError;
  readonly notes: readonly string[];
}

async function proposePin(ctx: Context, runtime: Runtime, around: Surroundings): Promise<Part> {
  const { folder, folders, project } = around;
  const verdict = ownVerdict(runtime, around);
  const below = pinnedBelow(runtime, folder, folders);
  const notes = [
    ...(verdict.chosen?.fault === undefined ? [] : [`${verdict.chosen.fault.message} (${placeOf(verdict.chosen)})`]),
    ...verdict.disagreements.map(
      (other) => `${placeOf(other)} asks for ${runtime.id} ${other.requests[0]}, which polyenv sync would change`,
    ),
    ...verdict.warnings,
    ...below.map((path) => `${relative(folder, path)} pins ${runtime.id} for its own folder, and goes on doing so`),
  ];
  const { chosen, request } = verdict;
  if (chosen?.strength === 'pin') {
    if (chosen.fault !== undefined) return { notes, fault: chosen.fault };
    if (request === undefined || request.version.kind === 'system') return { notes };
    const { file, line = 1 } = chosen;
    return { pin: { tool: runtime.id, request: plain(runtime, request), why: 'pins it', file, line }, notes };
  }
  const above = project.decisions.find((one) => one.tool === runtime.id && one.from.kind === 'file');
  if (above !== undefined && above.folder !== folder) return { notes };
  const bare = verdict.alternatives.find(
    ({ saying }) => saying.requests.length === 0 && saying.fault === undefined,
  )?.saying;
  const shown =
    chosen !== undefined
      ? undefined
      : bare === undefined
        ? await evidenceOf(ctx, runtime, around)
        : { file: bare.file, line: bare.line ?? 1, what: 'names no version', floors: [] };
  if (chosen === undefined && shown === undefined) return { notes };
  const floors = chosen === undefined ? (shown?.floors ?? []) : [chosen, ...verdict.floors];
  const lifecycle = await keptLifecycle(ctx, runtime, undefined);
  const dated = { scheme: runtime.scheme, lifecycle };
  const line = suggestLine(dated, floors, ctx.host.now().toISOString().slice(0, 10));
  const text = line ?? (chosen === undefined ? 'latest' : (chosen.requests[0] ?? 'latest'));
  const place = chosen === undefined ? shown : { file: chosen.file, line: chosen.line ?? 1 };
  return {
    pin: {
      tool: runtime.id,
      request: understand(runtime, { text, options: verdict.request?.options ?? bare?.options ?? {} }),
      why: `${chosen === undefined ? shown?.what : `wants ${chosen.requests[0]}${chosen.atLeast ? ' or newer' : ''}`}; ${line === undefined ? 'no line of releases is known to fit better' : `${text} is the line that fits and still has support`}`,
      file: place?.file ?? folder,
      line: place?.line ?? 1,
    },
    notes,
  };
}

/** What the folder's own version files come to, without anybody's manifest. */
function ownVerdict(runtime: Runtime, { folder, project }: Surroundings): Verdict {
  const verdict = project.verdicts.find(({ tool }) => tool === runtime.id);
  const all = verdict === undefined ? [] : [verdict.chosen, ...verdict.alternatives.map(({ saying }) => saying)];
  const own = all.filter((saying) => saying !== undefined && saying.folder === folder && saying.kind !== 'manifest');
  const order = pinFilesOf(runtime).map(({ file }) => join(folder, file));
  const sayings = (own as Saying[]).sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file));
  return decide(runtime, sayings);
}

/** The request without decoration where that means the same: `temurin-21.0.5` for `21.0.5-tem`, `20.11.0` for `v20.11.0`. */
function plain(runtime: Runtime, request: ToolRequest): ToolRequest {
  const { version, vendor } = request;
  const bare =
    version.kind === 'exact' ? version.version : version.kind === 'prefix' ? version.numbers.join('.') : undefined;
  if (bare === undefined || request.variant !== undefined) return request;
  const text = vendor === undefined ? bare : `${vendor}-${bare}`;
  const again = understand(runtime, { text, options: request.options });
  const same = JSON.stringify([again.version, again.vendor]) === JSON.stringify([version, vendor]);
  return same ? again : request;
}

/** Files below the folder that pin the runtime there. */
function pinnedBelow(runtime: Runtime, folder: string, folders: readonly ListedFolder[]): readonly string[] {
  const names = pinFilesOf(runtime)
    .slice(0, runtime.pins.length)
    .filter(({ strength, write }) => strength === undefined && write !== undefined)
    .map(({ file }) => file);
  return folders
    .filter(({ path }) => path !== folder)
    .flatMap(({ path, files }) => {
      const found = names.find((name) => files.includes(name) && NAMES_ONLY.test(name));
      return found === undefined ? [] : [join(path, found)];
    });
}

/** Files that hold nothing but a version. Others pin only sometimes, and would have to be read first. */
const NAMES_ONLY = /^\.|^rust-toolchain|^runtime\.txt$/;

interface Shown {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly floors: readonly Saying[];
}

/**
 * The file that best shows the runtime, the nearest to the top first. Folders that have a manifest of their own do
 * not count.
 */
async function evidenceOf(
  ctx: Context,
  runtime: Runtime,
  { folder, folders }: Surroundings,
): Promise<Shown | undefined> {
  for (const { path, files } of folders) {
    for (const evidence of runtime.advice?.evidence ?? []) {
      const name = files.find((one) => matchesGlob(evidence.file, one));
      if (name === undefined) continue;
      if (path !== folder && (await decidesItself(ctx, runtime, path))) break;
      const file = join(path, name);
      const floor = floorIn(runtime, evidence, file);
      return { file, line: floor?.line ?? 1, what: evidence.describe, floors: floor === undefined ? [] : [floor] };
    }
  }
  return undefined;
}

async function decidesItself(ctx: Context, runtime: Runtime, path: string): Promise<boolean> {
  const { verdicts } = await findProject(ctx, path);
  return verdicts.some(({ tool, chosen }) => tool === runtime.id && chosen?.strength === 'pin');
}

function floorIn(runtime: Runtime, { range }: Evidence, file: string): Saying | undefined {
  if (range === undefined) return undefined;
  try {
    const text = readDocumentText(file) ?? '';
    const found = range.exec(text);
    if (found?.[1] === undefined) return undefined;
    const request = understand(runtime, { text: found[1], options: {} });
    const line = text.slice(0, found.index).split('\n').length;
    return {
      file,
      folder: join(file, '..'),
      kind: 'own',
      strength: 'floor',
      line,
      requests: [found[1]],
      options: {},
      atLeast: false,
      request,
    };
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

function matchesGlob(glob: string, name: string): boolean {
  const [front = '', back] = glob.split('*');
  return back === undefined
    ? name === front
    : name.length >= glob.length - 1 && name.startsWith(front) && name.endsWith(back);
}

function placeOf({ file, line }: Pick<Saying, 'file' | 'line'>): string {
  return line === undefined ? file : `${file}:${line}`;
}
