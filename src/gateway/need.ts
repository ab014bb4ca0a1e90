import { existsSync, statSync } from 'node:fs';
import { isPortServed } from '../adapters/system/ports';
import type { EngineLoad } from './proxy/engine';
import type { Router } from './router';

export interface NeedOptions {
  readonly socketPath: string;
  /** The folder in the home; the socket may lie elsewhere. */
  readonly folder: string;
  readonly router: Router;
  readonly load: EngineLoad;
  /** Whether somebody looks at a dashboard. */
  hasReaders(): boolean;
  /** Seconds without a need after which it ends. */
  readonly after: number;
  end(why: string): void;
}

/** Seconds between two looks; counted, for the clock may jump while a machine sleeps. */
const LOOK = 60;

/** Ends the gateway when nobody needs it, or when its home was taken away: then nobody could reach it any more. */
export function watchNeed({ socketPath, folder, router, load, hasReaders, after, end }: NeedOptions): {
  close(): void;
} {
  const own = statSync(socketPath).ino;
  const look = Math.min(LOOK, Math.max(1, after / 4));
  let idle = 0;
  let requests = 0;
  const timer = setInterval(() => {
    if (!existsSync(folder) || statSync(socketPath, { throwIfNoEntry: false })?.ino !== own) {
      end('its home is gone');
      return;
    }
    isNeeded().then((needed) => {
      idle = needed ? 0 : idle + look;
      if (idle >= after) end('nobody needed it');
    });
  }, look * 1000);
  const isNeeded = async (): Promise<boolean> => {
    const busy = load.requests !== requests || load.inProgress > 0 || hasReaders();
    requests = load.requests;
    if (busy) return true;
    for (const port of new Set(router.ports())) if (await isPortServed(port)) return true;
    return false;
  };
  return { close: () => clearInterval(timer) };
}
