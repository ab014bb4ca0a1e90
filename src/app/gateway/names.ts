import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { readAllNames, removeNames, writeNames } from '../../adapters/gateway/names-store';
import { withLock } from '../../adapters/home/lock';
import { isPortFree } from '../../adapters/system/ports';
import type { Hello } from '../../domain/gateway/handover';
import { addressOf, hostOfName, ownerLabel } from '../../domain/gateway/local-name';
import {
  findConflict,
  type LocalName,
  NAMES_FORMAT,
  type NameRoute,
  type ProjectNames,
} from '../../domain/gateway/name-table';
import type { Manifest } from '../../domain/project/manifest';
import type { DomainTarget, ManifestDomain } from '../../domain/project/manifest-domains';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { isManifestTrusted } from '../project/trusted';
import { ensureGateway, findGateway, tell } from './gateway';

/** Of a service: where its server listens, and its web page, if it has one. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly page?: number;
}

export interface Announced {
  readonly name: string;
  /** `https://shop.localhost:8443/` */
  readonly address: string;
  readonly routes: readonly NameRoute[];
}

/**
 * Has the names of the manifest served: claims them, and starts the gateway or tells it. Nothing happens for a manifest
 * without `[domains]`. Without `services` those that were told before stay. Throws `name-taken` for one of another project.
 */
export async function announceNames(
  ctx: Context,
  manifest: Manifest,
  services?: readonly ServicePort[],
): Promise<readonly Announced[]> {
  const project = dirname(manifest.path);
  if (manifest.domains.length === 0) {
    await forgetNames(ctx, project);
    return [];
  }
  const claimed = await claimNames(ctx, manifest, services);
  const found = await findGateway(ctx);
  const gateway = await ensureGateway(ctx);
  if (found?.pid === gateway.pid) await tell(ctx, { op: 'reload' });
  return claimed.names.map((name) => announcedOf(name, gateway));
}

/** Gives the names up, so that another project may have them. */
export async function forgetNames(ctx: Context, project: string): Promise<void> {
  const { projects } = await readAllNames(ctx.home);
  if (!projects.some((one) => one.project === project)) return;
  await removeNames(ctx.home, project);
  await tell(ctx, { op: 'reload' });
}

export interface ListedName extends Announced {
  readonly project: string;
  /** Whether a gateway runs. */
  readonly served: boolean;
}

/** The names of a project, or of all, as they were last announced; the address holds where a gateway runs. */
export async function listNames(ctx: Context, project?: string): Promise<readonly ListedName[]> {
  const { projects } = await readAllNames(ctx.home);
  const wanted = projects.filter((one) => project === undefined || one.project === project);
  if (wanted.length === 0) return [];
  const gateway = await findGateway(ctx);
  return wanted.flatMap((one) =>
    one.names.map((name) => ({
      ...announcedOf(name, gateway),
      project: one.project,
      served: gateway !== undefined,
    })),
  );
}

/** The port that a task is told to listen on: its own, or for a task with a name one that polyenv chose once. */
export async function taskPorts(ctx: Context, manifest: Manifest): Promise<ReadonlyMap<string, number>> {
  const named = manifest.domains.flatMap(({ routes }) =>
    routes.flatMap(({ to }) => (to.kind === 'task' ? [to.name] : [])),
  );
  const ports = new Map(
    manifest.tasks.flatMap(({ name, port }) => (port === undefined ? [] : [[name, port] as const])),
  );
  const missing = [...new Set(named)].filter((name) => !ports.has(name));
  if (missing.length === 0) return ports;
  const project = dirname(manifest.path);
  const { projects } = await readAllNames(ctx.home);
  const routesOf = ({ names }: ProjectNames) => names.flatMap(({ routes }) => routes);
  const taken = new Set([...projects.flatMap(routesOf).map(({ port }) => port), ...ports.values()]);
  const kept = projects.filter((one) => one.project === project).flatMap(routesOf);
  for (const name of missing) {
    const before = kept.find(({ kind, target }) => kind === 'task' && target === name)?.port;
    const port = before ?? (await choosePort(`${project}\n${name}`, taken));
    taken.add(port);
    ports.set(name, port);
  }
  return ports;
}

