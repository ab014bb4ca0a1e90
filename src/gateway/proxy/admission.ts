import { nameOfAuthority, originForm } from '../../domain/gateway/authority';
import { isForeign } from '../../domain/gateway/foreign-pages';
import { hopsOf, valuesOf } from '../../domain/gateway/header-rules';
import { DASHBOARD_NAME, hostOfName, ownerLabel } from '../../domain/gateway/local-name';
import { type FoundRoute, targetOf } from '../../domain/gateway/name-table';
import type { EngineLoad, EngineOptions, Limits, Problem } from './engine';
import type { Exchange } from './exchange';

export type Admission =
  | { readonly kind: 'own' }
  | { readonly kind: 'forward'; readonly route: FoundRoute; readonly target: string; readonly hops: number }
  | { readonly kind: 'refused'; readonly problem: Problem };

interface Rules {
  readonly options: EngineOptions;
  readonly limits: Limits;
  readonly load: EngineLoad;
  readonly upgrade: 'websocket' | 'none';
}

/** Who the request is for, and whether it may go there. */
export function admit(exchange: Exchange, { options, limits, load, upgrade }: Rules): Admission {
  const { authorities, method, lines } = exchange;
  if (authorities.length > 1) return refuse({ kind: 'request' });
  const name = nameOfAuthority(authorities[0], options.port);
  // guard: gateway-misdirected
  if (name === undefined || exchange.serverName !== hostOfName(name)) return refuse({ kind: 'misdirected' });
  if (method === 'TRACE' || (method === 'CONNECT' && upgrade === 'none')) return refuse({ kind: 'method' });
  const target = originForm(exchange.target, authorities[0] ?? '');
  if (target === undefined) return refuse({ kind: 'request' });
  if (name === DASHBOARD_NAME) return upgrade === 'none' ? { kind: 'own' } : refuse({ kind: 'method' });
  if (ownerLabel(name) === DASHBOARD_NAME) return refuse({ kind: 'misdirected' });
  const route = options.route(name, target);
  if (route === 'unknown') {
    const foreign = valuesOf(lines, 'sec-fetch-site')[0] === 'cross-site';
    return refuse({ kind: 'unknown', name, showNames: foreign ? 'hide' : 'show' });
  }
  // guard: gateway-foreign
  if (isForeign(lines, { upgrade, origins: route === 'nowhere' ? [] : route.origins })) {
    return refuse({ kind: 'foreign', name, origin: valuesOf(lines, 'origin')[0] });
  }
  if (route === 'nowhere') return refuse({ kind: 'nowhere', name, target });
  const hops = hopsOf(lines);
  if (hops === undefined || route.port === options.port) return refuse({ kind: 'circle' });
  if (load.inProgress >= limits.inProgress) return refuse({ kind: 'busy' });
  return { kind: 'forward', route, target: targetOf(route, target), hops };
}

function refuse(problem: Problem): Admission {
  return { kind: 'refused', problem };
}
