import { readdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { openDocument, reachOf, readDocumentText, strangerAt } from '../../adapters/documents/documents';
import { parseToml } from '../../adapters/documents/toml';
import { isMiseFragment, isMiseGlobal, MISE_FRAGMENTS } from '../../domain/pins/files/mise-files';
import { fragmentPin, pinFilesOf } from '../../domain/pins/files/of-runtime';
import { type Saying, understand } from '../../domain/pins/precedence';
import { decodeManifest, MANIFEST_LIMIT, MANIFEST_NAMES, type Manifest } from '../../domain/project/manifest';
import type { ManifestService } from '../../domain/project/manifest-services';
import type { Document, PinFile, PinReading, Runtime } from '../../domain/runtime/runtime';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { quoteSh } from '../../domain/words/shell-quote';
import { describeOrigin, type Origin } from '../../domain/words/sourced';
import type { ProjectContext } from './project-context';

export interface Gathered {
  readonly sayings: readonly Saying[];
  readonly inputs: readonly string[];
  readonly absences: readonly string[];
}

export function attempt(read: () => ToolRequest, from: Origin): ToolRequest | PolyenvError {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    return new PolyenvError(error.code, `${describeOrigin(from)}: ${error.message}`, {
      ...present({ hint: error.hint }),
      cause: error,
    });
  }
}

export function placeOf({ file, line }: Pick<Saying, 'file' | 'line'>): string {
  return describeOrigin({ kind: 'file', file, ...present({ line }) });
}

/** What the folders say about one runtime, up to the first that pins it. */
export function sayingsOf(reader: FolderReader, runtime: Runtime, folders: readonly string[]): Gathered {
  const sayings: Saying[] = [];
  const inputs: string[] = [];
  const absences: string[] = [];
  for (const folder of folders) {
    let decided = false;
    for (const step of reader.steps(runtime, folder)) {
      sayings.push(...step.sayings);
      if (decided) continue;
      if (step.present !== undefined) (step.present ? inputs : absences).push(step.path);
      inputs.push(...step.siblings.present);
      absences.push(...step.siblings.absent);
      decided = step.sayings.some((one) => one.strength === 'pin' && (one.fault ?? one.request) !== undefined);
    }
    if (decided) break;
  }
  return { sayings, inputs: unique(inputs), absences: unique(absences) };
}

/** One file of one folder, looked at for one runtime. */
interface Step {
  readonly path: string;
  /** Absent where what stands there is no file, and is left alone. */
  readonly present?: boolean;
  readonly sayings: readonly Saying[];
  readonly siblings: Siblings;
}

interface Siblings {
  readonly present: readonly string[];
  readonly absent: readonly string[];
}

const NO_SIBLINGS: Siblings = { present: [], absent: [] };

interface Opened {
  readonly document?: Document;
  readonly fault?: PolyenvError;
  /** What stands there instead of a file. */
  readonly stranger?: string;
  readonly siblings: { readonly present: string[]; readonly absent: string[] };
}

/** Reads each file once, whichever runtimes ask. */
export class FolderReader {
  readonly runtimes: readonly Runtime[];
  readonly #host: ProjectContext['host'];
  readonly #opened = new Map<string, Opened>();
  readonly #manifests = new Map<string, readonly ReadManifest[]>();
  readonly #warnings = new Map<string, Set<string>>();
  readonly #folders = new Map<string, boolean>();
  readonly #strangers = new Map<string, string>();

  constructor(runtimes: readonly Runtime[], host: ProjectContext['host']) {
    this.runtimes = runtimes;
    this.#host = host;
  }

