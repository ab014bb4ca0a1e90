import { checkLayout } from '../adapters/home';
import { openHttp } from '../adapters/http';
import { machinePlatform } from '../adapters/machine';
import { openMirrors } from '../adapters/mirrors';
import { type Home, homeOf } from '../adapters/paths';
import { loadSettings } from '../adapters/settings';
import { openUpstream } from '../adapters/upstream';
import { PolyenvError } from '../domain/errors';
import type { Emit } from '../domain/events';
import type { PlatformKey } from '../domain/platform';
import type { Settings } from '../domain/settings';
import type { Host } from '../host';
import { loadRuntimes } from './registry';

/** What every use case receives: the host, the home, the settings, and the way out to the network, opened on demand. */
export interface Context {
  readonly host: Host;
  readonly home: Home;
  readonly settings: Settings;
  readonly platform: PlatformKey;
  readonly emit: Emit;
  /** The folder in question: `-C DIR`, else where the person stands. */
  readonly directory: string;
  network(): Promise<Network>;
  close(): Promise<void>;
}

export type Network = Awaited<ReturnType<typeof openNetwork>>;

export interface ContextOptions {
  readonly host: Host;
  readonly emit: Emit;
  readonly directory: string | undefined;
  readonly offline: boolean;
}

export async function openContext({ host, emit, directory, offline }: ContextOptions): Promise<Context> {
  const home = homeOf(host);
  await checkLayout(home);
  const loaded = await loadSettings(host);
  const settings = offline ? { ...loaded, offline: true } : loaded;
  if (directory === undefined) {
    throw new PolyenvError('folder-vanished', 'the working folder no longer exists', {
      hint: 'cd to a folder that does',
    });
  }
  const platform = await machinePlatform(host);
  let network: Promise<Network> | undefined;
  return {
    host,
    home,
    settings,
    platform,
    emit,
    directory,
    network: () => {
      network ??= openNetwork({ host, home, settings, platform, emit });
      return network;
    },
    close: async () => {
      await (await network)?.close();
    },
  };
}

async function openNetwork(options: {
  readonly host: Host;
  readonly home: Home;
  readonly settings: Settings;
  readonly platform: PlatformKey;
  readonly emit: Emit;
}) {
  const { host, settings, emit } = options;
  const sources = (await loadRuntimes()).flatMap((runtime) => runtime.sources);
  const mirrors = openMirrors({ settings, env: host.env, sources });
  const concealed: Emit = (event) => emit(mirrors.concealment.concealEvent(event));
  const http = openHttp({ host, settings, emit: concealed, rewrite: mirrors.rewrite });
  const upstream = openUpstream({ ...options, http, mirrors });
  return { http: upstream.http, upstream, close: () => http.close() };
}
