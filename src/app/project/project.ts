import { statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { openDocument, reachOf, readDocumentText, strangerAt } from '../../adapters/documents/documents';
import { parseToml } from '../../adapters/documents/toml';
import type { Home } from '../../adapters/home/paths';
import { isMiseGlobal } from '../../domain/pins/files/mise-files';
import { pinFilesOf } from '../../domain/pins/files/of-runtime';
import { decide, type Saying, understand, type Verdict } from '../../domain/pins/precedence';
import { decodeManifest, MANIFEST_LIMIT, MANIFEST_NAMES, type Manifest } from '../../domain/project/manifest';
import type { ManifestService } from '../../domain/project/manifest-services';
import type { Settings } from '../../domain/project/settings';
import type { Document, PinFile, PinReading, Runtime } from '../../domain/runtime/runtime';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { quoteSh } from '../../domain/words/shell-quote';
import { describeOrigin, type Origin } from '../../domain/words/sourced';
import type { ToolId } from '../../domain/words/tool-id';
import type { Host } from '../../host';
import { loadRuntimes } from '../base/registry';
import type { Wish } from './wishes';

/** What a folder asks for, and which files said so. All paths are absolute and begin as the folder was named. */
export interface Project {
  /** The nearest folder with a manifest or a pin; the folder itself where there is none. */
  readonly directory: string;
  /** Of the nearest folder that has one: `polyenv.toml`, else `polyenv.local.toml`. */
  readonly manifest?: Manifest;
  /** Both manifests of that folder, the one of higher precedence first. */
  readonly manifests: readonly Manifest[];
  /** As the nearest manifest says. */
  readonly isolation?: 'default' | 'strict';
  /** Of this folder and those above, the nearest folder's first, in the order of its manifest. */
  readonly services: readonly ProjectService[];
  readonly decisions: readonly Decision[];
  /** Further versions that a deciding file names (`3.12 3.13` in one): installed too, and reached by what only they have. */
  readonly companions: readonly Decision[];
  /** What services ask for beyond the decisions: a second version of a kind. */
  readonly servicePins: readonly Decision[];
  /** Floors and ranges to check the chosen versions against. */
  readonly floors: readonly Floor[];
  /** Files whose change could change what was decided. */
  readonly inputs: readonly string[];
  /** Files that do not exist, and whose appearance could change it. */
  readonly absences: readonly string[];
  /** The same for each runtime by itself, beyond the manifests, which concern all of them. */
  readonly traces: readonly Trace[];
  /** Files of one folder that cannot both be obeyed, in words. */
  readonly disagreements: readonly string[];
  /** Files that cannot be honoured: the runtimes that they would have decided have no decision. */
  readonly errors: readonly ProjectError[];
  readonly warnings: readonly string[];
  /** What each runtime's decision was made from, for display. */
  readonly verdicts: readonly ToolVerdict[];
}

export interface ProjectService extends ManifestService {
  /** The folder whose manifest names it: it is that folder's own. */
  readonly folder: string;
  readonly file: string;
}

/** The fault of a file, and the runtime that it concerns; without one, it concerns all that nothing nearer decides. */
export class ProjectError extends PolyenvError {
  readonly tool: ToolId | undefined;

  constructor(fault: PolyenvError, tool: ToolId | undefined) {
    const { code, message, where, hint, cause } = fault;
    super(code, message, { ...present({ where, hint }), cause });
    this.tool = tool;
  }
}

/** The files on which one runtime's decision, or that there is none, rests. */
export interface Trace {
  readonly tool: ToolId;
  readonly inputs: readonly string[];
  readonly absences: readonly string[];
}

export interface Decision {
  readonly tool: ToolId;
  readonly request: ToolRequest;
  readonly from: Origin;
  /** The folder that decides: its lock holds the resolution, its private homes are used. */
  readonly folder: string;
  readonly alternatives: readonly {
    readonly file: string;
    readonly line: number;
    readonly request: string;
    readonly why: string;
  }[];
  /** It holds for this call only (an argument, a variable, the environment that started us): not to be compiled. */
  readonly once?: true;
  /** The caller's variable through which a file said it: then it holds for this call only, too. */
  readonly through?: string;
}

export interface Floor extends Pick<Saying, 'file' | 'line' | 'request' | 'atLeast'> {
  readonly tool: ToolId;
  /** Whether no version can answer it and the decision: then `warnings` say so already. */
  readonly contradicted: boolean;
}

export interface ToolVerdict extends Verdict {
  readonly tool: ToolId;
}

/** What `findProject` needs of a context. */
export interface ProjectContext {
  readonly host: Pick<Host, 'env' | 'personHome'>;
  readonly home: Pick<Home, 'root' | 'envs'>;
  readonly settings: Pick<Settings, 'defaults'>;
}

/**
 * What the folder asks for, by the rules of `docs/reference/pin-files.md`: wishes and `POLYENV_<RUNTIME>`, then the
 * nearest folder that pins, then `POLYENV_ENV`, then the person's defaults. Reads only.
 */
export async function findProject(ctx: ProjectContext, folder: string, wishes: readonly Wish[] = []): Promise<Project> {
  return findProjectOf(ctx, { folder, wishes, runtimes: await loadRuntimes() });
}

export function findProjectOf(
  ctx: ProjectContext,
  options: { readonly folder: string; readonly wishes?: readonly Wish[]; readonly runtimes: readonly Runtime[] },
): Project {
  const { folder, wishes = [], runtimes } = options;
  const reader = new FolderReader(runtimes, ctx.host);
  const start = outsideDependencies(ctx, folder);
  const walk = foldersUp(ctx, start, reader);
  const here = runtimes.map((runtime) => sayingsOf(reader, runtime, walk));
  const started = startedIn(ctx, folder);
  const outer = started === undefined ? [] : foldersUp(ctx, started, reader);
  const findings = runtimes.map((runtime, index): Finding => {
    const once = onceFor(ctx, { runtime, folder, wishes });
    if (once !== undefined) return once;
    const own = here[index] as Gathered;
    const above = outer.length === 0 ? undefined : sayingsOf(reader, runtime, outer);
    const order = start === folder ? [own, above] : [above, own];
    for (const gathered of order) {
      if (gathered === undefined) continue;
      const verdict = decide(runtime, gathered.sayings);
      if (verdict.chosen !== undefined) return { runtime, gathered, verdict, passing: gathered === above };
    }
    return { runtime, gathered: own, verdict: decide(runtime, own.sayings), passing: false };
  });
  return describe(ctx, { folder, walk, reader, findings });
}

/** What one runtime's part of the answer is made from. */
type Finding =
  | {
      readonly runtime: Runtime;
      readonly gathered: Gathered;
      readonly verdict: Verdict;
      /** Whether it is the answer of another folder's environment. */
      readonly passing: boolean;
    }
  | { readonly runtime: Runtime; readonly decision: Decision }
  | { readonly runtime: Runtime; readonly error: PolyenvError };

interface Gathered {
  readonly sayings: readonly Saying[];
  readonly inputs: readonly string[];
  readonly absences: readonly string[];
}

function describe(
  ctx: ProjectContext,
  of: {
    readonly folder: string;
    readonly walk: readonly string[];
    readonly reader: FolderReader;
    readonly findings: readonly Finding[];
  },
): Project {
  const { folder, walk, reader, findings } = of;
  const judged = findings.flatMap((finding) => ('verdict' in finding ? [finding] : []));
  const withManifest = walk.find((one) => reader.manifests(one).length > 0);
  const said = judged.flatMap(({ gathered }) => gathered.sayings.map((saying) => saying.folder));
  const manifests = withManifest === undefined ? [] : reader.goodManifests(withManifest);
  const manifest = manifests.at(-1);
  const isolation = manifests.find((one) => one.isolation !== undefined)?.isolation;
  const services = servicesOf(reader, walk);
  const traced = judged.filter(({ verdict, gathered }) => verdict.chosen !== undefined || gathered.inputs.length > 0);
  const upToManifest = withManifest === undefined ? [] : walk.slice(0, walk.indexOf(withManifest) + 1);
  const manifestPaths = upToManifest.flatMap((one) => MANIFEST_NAMES.map((name) => fileIn(one, name)));
  const held = manifestPaths.filter((path) => reader.exists(path));
  const answers = findings.map((finding) => ({ tool: finding.runtime.id, ...answerOf(ctx, finding) }));
  const broken = withManifest === undefined ? [] : reader.manifestFaults(withManifest);
  const faults = answers.flatMap(({ tool, error }) => (error === undefined ? [] : [{ tool, error }]));
  const errors = unique([...broken, ...faults.map(({ error }) => error)]).map((error) => {
    const tools = faults.filter((one) => one.error === error).map(({ tool }) => tool);
    return new ProjectError(error, tools.length === 1 && !broken.includes(error) ? tools[0] : undefined);
  });
  return {
    directory: walk.find((one) => said.includes(one) || one === withManifest) ?? folder,
    ...present({ manifest }),
    manifests,
    ...present({ isolation }),
    services,
    servicePins: servicePinsOf(
      reader,
      services,
      answers.flatMap(({ decision }) => decision ?? []),
    ),
    decisions: answers.flatMap(({ decision }) => (decision === undefined ? [] : [decision])),
    companions: judged.flatMap((finding) => companionsIn(finding).decisions),
    floors: judged.flatMap(({ runtime, verdict }) =>
      verdict.floors.map(({ file, line, request, atLeast }, index) => ({
        tool: runtime.id,
        contradicted: verdict.contradicted.includes(verdict.floors[index] as Saying),
        file,
        ...present({ line, request }),
        atLeast,
      })),
    ),
    inputs: unique([
      ...held,
      ...services.map(({ file }) => file),
      ...traced.flatMap(({ gathered }) => gathered.inputs),
    ]),
    absences: unique([
      ...manifestPaths.filter((path) => !reader.exists(path)),
      ...traced.flatMap(({ gathered }) => gathered.absences),
    ]),
    traces: traced.map(({ runtime, gathered }) => ({
      tool: runtime.id,
      inputs: gathered.inputs.filter((path) => !manifestPaths.includes(path)),
      absences: gathered.absences.filter((path) => !manifestPaths.includes(path)),
    })),
    disagreements: judged.flatMap(({ runtime, verdict }) => disagreementsOf(runtime, verdict)),
    errors,
    warnings: unique([
      ...walk.flatMap((one) => reader.strangersOf(one)),
      ...judged.flatMap(({ gathered: { inputs, sayings } }) =>
        // A file that says nothing has no saying, and may have a warning.
        [...inputs, ...sayings.map(({ file }) => file)].flatMap((file) => reader.warningsOf(file)),
      ),
      ...judged.flatMap(({ verdict }) => verdict.warnings),
      ...judged.flatMap((finding) => companionsIn(finding).warnings),
    ]),
    verdicts: judged.map(({ runtime, verdict }) => ({ tool: runtime.id, ...verdict })),
  };
}

/** One of a nearer folder hides those of its name above it, as does one of the person's own file. */
function servicesOf(reader: FolderReader, walk: readonly string[]): readonly ProjectService[] {
  const found = new Map<string, ProjectService>();
  for (const folder of walk) {
    const here = new Map<string, ProjectService>();
    for (const { path, services } of reader.goodManifests(folder).toReversed()) {
      for (const service of services) here.set(service.name, { ...service, folder, file: path });
    }
    for (const [name, service] of here) if (!found.has(name)) found.set(name, service);
  }
  return [...found.values()];
}

/** A version that cannot be understood is an error of its own where the service is started. */
function servicePinsOf(
  reader: FolderReader,
  services: readonly ProjectService[],
  decisions: readonly Decision[],
): readonly Decision[] {
  const found: Decision[] = [];
  for (const { tool, version, file, line, folder } of services) {
    const known = [...decisions, ...found].some(
      (one) => one.tool === tool && one.folder === folder && one.request.text === version,
    );
    const runtime = reader.runtimes.find(({ id }) => id === tool);
    if (version === undefined || known || runtime === undefined) continue;
    const from: Origin = { kind: 'file', file, line };
    const request = attempt(() => understand(runtime, { text: version, options: {} }), from);
    if (request instanceof PolyenvError) continue;
    found.push({ tool, request, from, folder, alternatives: [] });
  }
  return found;
}

function answerOf(
  ctx: ProjectContext,
  finding: Finding,
): { readonly decision?: Decision; readonly error?: PolyenvError } {
  if ('decision' in finding) return { decision: finding.decision };
  if ('error' in finding) return { error: finding.error };
  const { runtime, verdict, passing } = finding;
  const { chosen, request, alternatives } = verdict;
  if (chosen?.fault !== undefined) return { error: chosen.fault };
  if (chosen === undefined || request === undefined) return defaultOf(ctx, runtime);
  const { file, line, folder, through } = chosen;
  return {
    decision: {
      tool: runtime.id,
      request,
      from: { kind: 'file', file, ...present({ line }) },
      folder,
      alternatives: alternatives.map(({ saying, why }) => ({
        file: saying.file,
        line: saying.line ?? 1,
        request: saying.requests[0] ?? '',
        why,
      })),
      ...((passing || through !== undefined) && { once: true }),
      ...present({ through }),
    },
  };
}

/** What stands behind the first version of the deciding line. */
function companionsIn({ runtime, verdict, passing }: Extract<Finding, { readonly verdict: Verdict }>): {
  readonly decisions: readonly Decision[];
  readonly warnings: readonly string[];
} {
  const { chosen } = verdict;
  if (chosen?.fault !== undefined || chosen === undefined || passing || chosen.through !== undefined)
    return { decisions: [], warnings: [] };
  const { file, line, folder, vendor } = chosen;
  const from: Origin = { kind: 'file', file, ...present({ line }) };
  const read = [...new Set(chosen.requests.slice(1))].map((text) =>
    attempt(() => understand(runtime, { text, ...present({ vendor }), options: {} }), from),
  );
  return {
    decisions: read.flatMap((request) =>
      request instanceof PolyenvError || request.version.kind === 'system'
        ? []
        : [{ tool: runtime.id, request, from, folder, alternatives: [] }],
    ),
    warnings: read.flatMap((request) => (request instanceof PolyenvError ? [request.message] : [])),
  };
}

/** What the settings alone ask for, as if of a project: nothing that a folder says. */
export function defaultsProject(ctx: ProjectContext, runtimes: readonly Runtime[]): Project {
  const answers = runtimes.map((runtime) => ({ tool: runtime.id, ...defaultOf(ctx, runtime) }));
  return {
    directory: ctx.host.personHome,
    manifests: [],
    decisions: answers.flatMap(({ decision }) => (decision === undefined ? [] : [decision])),
    floors: [],
    inputs: [],
    absences: [],
    traces: [],
    disagreements: [],
    errors: answers.flatMap(({ tool, error }) => (error === undefined ? [] : [new ProjectError(error, tool)])),
    warnings: [],
    verdicts: [],
    services: [],
    companions: [],
    servicePins: [],
  };
}

/** The person's own version for where no project decides. */
function defaultOf(
  ctx: ProjectContext,
  runtime: Runtime,
): { readonly decision?: Decision; readonly error?: PolyenvError } {
  const text = Object.hasOwn(ctx.settings.defaults, runtime.id) ? ctx.settings.defaults[runtime.id] : undefined;
  if (text === undefined) return {};
  const from: Origin = { kind: 'setting', name: `defaults.${runtime.id}` };
  const read = attempt(() => understand(runtime, { text, options: {} }), from);
  return read instanceof PolyenvError
    ? { error: read }
    : { decision: { tool: runtime.id, request: read, from, folder: ctx.host.personHome, alternatives: [] } };
}

/** What was asked for this once: by the command line, else by `POLYENV_NODE=18`. */
function onceFor(
  ctx: ProjectContext,
  { runtime, folder, wishes }: { readonly runtime: Runtime; readonly folder: string; readonly wishes: readonly Wish[] },
): Finding | undefined {
  const wish = wishes.find((one) => one.runtime.id === runtime.id);
  const base = { tool: runtime.id, folder, alternatives: [], once: true } as const;
  if (wish !== undefined) {
    const from: Origin = { kind: 'argument', text: `${runtime.id}@${wish.request.text}` };
    return { runtime, decision: { ...base, request: wish.request, from } };
  }
  const asked = askedByCaller(ctx.host.env, runtime);
  if (asked === undefined) return undefined;
  const { text, variable } = asked;
  const from: Origin = { kind: 'variable', name: variable };
  const read = attempt(() => understand(runtime, { text, options: {} }), from);
  return read instanceof PolyenvError
    ? { runtime, error: read }
    : { runtime, decision: { ...base, request: read, from } };
}

/** What the caller's variables ask for: `POLYENV_NODE=18`, else the ecosystem's own. */
export function askedByCaller(
  env: Host['env'],
  { id, overrides = [] }: Pick<Runtime, 'id' | 'overrides'>,
): { readonly text: string; readonly variable: string } | undefined {
  const own = { variable: `POLYENV_${id.toUpperCase()}`, request: (value: string) => value };
  for (const { variable, request } of [own, ...overrides]) {
    const value = env[variable];
    const text = value === undefined || value === '' ? undefined : request(value);
    if (text !== undefined) return { text, variable };
  }
  return undefined;
}

function attempt(read: () => ToolRequest, from: Origin): ToolRequest | PolyenvError {
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

function disagreementsOf(runtime: Runtime, { chosen, disagreements }: Verdict): readonly string[] {
  if (chosen === undefined) return [];
  return disagreements.map(
    (other) =>
      `${placeOf(other)} asks for ${runtime.id} ${other.requests[0]}, and ${placeOf(chosen)} decides with ${chosen.requests[0]}`,
  );
}

function placeOf({ file, line }: Pick<Saying, 'file' | 'line'>): string {
  return describeOrigin({ kind: 'file', file, ...present({ line }) });
}

/** What the folders say about one runtime, up to the first that pins it. */
function sayingsOf(reader: FolderReader, runtime: Runtime, folders: readonly string[]): Gathered {
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
class FolderReader {
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
    // A whole folder that is absent is one thing to wait for, not one for each of its files.
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

/** The folder and those above it, up to where the walk stops: a manifest with `root = true`, the person's home, the root. */
function foldersUp(ctx: ProjectContext, folder: string, reader: FolderReader): readonly string[] {
  const folders: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    folders.push(at);
    if (at === ctx.host.personHome || dirname(at) === at) return folders;
    if (reader.goodManifests(at).some((manifest) => manifest.root)) return folders;
  }
}

/** As `join`, of a folder that is normal already: asked a hundred times a run, `join` takes as long as all the rest. */
function fileIn(folder: string, name: string): string {
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}

/** Folders into which package managers put other people's projects. */
const DEPENDENCY_FOLDERS = ['node_modules', 'site-packages', '.venv'];

/** Whether a package manager has put the folder there: what it pins is nobody's here. */
export function isDependency(ctx: ProjectContext, folder: string): boolean {
  return outsideDependencies(ctx, folder) !== folder;
}

/** The folder, or the nearest one above that is no part of a dependency. */
function outsideDependencies(ctx: ProjectContext, folder: string): string {
  const parts = folder.split(sep);
  const first = parts.findIndex((part) => DEPENDENCY_FOLDERS.includes(part));
  let outside = first === -1 ? folder : parts.slice(0, first).join(sep) || sep;
  for (const root of dependencyRoots(ctx)) if (isInside(root, outside)) outside = dirname(root);
  return outside;
}

/** Where cargo and go unpack other people's projects, and polyenv's own home. */
function dependencyRoots({ host, home }: ProjectContext): readonly string[] {
  const { env, personHome } = host;
  const goPath = (env.GOPATH || join(personHome, 'go')).split(':')[0] as string;
  return [env.CARGO_HOME || join(personHome, '.cargo'), env.GOMODCACHE || join(goPath, 'pkg', 'mod'), home.root].filter(
    (root) => root.startsWith(sep) && root !== sep,
  );
}

/** The project whose environment started us, as `POLYENV_ENV` says: its folder, or that of its compiled environment. */
function startedIn({ host, home }: ProjectContext, folder: string): string | undefined {
  const value = host.env.POLYENV_ENV;
  if (value === undefined || !value.startsWith(sep)) return undefined;
  const compiled = value.startsWith(home.envs + sep) && value.endsWith(`${sep}.polyenv`);
  const project = compiled ? value.slice(home.envs.length, -'/.polyenv'.length) : value;
  return project === folder ? undefined : project || sep;
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