async function claimNames(
  ctx: Context,
  manifest: Manifest,
  known: readonly ServicePort[] | undefined,
): Promise<ProjectNames> {
  const project = dirname(manifest.path);
  const { home, host, emit } = ctx;
  const lock = { home, host, emit, name: 'gateway-names', purpose: 'claiming a name', timeout: 30 };
  return withLock(lock, async () => {
    const { projects } = await readAllNames(home);
    const before = projects.find((one) => one.project === project);
    const services = known ?? servicesOf(before);
    const ports = await taskPorts(ctx, manifest);
    const trusted = await isManifestTrusted(ctx, manifest);
    const portOf = (to: DomainTarget): number | undefined => {
      if (to.kind === 'port') return to.port;
      if (to.kind === 'task') return ports.get(to.name);
      const service = services.find(({ name }) => name === to.name);
      return service?.page ?? service?.port;
    };
    const names = manifest.domains.map((domain) => {
      // guard: gateway-origins
      if (!trusted) return nameOf(domain, portOf, []);
      return nameOf(domain, portOf, domain.origins);
    });
    const own = pagesOf(manifest, services);
    const wanted = { format: NAMES_FORMAT, project, names: [...names, ...own] };
    const conflict = findConflict(wanted, projects);
    if (conflict !== undefined) throw taken(manifest, conflict);
    if (JSON.stringify(before) !== JSON.stringify(wanted)) await writeNames(home, wanted);
    return wanted;
  });
}

/** As they were when they were last told. */
function servicesOf(before: ProjectNames | undefined): readonly ServicePort[] {
  const routes = before?.names.flatMap((entry) => entry.routes) ?? [];
  return routes.flatMap(({ kind, target, port }) => (kind === 'service' ? [{ name: target, port, page: port }] : []));
}

function nameOf(
  { name, routes }: ManifestDomain,
  portOf: (to: DomainTarget) => number | undefined,
  origins: readonly string[],
): LocalName {
  return {
    name,
    origins,
    routes: routes.flatMap(({ path, to, strip }): readonly NameRoute[] => {
      const port = portOf(to);
      return port === undefined
        ? []
        : [{ path, kind: to.kind, target: to.kind === 'port' ? '' : to.name, port, ...present({ strip }) }];
    }),
  };
}

/** A service with a page of its own gets a name below the project's first one. */
function pagesOf({ domains }: Manifest, services: readonly ServicePort[]): readonly LocalName[] {
  const [first] = domains;
  if (first === undefined) return [];
  const owner = ownerLabel(first.name);
  return services.flatMap(({ name, page }): readonly LocalName[] => {
    const full = `${name.replaceAll('_', '-')}.${owner}`;
    if (page === undefined || domains.some((domain) => domain.name === full)) return [];
    return [{ name: full, origins: [], routes: [{ path: '/', kind: 'service', target: name, port: page }] }];
  });
}

function taken(
  manifest: Manifest,
  conflict: { readonly name: string; readonly taken: string; readonly project: string },
) {
  const line = manifest.domains.find(({ name }) => name === conflict.name)?.line ?? 1;
  const what =
    conflict.name === conflict.taken
      ? `${hostOfName(conflict.name)} belongs to the project in ${conflict.project}`
      : `${hostOfName(conflict.name)} cannot be had: the project in ${conflict.project} has ${hostOfName(conflict.taken)}, and with it every name that ends in ${hostOfName(ownerLabel(conflict.taken))}`;
  return new PolyenvError('name-taken', what, {
    where: { file: manifest.path, line },
    hint: `choose another name, or give that one up: polyenv -C ${JSON.stringify(conflict.project)} down`,
  });
}

function announcedOf({ name, routes }: LocalName, gateway: Hello | undefined): Announced {
  return { name, address: addressOf(name, gateway?.port ?? 443), routes };
}

const PORTS = { from: 20_000, to: 29_999 } as const;

/** The same for the same task, as long as nobody else has it. */
async function choosePort(key: string, taken: ReadonlySet<number>): Promise<number> {
  const span = PORTS.to - PORTS.from + 1;
  const first = createHash('sha256').update(key).digest().readUInt32BE(0) % span;
  for (let step = 0; step < span; step += 1) {
    const port = PORTS.from + ((first + step) % span);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new PolyenvError('failed', 'no port between 20000 and 29999 is free');
}
