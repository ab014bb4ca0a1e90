import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { documentOf, openDocument, reachOf, repositoryOf } from '../../adapters/documents/documents';
import { readTextIfAny } from '../../adapters/files/fs';
import { pinFilesOf } from '../../domain/pins/files/of-runtime';
import { agrees, isAnswered, type Meaning } from '../../domain/pins/pin-agreement';
import { understand } from '../../domain/pins/precedence';
import type { Document, Pin, PinFile, Runtime } from '../../domain/runtime/runtime';
import type { ToolRequest } from '../../domain/versions/request';
import { vendorsOf } from '../../domain/versions/vendors';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { resolveKnown } from '../toolchains/resolve';
import { changeFolder } from './change-folder';
import { FolderView } from './folder-view';

/** One line of a version file beside the manifest. */
export interface Synced {
  readonly tool: string;
  /** Absolute. */
  readonly file: string;
  readonly line: number;
  /** `same`: it agrees. `changed`: it is, or would be, rewritten. `refused`: nobody but the person can. */
  readonly state: 'same' | 'changed' | 'refused';
  /** The line as it stands, without blanks around it. */
  readonly before: string;
  readonly after?: string;
  /** Why it is refused, and what to write by hand. */
  readonly why?: string;
}

export interface SyncPlan {
  /** `polyenv.toml`, absolute. */
  readonly manifest: string;
  readonly lines: readonly Synced[];
  /** Whole files as they will be, a byte order mark included, by their paths. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * What has to change in the version files beside the folder's `polyenv.toml`, so that who reads them gets what it pins.
 * Floors and ranges, and files further up or down, are left alone. Throws `manifest-missing`.
 */
export function planSync(ctx: Context, directory: string): Promise<SyncPlan> {
  return planFrom(ctx, new FolderView(ctx), directory);
}

/** Writes what `planSync` says, each file as a whole. */
export async function sync(ctx: Context, directory: string): Promise<SyncPlan> {
  const { result } = await changeFolder(ctx, { folder: directory, verb: 'sync', routes: 'compile' }, async (view) => {
    const plan = await planFrom(ctx, view, directory);
    const folder = dirname(plan.manifest);
    return { files: [...plan.texts].map(([path, text]) => ({ folder, path, text })), result: plan };
  });
  return result;
}

async function planFrom(ctx: Context, view: FolderView, directory: string): Promise<SyncPlan> {
  const { manifests } = await view.project(directory);
  const folder = manifests[0] === undefined ? directory : dirname(manifests[0].path);
  const read = await view.manifest(folder, 'polyenv.toml');
  if (read === undefined) {
    throw new PolyenvError('manifest-missing', `there is no polyenv.toml in ${folder}`, {
      where: { file: folder },
      hint: 'polyenv init',
    });
  }
  const runtimes = await loadRuntimes();
  const { lock } = await view.lock(folder);
  const files = new Files(folder, ctx.host.personHome);
  const lines: Synced[] = [];
  for (const { tool, version, vendor, options } of read.manifest.runtimes) {
    const runtime = runtimes.find((one) => one.id === tool) as Runtime;
    const request = understand(runtime, { text: version, options, ...present({ vendor }) });
    if (request.version.kind === 'system') continue;
    const known = await resolveKnown(ctx, { runtime, request, lock });
    const found = known?.kind === 'entry' ? known.entry.version : known?.toolchain.version;
    const meant = { request, ...present({ version: found }) };
    for (const pinFile of pinFilesOf(runtime)) {
      await view.text(join(folder, pinFile.file));
      lines.push(...(await files.sync(runtime, pinFile, meant)));
    }
  }
  return { manifest: read.path, lines, texts: files.changed };
}

/** The version files of one folder, with the changes that were planned so far. */
class Files {
  readonly changed = new Map<string, string>();
  readonly #folder: string;
  readonly #boundary: () => string;

  constructor(folder: string, personHome: string) {
    this.#folder = folder;
    this.#boundary = () => reachOf(folder, personHome);
  }

