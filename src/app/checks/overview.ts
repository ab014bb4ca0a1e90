import { basename } from 'node:path';
import { realPathOr } from '../../adapters/files/real-path';
import { readAllNames } from '../../adapters/gateway/names-store';
import { listEnvironmentFolders } from '../../adapters/routes/environments';
import { listServices } from '../../adapters/services/folders';
import { isFolder } from '../../adapters/system/discover';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { describeOrigin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { type ListedName, listNames } from '../gateway/names';
import { findProject, type Project } from '../project/project';
import { trustedEffects } from '../project/trusted';
import { decidedToolchainsOf } from '../routes/compile';
import { lookAtServices, type ServiceView } from '../services/look';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { lifecycleFindings } from './doctor';
import { lockDrift } from './drift';
import { type Finding, unreadable } from './finding';

/** One project as a person wants to see it at a glance. */
export interface ProjectOverview {
  readonly folder: string;
  /** Its first name, else its folder's. */
  readonly name: string;
  readonly runtimes: readonly RuntimeOverview[];
  readonly services: readonly ServiceOverview[];
  readonly names: readonly Pick<ListedName, 'name' | 'address' | 'routes'>[];
  readonly findings: readonly Omit<Finding, 'fix'>[];
  /** Bytes of the data of its services. */
  readonly data: number;
}

export interface RuntimeOverview {
  readonly tool: string;
  readonly title: string;
  readonly request: string;
  /** Absent: not installed. */
  readonly version?: string;
  readonly linked?: true;
  /** `FILE:LINE`. */
  readonly from: string;
}

export type ServiceOverview = Pick<
  ServiceView,
  'name' | 'kind' | 'version' | 'state' | 'declared' | 'address' | 'since' | 'memory' | 'data' | 'said'
>;

/** Every project of this home whose folder is there, by name. Looks only, and never uses the network. */
export async function lookAtProjects(ctx: Context): Promise<readonly ProjectOverview[]> {
  const found: ProjectOverview[] = [];
  const names = await listNames(ctx);
  // One at a time, because each reads many small files.
  for (const folder of await projectFolders(ctx)) found.push(await overviewOf({ ...ctx, directory: folder }, names));
  return found.toSorted(
    (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }) || (a.folder < b.folder ? -1 : 1),
  );
}

/** Folders in which something was pinned, started or named. */
async function projectFolders({ home, host }: Context): Promise<readonly string[]> {
  const [environments, services, { projects }] = await Promise.all([
    listEnvironmentFolders(home),
    listServices(home),
    readAllNames(home),
  ]);
  const all = [
    ...environments,
    ...services.map(({ folder }) => folder.project),
    ...projects.map(({ project }) => project),
  ];
  const own = `${realPathOr(home.root)}/`;
  const real = all.filter(isFolder).map(realPathOr);
  return [...new Set(real)].filter((folder) => folder !== realPathOr(host.personHome) && !`${folder}/`.startsWith(own));
}

async function overviewOf(ctx: Context, names: readonly ListedName[]): Promise<ProjectOverview> {
  const folder = ctx.directory;
  const own = names.filter(({ project }) => project === folder);
  const base = { folder, name: own[0]?.name ?? basename(folder), names: own.map(nameOf) };
  try {
    const project = await findProject(ctx, folder);
    const allDecided = await decidedToolchainsOf(ctx, project);
    const services = (await lookAtServices(ctx)).filter((one) => one.project === folder);
    return {
      ...base,
      runtimes: allDecided.map(runtimeOf),
      services: services.map(serviceOf),
      findings: await findingsOf(ctx, { project, allDecided, services }),
      data: services.reduce((sum, { data = 0 }) => sum + data, 0),
    };
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    return { ...base, runtimes: [], services: [], findings: [unreadable(error)], data: 0 };
  }
}

interface Looked {
  readonly project: Project;
  readonly allDecided: readonly DecidedToolchain[];
  readonly services: readonly ServiceView[];
}

async function findingsOf(
  ctx: Context,
  { project, allDecided, services }: Looked,
): Promise<readonly Omit<Finding, 'fix'>[]> {
  const missing = allDecided.filter(
    ({ toolchain, decision }) => toolchain === undefined && decision.request.version.kind !== 'system',
  );
  const { untrusted } = await trustedEffects(ctx, project.manifests);
  const ended = services.filter(({ state }) => state === 'exited');
  const drift = await lockDrift(ctx, allDecided, async () => undefined);
  return [
    ...project.errors.map(unreadable),
    ...missing.map(
      ({ runtime, decision }): Omit<Finding, 'fix'> => ({
        kind: 'not-installed',
        level: 'error',
        message: `${runtime.title} ${decision.request.text} is pinned and not installed`,
        where: describeOrigin(decision.from),
        hint: 'polyenv install',
      }),
    ),
    ...ended.map(
      ({ name }): Omit<Finding, 'fix'> => ({
        kind: 'service-exited',
        level: 'error',
        message: `${name} ran, and ended by itself`,
        hint: `polyenv up ${name}`,
      }),
    ),
    ...untrusted.map(
      ({ path }): Omit<Finding, 'fix'> => ({
        kind: 'not-trusted',
        level: 'warning',
        message: 'Its polyenv.toml also wants to set variables, paths, tasks or sources',
        where: path,
        hint: 'polyenv trust',
      }),
    ),
    ...[...drift, ...(await lifecycleFindings(ctx, allDecided))].map(({ fix: _, ...finding }) => finding),
  ];
}

function runtimeOf({ decision, runtime, toolchain }: DecidedToolchain): RuntimeOverview {
  return {
    tool: runtime.id,
    title: runtime.title,
    request: decision.request.text,
    ...present({ version: toolchain?.version }),
    ...(toolchain?.linked !== undefined && { linked: true as const }),
    from: describeOrigin(decision.from),
  };
}

function serviceOf(view: ServiceView): ServiceOverview {
  const { name, kind, version, state, declared, address, since, memory, data, said } = view;
  return { name, kind, state, declared, ...present({ version, address, since, memory, data, said }) };
}

function nameOf({ name, address, routes }: ListedName): Pick<ListedName, 'name' | 'address' | 'routes'> {
  return { name, address, routes };
}
