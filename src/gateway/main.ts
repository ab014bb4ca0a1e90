import { appendFileSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { askGateway, decodeHello } from '../adapters/gateway/control';
import { gatewayLog } from '../adapters/gateway/gateway-process';
import { controlSocket } from '../adapters/gateway/place';
import { withLock } from '../adapters/home/lock';
import { type Home, homeOf } from '../adapters/home/paths';
import { openAuthority } from '../adapters/tls/authority';
import { writeBundle } from '../adapters/tls/bundle';
import { CONTROL_FORMAT, type Hello, replaces } from '../domain/gateway/handover';
import { PolyenvError } from '../domain/words/errors';
import type { Host } from '../host';
import { listenForControl } from './control-server';
import { openDashboard } from './dashboard/dashboard';
import { watchNeed } from './need';
import { listenSomewhere } from './port-choice';
import { openRouter } from './router';

/**
 * `polyenv gateway serve`: lives until it is told to stop, a newer one takes its place, its home is gone, or nobody has
 * needed it for an hour. Everything slow is done before an older one is asked to go, so that names are served all the time.
 */
export async function runProgram(host: Host): Promise<number> {
  const home = homeOf(host);
  const log = logger(home, host);
  const closing: (() => void)[] = [];
  try {
    const wanted = readWords(host.argv.slice(2));
    const socketPath = await controlSocket({ home, host });
    const authority = await openAuthority({ home, host });
    await writeBundle(home, authority.root);
    const since = host.now().toISOString();
    const router = await openRouter({ home, host, authority, log });
    const dashboard = openDashboard({ home, host, log });
    closing.push(router.close, dashboard.close);
    const lock = { home, host, emit: () => undefined, name: 'gateway', purpose: 'starting the gateway', timeout: 20 };
    const running = await withLock(lock, async () => {
      const found = await askGateway(socketPath, { op: 'hello' });
      if (found !== undefined) {
        const hello = decodeHello(found);
        const stays = !replaces(__VERSION__, hello.version) && (wanted.port ?? hello.port) === hello.port;
        if (stays || hello.format > CONTROL_FORMAT) return undefined;
        log(`takes the place of version ${hello.version}`);
        await askGateway(socketPath, { op: 'stop' });
      }
      const engine = await listenSomewhere({
        home,
        wanted: wanted.port,
        open: (port) => router.openEngine(port, dashboard.handle),
      });
      const hello: Hello = { format: CONTROL_FORMAT, version: __VERSION__, pid: host.pid, port: engine.port, since };
      const stopping = stopOnce();
      const control = await listenForControl(socketPath, {
        hello,
        status: async () => {
          // Folders of projects go without a word.
          await router.reload();
          return { ...hello, ...router.status(), memory: host.memory(), dashboards: dashboard.sessions() };
        },
        reload: router.reload,
        key: () => ({ link: dashboard.newKey(engine.port) }),
        revoke: () => ({ ended: dashboard.revoke() }),
        stop: async () => {
          await engine.close();
          stopping.resolve('it was asked to');
        },
      });
      return { engine, control, stopping };
    });
    if (running === undefined) return 0;
    const { engine, control, stopping } = running;
    log(`serves at port ${engine.port}, process ${host.pid}, version ${__VERSION__}`);
    const release = host.onSignal((signal) => stopping.resolve(signal));
    const need = watchNeed({
      socketPath,
      folder: home.gateway,
      router,
      load: engine.load,
      hasReaders: dashboard.hasReaders,
      after: wanted.endAfter,
      end: stopping.resolve,
    });
    const why = await stopping.promise;
    log(`ends: ${why}`);
    release();
    need.close();
    await control.close();
    leaveFolder(socketPath, home);
    await engine.close();
    return 0;
  } catch (error) {
    const text = error instanceof PolyenvError ? error.message : String((error as Error).stack ?? error);
    log(text);
    return 1;
  } finally {
    for (const close of closing) close();
  }
}

function stopOnce(): { readonly promise: Promise<string>; resolve(why: string): void } {
  let resolve: (why: string) => void = () => undefined;
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function readWords(words: readonly string[]): { readonly port: number | undefined; readonly endAfter: number } {
  const after = (name: string): number | undefined => {
    const value = Number(words[words.indexOf(name) + 1]);
    return words.includes(name) && Number.isInteger(value) ? value : undefined;
  };
  return { port: after('--port'), endAfter: after('--end-after') ?? 3600 };
}

/** A folder outside of the home was made for the socket alone. */
function leaveFolder(socketPath: string, home: Home): void {
  const folder = dirname(socketPath);
  if (folder.startsWith(home.root)) return;
  try {
    rmdirSync(folder);
  } catch {
    // Something else is in it.
  }
}

/** Appends a line, as good as it can: a full disk is no reason to stop serving. */
function logger(home: Home, host: Host): (text: string) => void {
  return (text) => {
    try {
      appendFileSync(gatewayLog(home), `${host.now().toISOString()} ${text}\n`, { mode: 0o600 });
    } catch {
      // Nobody can be told.
    }
  };
}