  async sync(runtime: Runtime, pinFile: PinFile, meant: Meaning): Promise<readonly Synced[]> {
    if (pinFile.strength === 'floor') return [];
    const path = join(this.#folder, pinFile.file);
    const opened = this.#open(path);
    if (opened === undefined) return [];
    if (opened instanceof PolyenvError) return [refusal(runtime, path, opened)];
    const pins = pinsOf(pinFile, opened);
    if (pins instanceof PolyenvError) return [refusal(runtime, path, pins)];
    const lines: Synced[] = [];
    for (const [index, pin] of pins.entries()) {
      if (pin.strength === 'floor' || pin.requests.length === 0 || pin.file !== undefined) continue;
      lines.push(await this.#syncPin({ runtime, pinFile, meant, path, index }));
    }
    return lines;
  }

  async #syncPin(of: Place): Promise<Synced> {
    const { runtime, pinFile, meant, path, index } = of;
    const document = this.#open(path) as Document;
    const pin = (pinsOf(pinFile, document) as readonly Pin[])[index] as Pin;
    const before = document.lines[pin.line - 1]?.trim() ?? '';
    const base = { tool: runtime.id, file: path, line: pin.line, before };
    const said = requestOf(runtime, pin);
    if (said !== undefined && (agrees(runtime, said, meant) || isKeptRange(pinFile, said, of)))
      return { ...base, state: 'same' };
    const { version, variant, text: spelling } = meant.request;
    const wanted = {
      ...meant,
      request: version,
      ...(variant !== undefined && { spelling }),
      ...vendorOf(runtime, meant.request),
    };
    for (const text of pinFile.write?.(document, pin, wanted) ?? []) {
      if (!this.#means(text, of)) continue;
      if (text === document.text) return { ...base, state: 'same' };
      const held = await this.#hold(path, document.text, text);
      if (held !== undefined) return { ...base, state: 'refused', why: held };
      return {
        ...base,
        state: 'changed',
        after: documentOf({ path, boundary: this.#boundary }, text).lines[pin.line - 1]?.trim() ?? '',
      };
    }
    return { ...base, state: 'refused', why: whyNot(of, pin) };
  }

  /** Whether the text says what is meant. One place differs from the text before: if the pin reads otherwise, it is the pin's. */
  #means(text: string, { runtime, pinFile, meant, path, index }: Place): boolean {
    const before = this.#open(path) as Document;
    if (text === before.text) return isSaid(requestOf(runtime, pinAt(pinFile, before, index)), { runtime, meant });
    const pin = pinAt(pinFile, documentOf({ path, boundary: this.#boundary }, text), index);
    if (pin === undefined || pin.requests[0] === pinAt(pinFile, before, index)?.requests[0]) return false;
    return isSaid(requestOf(runtime, pin), { runtime, meant });
  }

  /** Notes the change, or says why it would not reach this one file. */
  async #hold(path: string, before: string, after: string): Promise<string | undefined> {
    // Files further up are read too, but only files of this repository are written.
    const root = realpathSync(repositoryOf(dirname(path)));
    const way = relative(root, realpathSync(path));
    if (way.startsWith('..')) return 'it is a link to a file outside of this repository: change it there';
    const raw = this.changed.get(path) ?? (await readTextIfAny(path)) ?? '';
    const mark = raw.startsWith('\ufeff') ? '\ufeff' : '';
    if (raw !== mark + before) return 'it has changed in the meantime: run polyenv sync again';
    this.changed.set(path, mark + after);
    return undefined;
  }

  #open(path: string): Document | PolyenvError | undefined {
    const options = { path, boundary: this.#boundary };
    const changed = this.changed.get(path);
    if (changed !== undefined) return documentOf(options, changed.replace(/^\ufeff/, ''));
    return attempt(() => openDocument(options));
  }
}

interface Place {
  readonly runtime: Runtime;
  readonly pinFile: PinFile;
  readonly meant: Meaning;
  readonly path: string;
  /** Of the pin among those of the file. */
  readonly index: number;
}

/** A range that a format keeps as one (`devEngines`), and that what is wanted answers, is no disagreement. */
function isKeptRange(pinFile: PinFile, said: ToolRequest, { runtime, meant }: Place): boolean {
  return said.version.kind === 'range' && pinFile.ranges === 'kept' && isAnswered(runtime, said, meant);
}

function pinsOf(pinFile: PinFile, document: Document): readonly Pin[] | PolyenvError {
  return attempt(() => pinFile.read(document).pins);
}

function pinAt(pinFile: PinFile, document: Document, index: number): Pin | undefined {
  const pins = pinsOf(pinFile, document);
  return pins instanceof PolyenvError ? undefined : pins[index];
}

function isSaid(said: ToolRequest | undefined, { runtime, meant }: Pick<Place, 'runtime' | 'meant'>): boolean {
  return said !== undefined && isAnswered(runtime, said, meant);
}

function requestOf(runtime: Runtime, pin: Pin | undefined): ToolRequest | undefined {
  if (pin === undefined) return undefined;
  const text = pin.requests[0] ?? '';
  const vendor = pin.vendor === undefined ? {} : { vendor: pin.vendor };
  const request = attempt(() => understand(runtime, { text, options: {}, ...vendor }));
  return request instanceof PolyenvError ? undefined : request;
}

function vendorOf(runtime: Runtime, { vendor }: ToolRequest): { readonly vendor?: string } {
  const named = vendor ?? vendorsOf(runtime)[0];
  return named === undefined ? {} : { vendor: named };
}

function whyNot({ runtime, meant, pinFile }: Place, pin: Pin): string {
  const { request, version } = meant;
  const said = requestOf(runtime, pin)?.version.kind;
  if (pinFile.write === undefined)
    return `nothing is written into ${pinFile.file}: write ${version ?? request.text} there`;
  if (version === undefined && request.version.kind !== 'exact')
    return `the line can name one release only, and ${runtime.id}@${request.text} is not resolved yet: polyenv lock, then polyenv sync`;
  if (said === 'range') return `it is a range, which is not rewritten: make it accept ${version ?? request.text}`;
  return `the line cannot say ${runtime.id}@${request.text} without changing more: write ${version ?? request.text} there by hand`;
}

function refusal(runtime: Runtime, path: string, { message, where }: PolyenvError): Synced {
  return { tool: runtime.id, file: path, line: where?.line ?? 1, state: 'refused', before: '', why: message };
}

function attempt<T>(read: () => T): T | PolyenvError {
  try {
    return read();
  } catch (error) {
    if (error instanceof PolyenvError) return error;
    throw error;
  }
}
