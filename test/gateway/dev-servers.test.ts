import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumFile, NO_BROWSER, openBrowser } from '../support/browser';
import { discard } from '../support/discard';
import { freePort, openTestGateway, type TestGateway } from '../support/gateway';

const base = mkdtempSync(join(tmpdir(), 'polyenv-vite-'));
const run = promisify(execFile);

/** A project with Vite in it, where the registry of this machine has it; how the registry is asked is this machine's own. */
async function vite(): Promise<boolean> {
  mkdirSync(join(base, 'project'));
  writeFileSync(join(base, 'project', 'package.json'), '{ "private": true, "type": "module" }');
  try {
    await run('npm', ['install', '--no-audit', '--no-fund', 'vite@8'], {
      cwd: join(base, 'project'),
      timeout: 120_000,
    });
    return true;
  } catch {
    return false;
  }
}

const there = chromiumFile !== undefined && (await vite());
const why = chromiumFile === undefined ? NO_BROWSER : 'the registry of this machine must have vite';

describe.skipIf(!there)(`Vite behind the gateway (${why})`, () => {
  let gateway: TestGateway;
  let server: ChildProcess;
  let browser: Browser;
  const project = join(base, 'project');

  beforeAll(async () => {
    const port = await freePort();
    writeFileSync(join(project, 'index.html'), '<p id="app"></p><script type="module" src="/main.js"></script>');
    writeFileSync(
      join(project, 'main.js'),
      "import { text } from './text.js';\nconst show = (now) => { document.getElementById('app').textContent = now; };\nshow(text);\nwindow.loaded = (window.loaded ?? 0) + 1;\nimport.meta.hot.accept('./text.js', (next) => show(next.text));\n",
    );
    writeFileSync(join(project, 'text.js'), "export const text = 'first';\n");
    server = spawn(
      process.execPath,
      ['node_modules/vite/bin/vite.js', '--host', '127.0.0.1', '--port', String(port), '--strictPort'],
      {
        cwd: project,
        stdio: 'ignore',
      },
    );
    gateway = await openTestGateway({ names: { shop: port } });
    browser = await openBrowser({ home: base });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.kill();
    await gateway?.close();
    discard(base);
  });

  it('serves over HTTP/2, and a changed module is swapped without a reload', async () => {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    const connected = page.waitForEvent('console', {
      predicate: (line) => line.text().includes('connected'),
      timeout: 60_000,
    });
    await expect
      .poll(async () => (await page.goto(`https://shop.localhost:${gateway.port}/`))?.status(), { timeout: 60_000 })
      .toBe(200);
    await expect.poll(() => page.textContent('#app')).toBe('first');
    await connected;
    const protocol = await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol");
    expect(protocol).toBe('h2');
    await sleep(300);
    writeFileSync(join(project, 'text.js'), "export const text = 'second';\n");
    await expect.poll(() => page.textContent('#app'), { timeout: 20_000 }).toBe('second');
    expect(await page.evaluate('window.loaded')).toBe(1);
  }, 120_000);
});

if (!there) afterAll(() => discard(base));
