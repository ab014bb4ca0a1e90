import { decide, type Saying, understand, type Verdict } from '../../domain/pins/precedence';
import { MANIFEST_NAMES, type Manifest } from '../../domain/project/manifest';
import type { ManifestService } from '../../domain/project/manifest-services';
import type { Runtime } from '../../domain/runtime/runtime';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Origin } from '../../domain/words/sourced';
import type { ToolId } from '../../domain/words/tool-id';
import { loadRuntimes } from '../base/registry';
import { askedByCaller } from './asked-by-caller';
import { foldersUp, outsideDependencies, startedIn } from './dependency-folders';
import { attempt, FolderReader, fileIn, type Gathered, placeOf, sayingsOf, unique } from './folder-reader';
import type { ProjectContext } from './project-context';
import type { RuntimeRequest } from './requests';

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
class ProjectError extends PolyenvError {
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

/**
 * What the folder asks for, by the rules of `docs/reference/pin-files.md`: requests and `POLYENV_<RUNTIME>`, then the
 * nearest folder that pins, then `POLYENV_ENV`, then the person's defaults. Reads only.
 */
export async function findProject(
  ctx: ProjectContext,
  folder: string,
  requests: readonly RuntimeRequest[] = [],
): Promise<Project> {
  return findProjectOf(ctx, { folder, requests, runtimes: await loadRuntimes() });
}

export function findProjectOf(
  ctx: ProjectContext,
  options: {
    readonly folder: string;
    readonly requests?: readonly RuntimeRequest[];
    readonly runtimes: readonly Runtime[];
  },
): Project {
  const { folder, requests = [], runtimes } = options;
  const reader = new FolderReader(runtimes, ctx.host);
  const start = outsideDependencies(ctx, folder);
  const walk = foldersUp(ctx, start, reader);
  const here = runtimes.map((runtime) => sayingsOf(reader, runtime, walk));
  const started = startedIn(ctx, folder);
  const outer = started === undefined ? [] : foldersUp(ctx, started, reader);
  const findings = runtimes.map((runtime, index): Finding => {
    const once = onceFor(ctx, { runtime, folder, requests });
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

/** The further versions of the line that decides: `3.13` of `3.12 3.13`. */
function companionsIn({ runtime, verdict, passing }: Extract<Finding, { readonly verdict: Verdict }>): {
  readonly decisions: readonly Decision[];
  readonly warnings: readonly string[];
} {
  const { chosen } = verdict;
  if (chosen?.fault !== undefined || chosen === undefined || passing || chosen.through !== undefined)
    return { decisions: [], warnings: [] };
  const { file, line, folder, vendor } = chosen;
  const from: Origin = { kind: 'file', file, ...present({ line }) };
  const read = [...new Set(chosen.requests)]
    .slice(1)
    .map((text) => attempt(() => understand(runtime, { text, ...present({ vendor }), options: {} }), from));
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

function disagreementsOf(runtime: Runtime, { chosen, disagreements }: Verdict): readonly string[] {
  if (chosen === undefined) return [];
  return disagreements.map(
    (other) =>
      `${placeOf(other)} asks for ${runtime.id} ${other.requests[0]}, and ${placeOf(chosen)} decides with ${chosen.requests[0]}`,
  );
}

/** What was asked for this once: by the command line, else by `POLYENV_NODE=18`. */
function onceFor(
  ctx: ProjectContext,
  {
    runtime,
    folder,
    requests,
  }: { readonly runtime: Runtime; readonly folder: string; readonly requests: readonly RuntimeRequest[] },
): Finding | undefined {
  const wanted = requests.find((one) => one.runtime.id === runtime.id);
  const base = { tool: runtime.id, folder, alternatives: [], once: true } as const;
  if (wanted !== undefined) {
    const from: Origin = { kind: 'argument', text: `${runtime.id}@${wanted.request.text}` };
    return { runtime, decision: { ...base, request: wanted.request, from } };
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
