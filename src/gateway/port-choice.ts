import { join } from 'node:path';
import { readTextIfAny } from '../adapters/files/fs';
import { writeAtomic } from '../adapters/files/write-atomic';
import type { Home } from '../adapters/home/paths';
import { GATEWAY_PORTS } from '../domain/gateway/handover';
import { PolyenvError } from '../domain/words/errors';
import type { Engine } from './proxy/engine';

export interface PortChoice {
  readonly home: Home;
  readonly wanted: number | undefined;
  open(port: number): Engine;
}

/**
 * Listens at the port that was chosen once: it stands in bookmarks and in the settings of sign-in services, so another is
 * never taken in silence.
 */
export async function listenSomewhere({ home, wanted, open }: PortChoice): Promise<Engine> {
  const file = join(home.gateway, 'port');
  const kept = portOf(await readTextIfAny(file));
  const only = wanted ?? kept;
  for (const port of only === undefined ? GATEWAY_PORTS : [only]) {
    const engine = open(port);
    try {
      await engine.listen();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && only === undefined) continue;
      throw refusal(port, code, error);
    }
    if (port !== kept) await writeAtomic(file, `${port}\n`, { mode: 0o600 });
    return engine;
  }
  throw new PolyenvError('gateway-failed', 'no port between 8443 and 8499 is free on 127.0.0.1 and ::1');
}

function refusal(port: number, code: string | undefined, cause: unknown): PolyenvError {
  if (code === 'EACCES') {
    return new PolyenvError(
      'gateway-failed',
      `port ${port} needs more rights. On Linux this line, run once as an administrator, lets everybody use it: sysctl net.ipv4.ip_unprivileged_port_start=${port}`,
      { cause },
    );
  }
  const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be had (${code})`;
  return new PolyenvError(
    'gateway-failed',
    `port ${port} ${why}; choose another: polyenv gateway start --port ${port + 7}`,
    {
      cause,
    },
  );
}

function portOf(text: string | undefined): number | undefined {
  const port = Number(text?.trim());
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
