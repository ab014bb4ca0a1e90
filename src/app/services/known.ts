import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { type ServiceFolder, serviceFolder, socketFolder } from '../../adapters/services/folders';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Service, ServicePlace } from '../../domain/runtime/service';
import type { ServiceState } from '../../domain/services/state';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { parseToolRequest } from '../../domain/versions/tool-request';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { orNearest } from '../../domain/words/nearest';
import { present } from '../../domain/words/present';
import { quoted } from '../../domain/words/printable';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { readKnown } from '../project/locks';
import { type Decision, findProject, type ProjectService } from '../project/project';
import { commandsOf } from '../routes/compile';
import { installed } from '../routes/execute';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { findProvided } from '../toolchains/provide';

/** A service of a manifest, with its kind and where it is kept. */
export interface KnownService {
  readonly declared: ProjectService;
  readonly runtime: Runtime;
  readonly service: Service;
  readonly folder: ServiceFolder;
  /** What pins its version, where the folder that was looked at tells: else its own folder is asked. */
  readonly decision?: Decision;
}

/** The services that the folder in question sees, or those named. Throws `service-unknown`, and what is wrong with a manifest. */
export async function knownServices(ctx: Context, names: readonly string[] = []): Promise<readonly KnownService[]> {
  const project = await findProject(ctx, ctx.directory);
  const broken = project.errors.find(({ code }) => code === 'manifest-invalid');
  if (broken !== undefined) throw broken;
  const runtimes = await loadRuntimes();
  const all = project.services.map((declared): KnownService => {
    const runtime = runtimes.find(({ id }) => id === declared.tool) as Runtime;
    const service = runtime.service as Service;
    const decision = [...project.decisions, ...project.servicePins].find(
      (one) =>
        one.tool === declared.tool &&
        one.folder === declared.folder &&
        (declared.version === undefined || one.request.text === declared.version),
    );
    return {
      declared,
      runtime,
      service,
      folder: serviceFolder(ctx.home, realpathSync(declared.folder), declared.name),
      ...present({ decision }),
    };
  });
  for (const name of names) {
    if (!all.some(({ declared }) => declared.name === name)) throw unknownService(ctx, name, all);
  }
  return names.length === 0 ? all : all.filter(({ declared }) => names.includes(declared.name));
}

/** The one service of that name; without a name, the only one there is. */
export async function oneService(ctx: Context, name: string | undefined): Promise<KnownService> {
  const services = await knownServices(ctx, name === undefined ? [] : [name]);
  const [only] = services;
  if (only === undefined) throw noServices(ctx);
  if (services.length > 1) {
    throw new PolyenvError('usage', `there are ${services.length} services: say which one`, {
      hint: `one of ${services.map(({ declared }) => declared.name).join(', ')}`,
    });
  }
  return only;
}

export function noServices(ctx: Context): PolyenvError {
  return new PolyenvError('service-unknown', `no manifest in ${ctx.directory} or above it names a service`, {
    hint: 'write it below [services] in polyenv.toml, for example: db = "postgres@17"',
  });
}

function unknownService(ctx: Context, name: string, all: readonly KnownService[]): PolyenvError {
  const names = all.map(({ declared }) => declared.name);
  if (names.length === 0) return noServices(ctx);
  const what = `no manifest here or above has a service called ${quoted(name)}`;
  return new PolyenvError('service-unknown', what, orNearest(name, names, `there are: ${names.join(', ')}`));
}

export function withoutData(known: KnownService): PolyenvError {
  return new PolyenvError('service-stopped', `${titleOf(known)} has no data: it was never started`, {
    hint: `polyenv up ${known.declared.name}`,
  });
}

/** Where the manifest says it, for messages. */
export function placeIn({ declared }: Pick<KnownService, 'declared'>): {
  readonly file: string;
  readonly line: number;
} {
  return { file: declared.file, line: declared.line };
}

/** The version that a service is to have, as far as it is known here: its own, else what its folder pins. Never uses the network. */
export async function wantedToolchain(ctx: Context, known: KnownService): Promise<DecidedToolchain> {
  const { runtime } = known;
  const decision = await decisionOf(ctx, known);
  const file = decision.from.kind === 'file' ? basename(decision.from.file) : undefined;
  const { lock, path } = await readKnown(ctx, decision.folder, file);
  const found = await findProvided(ctx, { runtime, request: decision.request, lock });
  return { decision, runtime, lockPath: path, ...found };
}

/** The same, installed. */
export async function readyToolchain(ctx: Context, known: KnownService): Promise<Toolchain> {
  const { toolchain } = await installed(ctx, await wantedToolchain(ctx, known));
  return toolchain as Toolchain;
}

async function decisionOf(ctx: Context, { declared, runtime, decision }: KnownService): Promise<Decision> {
  if (decision !== undefined && decision.once === undefined) return decision;
  const project = await findProject(ctx, declared.folder);
  const decided = project.decisions.find(({ tool }) => tool === runtime.id);
  if (decided !== undefined && (declared.version === undefined || decided.request.text === declared.version)) {
    return decided;
  }
  const fault = project.errors.find(({ tool }) => tool === runtime.id);
  if (fault !== undefined) throw fault;
  const request = parseToolRequest(`${runtime.id}@${declared.version ?? 'latest'}`, () => runtime);
  const from = { kind: 'file', file: declared.file, line: declared.line } as const;
  return { tool: runtime.id, request, from, folder: declared.folder, alternatives: [] };
}

/** What a kind's pure functions are told. */
export function servicePlace(
  ctx: Context,
  known: Pick<KnownService, 'folder' | 'runtime' | 'service'>,
  of: {
    readonly state: ServiceState;
    readonly databases: readonly string[];
    readonly extensions: readonly string[];
    /** Whose commands are the clients; by default the server's own. */
    readonly clients?: Toolchain | Pick<Toolchain, 'root' | 'version' | 'platform'>;
    readonly data?: string;
  },
): ServicePlace {
  const { state, databases, extensions, data = known.folder.data } = of;
  const version = state.version as Version;
  const clients = of.clients ?? { root: state.toolchain, version, platform: ctx.platform };
  return {
    version,
    platform: ctx.platform,
    toolchain: state.toolchain,
    commands: commandsOf(ctx, known.runtime, clients),
    data,
    secrets: known.folder.secrets,
    sockets: known.service.sockets === true ? socketFolder(ctx.host, known.folder) : '',
    host: '127.0.0.1',
    ports: state.ports,
    user: state.user,
    password: state.password,
    databases,
    extensions,
  };
}

/** The databases that a service is to have: those of the manifest, else the usual one. */
export function wantedDatabases({ declared, service }: Pick<KnownService, 'declared' | 'service'>): readonly string[] {
  return declared.databases.length > 0 ? declared.databases : (service.databases?.usual ?? []);
}

/** `db: postgres 17.2`: how it is called in messages. */
export function titleOf({ declared, runtime }: Pick<KnownService, 'declared' | 'runtime'>): string {
  return `${declared.name} (${runtime.id})`;
}
