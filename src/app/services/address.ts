import { randomInt } from 'node:crypto';
import { withLock } from '../../adapters/home/lock';
import { folderIdentity, listServices, readState, writeState } from '../../adapters/services/folders';
import { listenerOf } from '../../adapters/services/processes';
import { isPortFree } from '../../adapters/system/ports';
import { candidatePorts } from '../../domain/services/ports';
import type { ServiceState } from '../../domain/services/state';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { type KnownService, placeIn, titleOf } from './known';

/**
 * The state of a service with its ports and password: made once and then kept, so that addresses stay. Two projects never
 * get the same port while both are known. Called under the service's lock.
 */
export async function addressedState(ctx: Context, known: KnownService, toolchain: Toolchain): Promise<ServiceState> {
  const { folder, service, runtime, declared } = known;
  const project = await folderIdentity(folder.project);
  const before = await readState(folder);
  const ports = before?.ports;
  const kept =
    ports !== undefined &&
    (declared.port === undefined || declared.port === ports.main) &&
    portNames(known).every((name) => ports[name] !== undefined);
  const base = {
    project,
    kind: runtime.id,
    version: toolchain.version,
    toolchain: toolchain.root,
    platform: before?.platform ?? ctx.platform,
    line: before?.line ?? service.line(toolchain.version),
    user: service.secret?.user ?? '',
    password: before?.password ?? (service.secret === undefined ? '' : newPassword()),
    databases: before?.databases ?? [],
    extensions: before?.extensions ?? [],
    runAs: before?.runAs ?? { how: 'self', uid: ctx.host.uid ?? 0, gid: 0 },
  } as const;
  if (kept && ports !== undefined) return { ...base, ports };
  return withLock(
    {
      home: ctx.home,
      host: ctx.host,
      emit: ctx.emit,
      name: 'ports',
      purpose: 'choosing a port',
      timeout: ctx.settings.lockTimeout,
    },
    async () => {
      const state: ServiceState = { ...base, ports: await choosePorts(ctx, known, ports) };
      // Which version opened the data last is known until another one has.
      await writeState(folder, before === undefined ? state : { ...before, ports: state.ports });
      return state;
    },
  );
}

async function choosePorts(
  ctx: Context,
  known: KnownService,
  before: ServiceState['ports'] | undefined,
): Promise<ServiceState['ports']> {
  const others = (await listServices(ctx.home)).filter(({ folder }) => folder.root !== known.folder.root);
  const taken = new Set(others.flatMap(({ state }) => Object.values(state?.ports ?? {})));
  const chosen: Record<string, number> = {};
  for (const name of portNames(known)) {
    const fixed = name === 'main' ? known.declared.port : undefined;
    const old = name === 'main' ? undefined : before?.[name];
    const port = fixed ?? old ?? (await firstFree(`${known.folder.root} ${name}`, taken));
    chosen[name] = port;
    taken.add(port);
  }
  return { ...chosen, main: chosen.main as number };
}

/** A free port for a server that lives only for a while. */
export async function temporaryPort(ctx: Context, key: string): Promise<number> {
  const taken = (await listServices(ctx.home)).flatMap(({ state }) => Object.values(state?.ports ?? {}));
  return firstFree(key, new Set(taken));
}

async function firstFree(key: string, taken: ReadonlySet<number>): Promise<number> {
  for (const port of candidatePorts(key)) if (!taken.has(port) && (await isPortFree(port))) return port;
  throw new PolyenvError('port-taken', 'no port between 20000 and 29999 is free', {
    hint: 'stop services that you do not need: polyenv ps --all',
  });
}

/** Throws `port-taken`, naming who listens there: never another port in silence. */
export async function checkPorts(ctx: Context, known: KnownService, state: ServiceState): Promise<void> {
  for (const [name, port] of Object.entries(state.ports)) {
    // guard: port-free
    if (!(await isPortFree(port))) throw await portTaken(ctx, known, { name, port });
  }
}

async function portTaken(
  ctx: Context,
  known: KnownService,
  { name, port }: { readonly name: string; readonly port: number },
): Promise<PolyenvError> {
  const twin = (await listServices(ctx.home)).find(
    ({ folder, state }) => folder.root !== known.folder.root && Object.values(state?.ports ?? {}).includes(port),
  );
  const who = (await listenerOf(port)) ?? 'a process that this system does not name';
  const whose = twin === undefined ? '' : `, which ${twin.folder.name} of ${twin.folder.project} has too`;
  const which = name === 'main' ? '' : ` (${name})`;
  return new PolyenvError('port-taken', `port ${port}${which} of ${titleOf(known)} is taken by ${who}${whose}`, {
    where: placeIn(known),
    hint: 'stop that program, or set another port in the manifest: port = NUMBER',
  });
}

function portNames({ service }: KnownService): readonly string[] {
  return ['main', ...(service.ports ?? [])];
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Letters and digits, which every file, URL and shell takes as they are. */
function newPassword(): string {
  return Array.from({ length: 32 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}
