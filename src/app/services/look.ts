import { isFolderAt, listServices, readState, type ServiceFolder } from '../../adapters/services/folders';
import { lastLines } from '../../adapters/services/logs';
import { memoryOf } from '../../adapters/services/processes';
import { bytesBelow } from '../../adapters/services/sizes';
import type { Runtime } from '../../domain/runtime/runtime';
import type { ServiceState } from '../../domain/services/state';
import { present } from '../../domain/words/present';
import type { ToolId } from '../../domain/words/tool-id';
import { withoutSecrets } from '../../domain/words/without-secrets';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { declaredNames } from './declared';
import { knownServices } from './known';
import { findServer } from './server';
import { movedFrom } from './start';

/** A service as it stands, without anything secret. */
export interface ServiceView {
  readonly name: string;
  readonly kind: ToolId;
  readonly version?: string;
  /** `new`: never started; `exited`: it ran and ended by itself; `elsewhere`: in another container or on another machine. */
  readonly state: 'running' | 'stopped' | 'exited' | 'new' | 'elsewhere';
  readonly project: string;
  /** Whether the project's folder is still there. */
  readonly gone: boolean;
  /** Whether a manifest names it. */
  readonly declared: boolean;
  readonly address?: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly pid?: number;
  /** ISO time. */
  readonly since?: string;
  /** Bytes. */
  readonly memory?: number;
  readonly data?: number;
  /** The last lines of one that exited. */
  readonly said?: readonly string[];
  /** Of a new one: where this very folder had its data before it was moved. */
  readonly moved?: string;
  readonly folder: ServiceFolder;
  readonly kept?: ServiceState;
}

/** The services that the folder sees, and those of its projects that no manifest names any more. */
export async function lookAtServices(ctx: Context): Promise<readonly ServiceView[]> {
  const known = await knownServices(ctx);
  const projects = new Set(known.map(({ folder }) => folder.project));
  const others = (await listServices(ctx.home)).filter(
    ({ folder }) =>
      (projects.has(folder.project) || isAbove(folder.project, ctx.directory)) &&
      !known.some((one) => one.folder.root === folder.root),
  );
  return Promise.all([
    ...known.map(async (one) => view(ctx, { ...one, state: await readState(one.folder), declared: true })),
    ...others.map(async (one) => view(ctx, { ...one, declared: false, runtime: await runtimeOf(one.state) })),
  ]);
}

/** Every service of every project of this home. */
export async function lookAtAll(ctx: Context): Promise<readonly ServiceView[]> {
  const services = await listServices(ctx.home);
  return Promise.all(
    services.map(async (one) =>
      view(ctx, {
        ...one,
        runtime: await runtimeOf(one.state),
        declared: (await declaredNames(one.folder.project)).includes(one.folder.name),
      }),
    ),
  );
}

async function runtimeOf(state: ServiceState | undefined): Promise<Runtime | undefined> {
  return (await loadRuntimes()).find(({ id }) => id === state?.kind);
}

async function view(
  ctx: Context,
  of: {
    readonly folder: ServiceFolder;
    readonly state: ServiceState | undefined;
    readonly runtime: Runtime | undefined;
    readonly declared: boolean;
  },
): Promise<ServiceView> {
  const { folder, state, runtime, declared } = of;
  const running = await findServer(ctx, folder, state);
  const exited = running.kind === 'none' && state?.server !== undefined;
  const base = {
    name: folder.name,
    kind: state?.kind ?? runtime?.id ?? '',
    project: folder.project,
    gone: !(await isFolderAt(folder.project)),
    declared,
    folder,
  };
  if (state === undefined) return { ...base, state: 'new', ...present({ moved: await movedFrom(ctx, folder) }) };
  const data = bytesBelow(folder.data);
  const kept = {
    ...base,
    version: state.version,
    ports: state.ports,
    address: `127.0.0.1:${state.ports.main}`,
    kept: state,
    ...present({ data }),
  };
  if (running.kind === 'elsewhere') return { ...kept, state: 'elsewhere' };
  if (running.kind === 'server') {
    const { pid, since } = running.server;
    const memory = memoryOf(pid);
    return { ...kept, state: 'running', pid, since, ...present({ memory }) };
  }
  if (!exited) return { ...kept, state: 'stopped' };
  const said = (await lastLines(folder, 3)).map((line) => withoutSecrets(line, [state.password]));
  return { ...kept, state: 'exited', said };
}

function isAbove(project: string, folder: string): boolean {
  return folder === project || folder.startsWith(`${project}/`);
}
