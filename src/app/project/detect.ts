import { join, relative } from 'node:path';
import { openDocument, reachOf } from '../../adapters/documents/documents';
import { walkProjects } from '../../adapters/files/project-folders';
import { readPackageManager } from '../../domain/pins/files/package-manager';
import type { Saying } from '../../domain/pins/precedence';
import type { Runtime } from '../../domain/runtime/runtime';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { describeOrigin } from '../../domain/words/sourced';
import { loadRuntimes } from '../base/registry';
import { isDependency } from './dependency-folders';
import { findProjectOf, type Project } from './project';
import type { ProjectContext } from './project-context';
import { servicesNamed } from './service-evidence';

/** Every pin that a folder has, in a stable form: fields are added, never changed. */
export interface Detected {
  readonly schema: 1;
  /** As it was asked for. */
  readonly directory: string;
  readonly found: readonly DetectedPin[];
  readonly decisions: readonly DetectedDecision[];
  /** Servers that manifests declare, and those that other files of the folder show. */
  readonly services: readonly DetectedService[];
  readonly errors: readonly { readonly file: string; readonly line: number; readonly message: string }[];
  readonly warnings: readonly string[];
}

export interface DetectedPin {
  /** A runtime's id, or a package manager's name. */
  readonly tool: string;
  /** Relative to the folder asked for; absolute for what the environment or a setting said. */
  readonly file: string;
  readonly line: number;
  /** Without the vendor, where the runtime has vendors. */
  readonly requests: readonly string[];
  readonly vendor?: string;
  readonly components?: readonly string[];
  readonly targets?: readonly string[];
  readonly profile?: string;
  /** Of a package manager: `sha512:HEX`. */
  readonly checksum?: string;
  readonly chosen: boolean;
  readonly why: string;
}

/** What one runtime comes to here, and by what. */
export interface DetectedDecision {
  readonly tool: string;
  readonly request: string;
  /** `file`, `variable` or `setting`: what kind of thing decided. */
  readonly by: string;
  /** The file, absolute, with the line; or the name of the variable or setting. */
  readonly from: string;
  readonly line?: number;
  /** The rule of `docs/reference/pin-files.md`, in words. */
  readonly rule: string;
  /** The folder whose lock and private homes are used. */
  readonly folder: string;
  /** It holds for this call only. */
  readonly once: boolean;
}

/** A server, and what says so. */
export interface DetectedService {
  readonly name: string;
  readonly kind: string;
  /** As written; absent where nothing says one. */
  readonly version?: string;
  readonly databases: readonly string[];
  /** Relative to the folder asked for. */
  readonly file: string;
  readonly line: number;
  /** By `[services]`. What only other files show is what `polyenv init` and `polyenv import compose` would declare. */
  readonly declared: boolean;
  readonly why: string;
}

export async function detect(ctx: ProjectContext, directory: string): Promise<Detected> {
  return detectIn(ctx, { directory, runtimes: await loadRuntimes() });
}

export function detectIn(
  ctx: ProjectContext,
  { directory, runtimes }: { readonly directory: string; readonly runtimes: readonly Runtime[] },
): Detected {
  const project = findProjectOf(ctx, { folder: directory, runtimes });
  const managers = managerFaults(ctx, directory);
  return {
    schema: 1,
    directory,
    found: project.verdicts.flatMap((verdict) => pinsOf(directory, verdict)),
    decisions: project.decisions.map((decision) => describeDecision(project, decision)),
    services: detectServices(ctx, { directory, runtimes, project }),
    errors: withoutRepeats([...project.errors, ...managers.errors].map((error) => describeError(directory, error))),
    warnings: [...project.disagreements, ...project.warnings, ...managers.warnings],
  };
}

/** The folder and what lies up to that deep below it are looked at. */
const LOOK = { depth: 3, most: 2000 };

