import type { Home } from '../../adapters/home/paths';
import type { Host } from '../../host';
import type { Exchange } from '../proxy/exchange';
import type { Router } from '../router';

export interface DashboardOptions {
  readonly home: Home;
  readonly host: Host;
  readonly router: Router;
  log(text: string): void;
}

export interface Dashboard {
  handle(exchange: Exchange): Promise<void> | void;
  newKey(port: number): string;
  /** How many sessions it ended. */
  revoke(): number;
  sessions(): number;
  hasReaders(): boolean;
  close(): void;
}

export function openDashboard(_: DashboardOptions): Dashboard {
  return {
    handle: (exchange) => void exchange.respond(404, [['Content-Length', '0']], 'whole').end(),
    newKey: () => '',
    revoke: () => 0,
    sessions: () => 0,
    hasReaders: () => false,
    close: () => undefined,
  };
}