  /** In order of precedence. */
  steps(runtime: Runtime, folder: string): readonly Step[] {
    const own = runtime.pins.length;
    return [
      ...MANIFEST_NAMES.map((name) => this.#manifestStep(runtime, folder, name)),
      ...pinFilesOf(runtime, this.#host.env).flatMap((pinFile, index) =>
        folder === this.#host.personHome && isMiseGlobal(pinFile.file)
          ? []
          : [this.#pinStep(runtime, { folder, pinFile, kind: index < own ? 'own' : 'shared' })],
      ),
      ...(folder === this.#host.personHome ? [] : this.#fragmentSteps(runtime, folder)),
    ];
  }

  manifests(folder: string): readonly ReadManifest[] {
    let found = this.#manifests.get(folder);
    if (found === undefined) {
      found = MANIFEST_NAMES.flatMap((name) => this.#readManifest(fileIn(folder, name)));
      this.#manifests.set(folder, found);
    }
    return found;
  }

  goodManifests(folder: string): readonly Manifest[] {
    return this.manifests(folder).flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest]));
  }

  manifestFaults(folder: string): readonly PolyenvError[] {
    return this.manifests(folder).flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  }

  exists(path: string): boolean {
    return (
      this.manifests(dirname(path)).some((one) => one.path === path) || this.#opened.get(path)?.document !== undefined
    );
  }

  /** What was left alone in the folder though it has the name of a version file. */
  strangersOf(folder: string): readonly string[] {
    const found = this.#strangers.get(folder);
    return found === undefined ? [] : [found];
  }

  warningsOf(path: string): readonly string[] {
    return [...(this.#warnings.get(path) ?? [])];
  }

  #manifestStep(runtime: Runtime, folder: string, name: string): Step {
    const path = fileIn(folder, name);
    const read = this.manifests(folder).find((one) => one.path === path);
    const base = { file: path, folder, kind: 'manifest', strength: 'pin', atLeast: false } as const;
    const step = { path, present: read !== undefined, siblings: NO_SIBLINGS };
    if (read?.fault !== undefined) {
      return { ...step, sayings: [{ ...base, requests: [], options: {}, fault: read.fault }] };
    }
    const pin = read?.manifest?.runtimes.find((one) => one.tool === runtime.id);
    if (pin === undefined) return { ...step, sayings: servicePins(runtime, base, read?.manifest?.services ?? []) };
    const said = { text: pin.version, options: pin.options, ...present({ vendor: pin.vendor }) };
    return { ...step, sayings: [understood(runtime, { ...base, line: pin.line, requests: [pin.version] }, said)] };
  }

  #pinStep(
    runtime: Runtime,
    of: { readonly folder: string; readonly pinFile: PinFile; readonly kind: 'own' | 'shared' },
  ): Step {
    const { folder, pinFile, kind } = of;
    const path = fileIn(folder, pinFile.file);
    const [top = '', ...below] = pinFile.file.split('/');
    // Where a whole folder is absent, the route watches for the folder, not for each of its files.
    if (below.length > 0 && !this.#isThere(fileIn(folder, top))) {
      return { path: fileIn(folder, top), present: false, siblings: NO_SIBLINGS, sayings: [] };
    }
    const { document, fault, stranger, siblings } = this.#open(path, folder);
    const strength = pinFile.strength ?? 'pin';
    const through = pinFile.variables?.find((name) => this.#host.env[name]);
    const base = { file: path, folder, kind, atLeast: false, ...present({ through }) } as const;
    const broken = (error: PolyenvError): Saying => ({ ...base, strength, requests: [], options: {}, fault: error });
    if (fault !== undefined) return { path, present: true, siblings, sayings: [broken(fault)] };
    if (stranger !== undefined) {
      if (stranger !== 'a folder' || pinFile.folder === undefined) {
        const error = new PolyenvError('pin-file-invalid', `${pinFile.file} is ${stranger}`, notAFile(path));
        return { path, present: true, siblings, sayings: [broken(error)] };
      }
      this.#strangers.set(folder, `${path}: it is a folder, and no version is read from it`);
      return { path, siblings, sayings: [] };
    }
    if (document === undefined) return { path, present: false, siblings, sayings: [] };
    let reading: PinReading;
    try {
      reading = pinFile.read(document);
    } catch (error) {
      if (!(error instanceof PolyenvError)) throw error;
      return { path, present: true, siblings, sayings: [broken(error)] };
    }
    this.#remember(path, reading);
    const sayings = reading.pins.map((pin) => {
      const { requests, line, atLeast = false, nearest, options = {} } = pin;
      const saying = {
        ...base,
        ...(pin.file !== undefined && { file: pin.file, folder: dirname(pin.file) }),
        strength: pin.strength,
        line,
        requests,
        atLeast,
        ...present({ nearest }),
        ...(reading.boundary && { boundary: true as const }),
      };
      const [text] = requests;
      if (text === undefined) return { ...saying, options };
      return understood(runtime, saying, { text, options, ...present({ vendor: pin.vendor }) });
    });
    return { path, present: true, siblings, sayings };
  }

  /** The folder itself is looked at too: another file in it may decide. */
  #fragmentSteps(runtime: Runtime, folder: string): readonly Step[] {
    const top = fileIn(folder, '.config');
    const whole = fileIn(folder, MISE_FRAGMENTS);
    const missing = [top, fileIn(folder, '.config/mise'), whole].find((one) => !this.#isThere(one));
    const step = (path: string, present: boolean): Step => ({ path, present, siblings: NO_SIBLINGS, sayings: [] });
    if (missing !== undefined) return [step(missing, false)];
    if (!isFolder(whole)) return [step(whole, true)];
    const names = namesIn(whole).filter(isMiseFragment).toSorted().toReversed();
    return [
      step(whole, true),
      ...names.map((name) => this.#pinStep(runtime, { folder, pinFile: fragmentPin(runtime, name), kind: 'shared' })),
    ];
  }

  #isThere(folder: string): boolean {
    let there = this.#folders.get(folder);
    if (there === undefined) {
      there = statSync(folder, { throwIfNoEntry: false }) !== undefined;
      this.#folders.set(folder, there);
    }
    return there;
  }

  #remember(path: string, { warnings = [] }: PinReading): void {
    const known = this.#warnings.get(path) ?? new Set();
    for (const { line, text } of warnings) known.add(`${placeOf({ file: path, ...present({ line }) })}: ${text}`);
    this.#warnings.set(path, known);
  }

  #open(path: string, folder: string): Opened {
    let opened = this.#opened.get(path);
    if (opened === undefined) {
      const siblings: Opened['siblings'] = { present: [], absent: [] };
      try {
        const document = openDocument({
          path,
          boundary: () => reachOf(folder, this.#host.personHome),
          variables: this.#host.env,
          ...present({ machine: machineOf(this.#host) }),
          onSibling: (sibling, found) => siblings[found].push(sibling),
        });
        const stranger = document === undefined ? strangerAt(path) : undefined;
        opened = { siblings, ...present({ document, stranger }) };
      } catch (error) {
        if (!(error instanceof PolyenvError)) throw error;
        opened = { siblings, fault: error };
      }
      this.#opened.set(path, opened);
    }
    return opened;
  }

  #readManifest(path: string): readonly ReadManifest[] {
    try {
      const text = readDocumentText(path);
      const stranger = text === undefined ? strangerAt(path) : undefined;
      if (stranger !== undefined)
        throw new PolyenvError('manifest-invalid', `${basename(path)} is ${stranger}`, notAFile(path));
      if (text === undefined) return [];
      const parsed = parseToml(text, path, { limit: MANIFEST_LIMIT });
      return [{ path, manifest: decodeManifest({ ...parsed, runtimes: this.runtimes }) }];
    } catch (error) {
      if (!(error instanceof PolyenvError)) throw error;
      return [{ path, fault: asManifestFault(error) }];
    }
  }
}

/** A service pins its kind where `[runtimes]` does not: to the version that it names, else to the newest, which gives way to any pin. */
function servicePins(
  runtime: Runtime,
  base: Omit<Saying, 'options' | 'requests'>,
  services: readonly ManifestService[],
): readonly Saying[] {
  const own = services.filter(({ tool }) => tool === runtime.id);
  const pin = own.find(({ version }) => version !== undefined) ?? own[0];
  if (pin === undefined) return [];
  const text = pin.version ?? 'latest';
  const strength = pin.version === undefined ? ({ strength: 'floor', atLeast: true } as const) : {};
  return [understood(runtime, { ...base, ...strength, line: pin.line, requests: [text] }, { text, options: {} })];
}

function notAFile(path: string): {
  readonly where: { readonly file: string; readonly line: 1 };
  readonly hint: string;
} {
  return { where: { file: path, line: 1 }, hint: `move it away, or write a file there: ls -ld ${quoteSh(path)}` };
}

interface ReadManifest {
  readonly path: string;
  readonly manifest?: Manifest;
  readonly fault?: PolyenvError;
}

function asManifestFault(error: PolyenvError): PolyenvError {
  if (error.code !== 'pin-file-invalid') return error;
  return new PolyenvError('manifest-invalid', error.message, {
    ...present({ where: error.where }),
    cause: error,
  });
}

/** The saying with its first request understood, or with why it is not. */
function understood(runtime: Runtime, saying: Omit<Saying, 'options'>, said: Parameters<typeof understand>[1]): Saying {
  const { file, line } = saying;
  try {
    const whole = { ...saying, options: said.options, request: understand(runtime, said) };
    return said.vendor === undefined ? whole : { ...whole, vendor: said.vendor };
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    const fault = new PolyenvError(
      saying.kind === 'manifest' ? 'manifest-invalid' : 'pin-file-invalid',
      error.message,
      {
        where: { file, ...present({ line }) },
        hint: error.hint ?? `polyenv use ${runtime.id}@VERSION`,
        cause: error,
      },
    );
    return { ...saying, options: said.options, fault };
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function machineOf({ os, arch }: ProjectContext['host']): { readonly os: string; readonly arch: string } | undefined {
  return os === undefined || arch === undefined ? undefined : { os, arch };
}

/** As `join`, of a folder that is normal already: asked a hundred times a run, `join` takes as long as all the rest. */
export function fileIn(folder: string, name: string): string {
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}

export function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
