import { setTimeout as sleep } from 'node:timers/promises';
import { askGateway, type ControlRequest, decodeHello } from '../../adapters/gateway/control';
import { gatewayLog, spawnGateway } from '../../adapters/gateway/gateway-process';
import { controlSocket } from '../../adapters/gateway/place';
import { startOfProcess, withLock } from '../../adapters/home/lock';
import { isPortServed } from '../../adapters/system/ports';
import { CONTROL_FORMAT, type Hello, replaces } from '../../domain/gateway/handover';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

/** Seconds. */
const START_PATIENCE = 15;

/** The gateway that runs for this home, by its own word; `undefined` if none does. */
export async function findGateway(ctx: Context): Promise<Hello | undefined> {
  const answer = await tell(ctx, { op: 'hello' });
  return answer === undefined ? undefined : decodeHello(answer);
}

export interface StartOptions {
  /** Another port than the one that was chosen once. */
  readonly port?: number;
}

/** One runs when this resolves: this version's or a newer one. Several callers at once start one. */
export async function ensureGateway(ctx: Context, wanted: StartOptions = {}): Promise<Hello> {
  const found = await findGateway(ctx);
  if (found !== undefined && isServing(found, wanted)) return found;
  const { home, host, emit } = ctx;
  const lock = {
    home,
    host,
    emit,
    name: 'gateway-start',
    purpose: 'starting the gateway',
    timeout: START_PATIENCE * 2,
  };
  return withLock(lock, async () => {
    const meanwhile = await findGateway(ctx);
    if (meanwhile !== undefined && isServing(meanwhile, wanted)) return meanwhile;
    return start(ctx, wanted);
  });
}

/** Resolves to whether one ran. */
export async function stopGateway(ctx: Context): Promise<boolean> {
  const found = await findGateway(ctx);
  if (found === undefined || (await tell(ctx, { op: 'stop' })) === undefined) return false;
  // Its port is free by now; it is only writing its last lines.
  for (let wait = 0; wait < 250 && (await startOfProcess(found.pid)) !== undefined; wait += 1) await sleep(20);
  return true;
}

/** What the gateway says of itself, its names and its load. */
export interface GatewayStatus {
  readonly pid: number;
  readonly port: number;
  readonly version: string;
  readonly since: string;
  /** Bytes. */
  readonly memory: number;
  readonly damaged?: readonly string[];
  readonly names?: readonly StatusName[];
}

export interface StatusName {
  readonly name: string;
  readonly project: string;
  readonly routes: readonly StatusRoute[];
}

export interface StatusRoute {
  readonly path: string;
  readonly kind: string;
  readonly target: string;
  readonly port: number;
  /** Whether something listens at the port now: a name stays when its task ends. */
  readonly listens: boolean;
}

/** `undefined` if none runs. */
export async function gatewayStatus(ctx: Context): Promise<GatewayStatus | undefined> {
  const status = (await tell(ctx, { op: 'status' })) as GatewayStatus | undefined;
  if (status?.names === undefined) return status;
  const ports = new Set(status.names.flatMap(({ routes }) => routes.map(({ port }) => port)));
  const served = new Map(await Promise.all([...ports].map(async (port) => [port, await isPortServed(port)] as const)));
  const names = status.names.map(({ routes, ...name }) => ({
    ...name,
    routes: routes.map((route) => ({ ...route, listens: served.get(route.port) === true })),
  }));
  return { ...status, names };
}

/** Asks the gateway, if one runs. */
export async function tell(ctx: Context, request: ControlRequest): Promise<unknown> {
  try {
    return await askGateway(await controlSocket(ctx), request);
  } catch (error) {
    if (error instanceof PolyenvError) throw error;
    throw new PolyenvError('gateway-failed', 'the gateway does not answer', {
      hint: `see what it did: tail ${gatewayLog(ctx.home)}`,
      cause: error,
    });
  }
}

function isServing(found: Hello, wanted: StartOptions): boolean {
  if (wanted.port !== undefined && wanted.port !== found.port) return false;
  return found.format >= CONTROL_FORMAT && !replaces(__VERSION__, found.version);
}

async function start(ctx: Context, wanted: StartOptions): Promise<Hello> {
  const args = wanted.port === undefined ? [] : ['--port', String(wanted.port)];
  const started = await spawnGateway(ctx.host, ctx.home, args);
  let said: string | undefined;
  started.ended.then((text) => {
    said = text;
  });
  const deadline = performance.now() + START_PATIENCE * 1000;
  for (let wait = 5; performance.now() < deadline; wait = Math.min(wait * 2, 50)) {
    const found = await findGateway(ctx);
    if (found !== undefined && isServing(found, wanted)) return found;
    if (said !== undefined) break;
    await sleep(wait);
  }
  const reason = said === undefined ? `it is not ready after ${START_PATIENCE} seconds` : said || 'it said nothing';
  throw new PolyenvError('gateway-failed', `the gateway did not start: ${reason}`, {
    hint: `see what it did: tail ${gatewayLog(ctx.home)}`,
  });
}