function detectServices(
  ctx: ProjectContext,
  of: { readonly directory: string; readonly runtimes: readonly Runtime[]; readonly project: Project },
): readonly DetectedService[] {
  const { directory, runtimes, project } = of;
  const { folders } = walkProjects(directory, { ...LOOK, isDependency: (path) => isDependency(ctx, path) });
  const declared = project.services.map(({ name, tool, version, databases, file, line }) => ({
    name,
    kind: tool,
    ...present({ version }),
    databases,
    file: relative(directory, file),
    line,
    declared: true,
    why: '[services] declares it',
  }));
  const shown = servicesNamed(directory, folders, runtimes).map(({ what, file, ...one }) => ({
    ...one,
    file: relative(directory, file),
    declared: false,
    why: what,
  }));
  return [...declared, ...shown];
}

function describeDecision({ verdicts }: Project, decision: Project['decisions'][number]): DetectedDecision {
  const { tool, request, from, folder, once, through } = decision;
  const verdict = verdicts.find((one) => one.tool === tool);
  const base = { tool, request: request.text, folder, once: once !== undefined };
  switch (from.kind) {
    case 'file':
      return {
        ...base,
        by: 'file',
        from: from.file,
        ...present({ line: from.line }),
        rule: through === undefined ? (verdict?.why ?? '') : `${verdict?.why ?? ''}, read so because ${through} is set`,
      };
    case 'variable':
      return { ...base, by: 'variable', from: from.name, rule: 'a variable of the call comes before every file' };
    case 'setting':
      return {
        ...base,
        by: 'setting',
        from: from.name,
        rule: 'nothing pins it, and the default of the person decides',
      };
    default:
      return {
        ...base,
        by: from.kind,
        from: describeOrigin(from),
        rule: 'the command line comes before everything else',
      };
  }
}

function pinsOf(directory: string, verdict: Project['verdicts'][number]): readonly DetectedPin[] {
  const { tool, chosen, request, why, alternatives } = verdict;
  const own = chosen === undefined ? [] : [{ saying: chosen, why }];
  return [...own, ...alternatives].flatMap(({ saying, why: reason }) => {
    if (saying.fault !== undefined) return [];
    const asked = saying === chosen ? request : saying.request;
    return [{ tool, ...pinOf(directory, saying, asked), chosen: saying === chosen, why: reason }];
  });
}

function pinOf(
  directory: string,
  saying: Saying,
  request: ToolRequest | undefined,
): Omit<DetectedPin, 'tool' | 'chosen' | 'why'> {
  const vendor = request?.vendor;
  const { components, targets, profile, checksum } = request?.options ?? saying.options;
  return {
    file: relative(directory, saying.file),
    line: saying.line ?? 1,
    requests: vendor === undefined ? saying.requests : saying.requests.map((text) => withoutVendor(text, request)),
    ...present({ vendor, components, targets, profile: profile?.[0], checksum: checksum?.[0] }),
  };
}

/** The version of a request whose text carries its vendor in front or behind. */
function withoutVendor(text: string, request: ToolRequest | undefined): string {
  if (request === undefined || text !== request.text) return text;
  const { version } = request;
  switch (version.kind) {
    case 'exact':
      return version.version;
    case 'prefix':
      return version.numbers.join('.');
    case 'channel':
      return version.name;
    case 'range':
      return version.text;
    default:
      return version.kind;
  }
}

/** What is wrong with the package manager that a file asks for, of whatever name: each runtime's pins look at their own only. */
function managerFaults(
  ctx: ProjectContext,
  directory: string,
): {
  readonly errors: readonly PolyenvError[];
  readonly warnings: readonly string[];
} {
  const path = join(directory, 'package.json');
  try {
    const document = openDocument({ path, boundary: () => reachOf(directory, ctx.host.personHome) });
    if (document === undefined) return { errors: [], warnings: [] };
    const { warnings } = readPackageManager(document);
    return { errors: [], warnings: warnings.map(({ line, text }) => `${path}:${line}: ${text}`) };
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    return { errors: [error], warnings: [] };
  }
}

function describeError(directory: string, { message, where }: PolyenvError): Detected['errors'][number] {
  return { file: where === undefined ? '' : relative(directory, where.file), line: where?.line ?? 1, message };
}

/** A package.json that is no JSON is one error, whoever read it. */
function withoutRepeats(errors: Detected['errors']): Detected['errors'] {
  return [...new Map(errors.map((error) => [JSON.stringify(error), error])).values()];
}
