import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/adapters/documents/templates';
import { newProject } from '../../src/app/making/new';
import { chromiumFile, NO_BROWSER, openBrowser } from '../support/browser';
import { type Machine, newMachine } from '../support/cli';
import { freePort } from '../support/gateway';

/**
 * Stands for a server of the template, on the port and with the neighbours that its task is given: the real four are built in
 * minutes, by `npm run test:templates`. The page is the template's own.
 */
const STAND_IN = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const [own, page] = process.argv.slice(2);
const neighbours = (process.env.SERVICES ?? '').split(' ').filter(Boolean).map((pair) => pair.split('='));
createServer(async (request, response) => {
  if (page && request.url === '/') return response.setHeader('content-type', 'text/html').end(readFileSync(page));
  if (page && request.url === '/tour') {
    const hops = await Promise.all(neighbours.map(async ([, url]) => (await fetch(url + '/hop')).json()));
    return response.end(JSON.stringify({ trace: 'one-trace', hops }));
  }
  response.end(JSON.stringify({ service: own, runtime: 'stand-in', version: request.url }));
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

describe.skipIf(chromiumFile === undefined)(`the polyglot template (${chromiumFile ?? NO_BROWSER})`, () => {
  let machine: Machine;
  let cwd: string;
  let browser: Browser;
  let task: ChildProcess | undefined;

  beforeAll(async () => {
    machine = newMachine({ PATH: `${resolve(process.execPath, '..')}:/usr/local/bin:/usr/bin:/bin` });
    await machine.polyenv(['gateway', 'start', '--port', String(await freePort())]);
    cwd = join(machine.base, 'mixed');
    const given: Record<string, string> = {};
    for (const name of ['port', 'api_port', 'pipeline_port', 'engine_port']) given[name] = String(await freePort());
    const read = await readTemplate(resolve('templates', 'polyglot'));
    await newProject({ read, target: cwd, given, steps: [] });
    writeFileSync(join(cwd, 'stand-in.mjs'), STAND_IN);
    const file = join(cwd, 'polyenv.toml');
    const manifest = readFileSync(file, 'utf8')
      .replace(/^\[runtimes\]\n(?:.+\n)+/m, '')
      .replace(/^"dev:(\w+)" = \{ run = "[^"]+", dir = "[^"]+"/gm, (_, name: string) => {
        const page = name === 'gateway' ? ' gateway/index.html' : '';
        return `"dev:${name}" = { run = "exec node stand-in.mjs ${name}${page}"`;
      });
    expect(manifest.match(/stand-in/g)).toHaveLength(4);
    writeFileSync(file, manifest);
    await machine.prepare(['trust', '--yes'], { cwd });
    browser = await openBrowser({ home: machine.home });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    task?.kill();
    await machine?.polyenv(['gateway', 'stop']);
    machine?.remove();
  });

  it('is one address with paths after `polyenv up && polyenv run dev`, and says what to type when it has ended', async () => {
    expect((await machine.polyenv(['up'], { cwd })).exit).toBe(0);
    const running = spawn(process.execPath, [machine.program, 'run', 'dev'], {
      cwd,
      env: machine.env,
      stdio: 'ignore',
    });
    task = running;
    const address = (await machine.polyenv(['open', '--dry-run'], { cwd })).stdout.trim();
    expect(address).toMatch(/^https:\/\/[a-z-]+\.localhost:\d+\/$/);
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await expect.poll(async () => (await page.goto(address))?.status(), { timeout: 20_000 }).toBe(200);
    const ways = await Promise.all(
      ['api', 'pipeline', 'engine'].map(async (path) => {
        await expect.poll(() => page.evaluate(`fetch('/${path}/x?y').then((one) => one.status)`)).toBe(200);
        return page.evaluate(`fetch('/${path}/x?y').then((one) => one.json())`);
      }),
    );
    expect(ways).toEqual(
      ['api', 'pipeline', 'engine'].map((service) => ({ service, runtime: 'stand-in', version: '/x?y' })),
    );
    await page.getByRole('button', { name: 'Send a request through all services' }).click();
    await page.getByText('trace one-trace').waitFor();
    expect(await page.locator('tbody tr').allInnerTexts()).toEqual(
      ['api', 'pipeline', 'engine'].map((service) => `${service}\tstand-in\t/hop`),
    );
    running.kill('SIGINT');
    await new Promise((done) => running.once('exit', done));
    await expect.poll(async () => (await page.goto(address))?.status()).toBe(502);
    expect(await page.textContent('pre')).toContain('run dev:gateway');
  }, 60_000);
});
