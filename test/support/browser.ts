import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A browser of this machine; `undefined` where there is none. */
export const chromiumFile = CANDIDATES.find((file) => existsSync(file));

/** Why tests in a browser are skipped. */
export const NO_BROWSER = 'no Chromium here: apt-get install chromium';

export const hasCertutil = spawnSync('sh', ['-c', 'command -v certutil']).status === 0;

export interface BrowserWish {
  /** The person's home folder: in it lies what the browser believes. */
  readonly home: string;
  readonly args?: readonly string[];
}

/** Headless, with nothing of the machine's own person. Nothing but this machine can be reached by it. */
export function openBrowser({ home, args = [] }: BrowserWish): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumFile ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...args],
    env: { HOME: home, PATH: process.env.PATH ?? '', LANG: 'en_US.UTF-8' },
  });
}
