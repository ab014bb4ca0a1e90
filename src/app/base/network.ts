import type { Home } from '../../adapters/home/paths';
import { openHttp } from '../../adapters/net/http';
import { openLineSpeeds } from '../../adapters/net/line-speed';
import { openMirrors } from '../../adapters/net/mirrors';
import { openUpstream } from '../../adapters/upstream/upstream';
import type { Settings } from '../../domain/project/settings';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { Emit } from '../../domain/words/events';
import type { Host } from '../../host';
import { loadRuntimes } from './registry';
import { openTeamStores } from './team-stores';

export type Network = Awaited<ReturnType<typeof openNetwork>>;

/** The way out: mirrors, proxies, caches and registries as the person configured them. Loaded only by what needs it. */
export async function openNetwork(options: {
  readonly host: Host;
  readonly home: Home;
  readonly settings: Settings;
  readonly platform: PlatformKey;
  readonly emit: Emit;
}) {
  const { host, home, settings, emit } = options;
  const sources = (await loadRuntimes()).flatMap((runtime) => runtime.sources);
  const mirrors = openMirrors({ settings, env: host.env, sources });
  const concealed: Emit = (event) => emit(mirrors.concealment.concealEvent(event));
  const http = openHttp({ host, settings, emit: concealed, rewrite: mirrors.rewrite });
  const upstream = openUpstream({ ...options, http, mirrors });
  const stores = openTeamStores({ http, host, settings, concealment: mirrors.concealment, emit: concealed });
  const lines = await openLineSpeeds({ cache: home.cache, now: host.now });
  return { http: upstream.http, upstream, stores, lines, close: () => http.close() };
}
