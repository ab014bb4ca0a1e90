import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeNames } from '../../src/adapters/gateway/names-store';
import { homeOf } from '../../src/adapters/home/paths';
import { serviceFolder } from '../../src/adapters/services/folders';
import { type Dashboard, openDashboard } from '../../src/gateway/dashboard/dashboard';
import type { Host } from '../../src/host';
import { chromiumFile, hasCertutil, NO_BROWSER, openBrowser } from '../support/browser';
import { type Machine, newMachine } from '../support/cli';
import { freePort, openTestGateway, type TestGateway } from '../support/gateway';
import { newPerson } from '../support/network-fixture';

const PICTURES = resolve('artefacts', 'dashboard');
const HOSTILE = '"><script>alert(1)<img src=x onerror=alert(1)>';

let machine: Machine;
let port: number;
let browser: Browser;
/** Two people's browsers would share nothing: one context is one of them. */
let context: BrowserContext;
let page: Page;
let base: string;
const asked: IncomingMessage[] = [];
let attack = '';
const elsewhere = createServer((request, response) => {
  asked.push(request);
  response.setHeader('Content-Type', 'text/html');
  response.end(attack);
});
let other = 0;
const seen = { requests: [] as string[], dialogs: 0 };

async function link(): Promise<string> {
  return (await machine.polyenv(['dashboard', '--print'])).stdout.trim();
}

async function login(one: Page): Promise<void> {
  await one.goto(await link());
  await one.getByRole('button', { name: 'Open the dashboard' }).click();
  await one.waitForURL(/\/d\/[\w-]{43}\/$/);
}

/** What was open before stays open. */
async function openShop(one: Page): Promise<void> {
  const shop = one.locator('details', { has: one.locator('[title="shop"]') }).first();
  if ((await shop.getAttribute('open')) === null) await shop.locator('summary').click();
}

async function cookies(): Promise<string> {
  return (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** As a program would ask that has a cookie. */
function statusOf(path: string, cookie: string): Promise<number> {
  return new Promise((done, fail) => {
    const host = 'polyenv.localhost';
    const headers = { host: `${host}:${port}`, cookie };
    const options = { host: '127.0.0.1', port, servername: host, path, headers, rejectUnauthorized: false };
    const request = get(options, (response) => {
      response.resume();
      response.once('end', () => done(response.statusCode ?? 0));
    });
    request.once('error', fail);
  });
}

async function newContext(options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
  return browser.newContext({ ...(hasCertutil ? {} : { ignoreHTTPSErrors: true }), ...options });
}

describe.skipIf(chromiumFile === undefined)(`in a browser (${chromiumFile ?? NO_BROWSER})`, () => {
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done));
    other = (elsewhere.address() as AddressInfo).port;
    machine = newMachine();
    port = await freePort();
    await machine.polyenv(['gateway', 'start', '--port', String(port)]);
    if (hasCertutil) await machine.polyenv(['tls', 'trust', '--yes']);
    const project = machine.folder('shop');
    writeFileSync(
      join(project, 'polyenv.toml'),
      `[runtimes]\nnode = "20"\n\n[tasks]\ndev = "true"\n\n[domains]\nshop = { port = ${other} }\n`,
    );
    await machine.polyenv(['up'], { cwd: project });
    const host = { env: machine.env, personHome: machine.home } as unknown as Host;
    const names = [
      HOSTILE,
      ...Array.from({ length: 48 }, (_, index) => `project-${index}`),
      `long-${'name-'.repeat(30)}`,
    ];
    for (const [index, name] of names.entries()) {
      const folder = machine.folder(name);
      const route = { path: '/', kind: 'port', target: '', port: other } as const;
      const own = [{ name: `p${index}${index === 49 ? '-long'.repeat(9) : ''}`, origins: [], routes: [route] }];
      await writeNames(homeOf(host), { format: 1, project: folder, names: index === 0 ? [] : own });
    }
    browser = await openBrowser({ home: machine.home });
    context = await newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.on('dialog', (dialog) => {
      seen.dialogs += 1;
      void dialog.dismiss();
    });
    page.on('request', (request) => seen.requests.push(request.url()));
    await login(page);
    await page.getByText('live', { exact: true }).waitFor();
    await page.locator('details', { hasText: 'project-47' }).first().waitFor();
    base = page.url();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await machine?.polyenv(['gateway', 'stop']);
    machine?.remove();
    elsewhere.closeAllConnections();
    elsewhere.close();
  });

  it('the page is there in less than 100 ms with 50 projects, and asks nobody else for anything', async () => {
    const times: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      const before = performance.now();
      expect(await statusOf(new URL(base).pathname, await cookies())).toBe(200);
      times.push(performance.now() - before);
    }
    expect(times.toSorted((a, b) => a - b)[1]).toBeLessThan(100);
    expect(await page.locator('details').count()).toBeGreaterThanOrEqual(50);
    const hosts = new Set(seen.requests.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host));
    expect([...hosts]).toEqual([`polyenv.localhost:${port}`]);
  });

  it('a project with a hostile name runs nothing', async () => {
    expect(seen.dialogs).toBe(0);
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.getByText(HOSTILE).count()).toBeGreaterThan(0);
  });

  it('its own buttons work, and what they do goes on live', async () => {
    await openShop(page);
    await page.getByRole('button', { name: 'Upgrade shop' }).click();
    await page.waitForURL(/\/job\//);
    await expect.poll(() => page.locator('#job-state').textContent(), { timeout: 20_000 }).not.toBe('running');
    await page.goto(base);
  });

  it('its words are found, and what is open stays open', async () => {
    await page.getByLabel('Find a project').fill('project-33');
    await expect.poll(() => page.locator('details:visible').count()).toBe(1);
    await page.locator('details:visible summary').click();
    await page.reload();
    await expect.poll(() => page.locator('details:visible[open]').count()).toBe(1);
    await page.getByLabel('Find a project').fill('');
  });

  it('eight tabs are live at once', async () => {
    const tabs = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
    await Promise.all(tabs.map((tab) => tab.goto(base)));
    for (const tab of tabs) await tab.getByText('live', { exact: true }).waitFor({ timeout: 10_000 });
    await Promise.all(tabs.map((tab) => tab.close()));
  });

  it('works without a script', async () => {
    const plain = await newContext({ javaScriptEnabled: false });
    const one = await plain.newPage();
    await login(one);
    await openShop(one);
    await one.getByRole('button', { name: 'Install shop' }).first().click();
    await one.waitForURL(/\/job\//);
    await plain.close();
  });

  it('a link works from a file, once', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const one = await newContext({ javaScriptEnabled });
      const tab = await one.newPage();
      const target = await link();
      const file = join(machine.base, `link-${javaScriptEnabled}.html`);
      writeFileSync(file, `<meta http-equiv="refresh" content="0;url=${target}"><a href="${target}">open</a>`);
      await tab.goto(`file://${file}`);
      await tab.waitForURL(target);
      await tab.getByRole('button').click();
      await tab.waitForURL(/\/d\/[\w-]{43}\/$/);
      expect(await tab.title()).toBe('polyenv');
      expect((await tab.goto(target))?.status()).toBe(403);
      await one.close();
    }
  });

  it('a server of the same machine gets a cookie that opens nothing', async () => {
    asked.length = 0;
    const tab = await context.newPage();
    await tab.goto(base);
    await tab.evaluate(`location.href = 'http://polyenv.localhost:${other}/'`);
    await tab.waitForURL(`http://polyenv.localhost:${other}/`);
    const stolen = asked[0]?.headers.cookie ?? '';
    expect(asked[0]?.headers.referer).toBeUndefined();
    await tab.close();
    for (const path of ['/', `/d/${'A'.repeat(43)}/`, '/d/']) {
      expect(await statusOf(path, stolen)).toBe(401);
    }
    expect((await page.goto(base))?.status()).toBe(200);
  });

  it.each(['127.0.0.1', 'localhost', 'shop.localhost'])(
    'pages of http://%s get nothing, and no action runs',
    async (host) => {
      const act = `${base}act`;
      attack = `<script>
window.seen = {};
const note = (name, promise) => promise.then((value) => { seen[name] = value; }, () => { seen[name] = 'refused'; });
note('cors', fetch(${JSON.stringify(base)}, { credentials: 'include' }).then((answer) => answer.text()));
note('opaque', fetch(${JSON.stringify(base)}, { credentials: 'include', mode: 'no-cors' }).then((answer) => answer.type));
note('post', fetch(${JSON.stringify(act)}, { method: 'POST', credentials: 'include', mode: 'no-cors', body: new URLSearchParams({ action: 'prune' }) }).then((answer) => answer.type));
const source = new EventSource(${JSON.stringify(`${base}events`)}, { withCredentials: true });
source.onopen = () => { seen.stream = 'open'; };
source.onerror = () => { seen.stream = seen.stream || 'refused'; };
window.opened = window.open(${JSON.stringify(base)});
</script>
<iframe src="${base}" onload="seen.frame = 'loaded'"></iframe>
<form method="post" action="${act}"><input name="action" value="prune"><button>send</button></form>
<a href="${base}">a link</a>`;
      const tab = await context.newPage();
      const statuses: number[] = [];
      await page.goto('about:blank');
      context.on('response', (response) => {
        if (response.url().startsWith(`https://polyenv.localhost:${port}`)) statuses.push(response.status());
      });
      await tab.goto(`http://${host}:${other}/`);
      await expect.poll(() => tab.evaluate('seen.cors && seen.opaque && seen.post && seen.stream')).toBeTruthy();
      const got = (await tab.evaluate('seen')) as Record<string, string>;
      expect(got).toMatchObject({ cors: 'refused', stream: 'refused' });
      const back = tab.url();
      await tab.getByRole('button', { name: 'send' }).click();
      await tab.waitForURL((url) => url.href !== back);
      await tab.goto(back);
      await tab.getByRole('link', { name: 'a link' }).click();
      await tab.waitForURL((url) => url.href !== back);
      expect(await tab.title()).toBe('polyenv');
      expect(await tab.locator('details').count()).toBe(0);
      // The form and the link at least; what else a browser sends at all is its own choice.
      expect(statuses.length).toBeGreaterThan(2);
      expect(statuses.filter((status) => status !== 401 && status !== 403)).toEqual([]);
      for (const each of context.pages()) if (each !== page) await each.close();
      context.removeAllListeners('response');
      await page.goto(base);
      expect(await page.getByRole('link', { name: /^Prune/ }).count()).toBe(0);
    },
  );

  it('a project that is opened from it learns nothing of where it came from', async () => {
    attack = 'a project';
    asked.length = 0;
    await openShop(page);
    await page.getByRole('link', { name: 'shop.localhost', exact: true }).click();
    await page.waitForURL(`https://shop.localhost:${port}/`);
    const [request] = asked.filter(({ url }) => url === '/');
    expect(request?.headers.referer).toBeUndefined();
    expect(JSON.stringify(request?.headers)).not.toContain('__Host-polyenv');
    expect(request?.headers.host).toBe(`shop.localhost:${port}`);
    await page.goto(base);
  });

  it('nobody finds the key among the arguments of programs', async () => {
    const folder = machine.folder('bin');
    const said = join(machine.base, 'opened');
    writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\nprintf '%s' "$1" > '${said}'\nsleep 1\n`);
    chmodSync(join(folder, 'xdg-open'), 0o755);
    const ran = machine.polyenv(['dashboard'], { env: { PATH: `${folder}:${machine.env.PATH}` } });
    const lines: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          lines.push(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
        } catch {
          // It has ended.
        }
      }
      await sleep(40);
    }
    expect((await ran).exit).toBe(0);
    const file = readFileSync(said, 'utf8').replace('file://', '');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const key = /login\/([\w-]{43})/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    expect(key).toHaveLength(43);
    expect(lines.some((line) => line.includes(key))).toBe(false);
  });

  it('has nothing that stands in the way of a person who sees, hears or moves otherwise; pictures are kept', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(PICTURES, `${colorScheme}.png`) });
    }
    // What others do meanwhile would have the page asked for again.
    await page.route('**/events', (route) => route.abort());
    await page.goto(base);
    const axe = readFileSync(resolve('node_modules/axe-core/axe.min.js'), 'utf8');
    await openShop(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      // By the debugger, which the page's policy does not reach.
      await page.evaluate(axe);
      const found = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: { html: string }[] }[] };
      expect(found.violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 844 });
    const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(wide).toBeLessThanOrEqual(0);
    await page.screenshot({ path: join(PICTURES, 'phone.png') });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('is closed to every browser by one command', async () => {
    const revoked = await newContext();
    const tab = await revoked.newPage();
    await login(tab);
    expect((await machine.polyenv(['dashboard', '--revoke'])).stdout).toMatch(/sessions are ended/);
    expect((await tab.reload())?.status()).toBe(401);
    expect(await tab.textContent('pre')).toBe('polyenv dashboard');
    await revoked.close();
    await login(page);
    base = page.url();
  });

  it('without a project says what to type', async () => {
    const fresh = newMachine();
    try {
      await fresh.polyenv(['gateway', 'start', '--port', String(await freePort())]);
      const one = await browser.newContext({ ignoreHTTPSErrors: true });
      const tab = await one.newPage();
      await tab.goto((await fresh.polyenv(['dashboard', '--print'])).stdout.trim());
      await tab.getByRole('button').click();
      await tab.getByText('polyenv use node@lts').waitFor({ timeout: 15_000 });
      await tab.screenshot({ path: join(PICTURES, 'empty.png') });
      await one.close();
    } finally {
      await fresh.polyenv(['gateway', 'stop']);
      fresh.remove();
    }
  });

  it('the certificate is believed only where the person said so', async () => {
    if (!hasCertutil) return;
    const strict = await browser.newContext();
    const tab = await strict.newPage();
    expect((await tab.goto(`https://shop.localhost:${port}/`))?.status()).toBe(200);
    expect((await tab.goto(`https://nobody.localhost:${port}/`))?.status()).toBe(421);
    await strict.close();
    const stranger = await openBrowser({ home: machine.folder('stranger') });
    const one = await (await stranger.newContext()).newPage();
    await expect(one.goto(`https://shop.localhost:${port}/`)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
    await stranger.close();
  });
});

const axeFile = () => readFileSync(resolve('node_modules/axe-core/axe.min.js'), 'utf8');

/** Puts a picture of the page into the artefacts, in both colours and as on a phone, and expects nothing that bars a person. */
async function lookAt(tab: Page, name: string): Promise<void> {
  const found = new Set<string>();
  for (const [look, colorScheme, width] of [
    ['light', 'light', 1280],
    ['dark', 'dark', 1280],
    ['phone', 'light', 390],
  ] as const) {
    await tab.emulateMedia({ colorScheme });
    await tab.setViewportSize({ width, height: 900 });
    await tab.screenshot({ path: join(PICTURES, `${name}-${look}.png`), fullPage: true });
    expect(await tab.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await tab.evaluate(axeFile());
    const { violations } = (await tab.evaluate('axe.run()')) as {
      violations: { id: string; nodes: { html: string }[] }[];
    };
    for (const { id, nodes } of violations) found.add(`${look}: ${id}: ${nodes[0]?.html}`);
  }
  expect([...found]).toEqual([]);
}

/** What `polyenv overview` and `polyenv size` may say of a machine that is in use. */
function machineInUse(): { readonly overview: unknown; readonly size: unknown } {
  const service = { kind: 'postgres', version: '17.2', declared: true, address: '127.0.0.1:21536', data: 41_000_000 };
  const runtime = { tool: 'node', title: 'Node.js', request: '22', version: '22.23.5', from: '/w/shop/polyenv.toml:2' };
  const route = { path: '/', kind: 'task', target: 'dev', port: 22_316 };
  const long = `a-very-long-name-${'of-a-project-'.repeat(8)}`;
  const finding = { level: 'error', message: 'cache ran, and ended by itself', hint: 'polyenv up cache' };
  const shop = {
    folder: '/w/shop',
    name: 'shop',
    runtimes: [
      runtime,
      { ...runtime, tool: 'go', title: 'Go', request: '1.26', version: undefined, from: '/w/shop/go.mod:3' },
    ],
    services: [
      { ...service, name: 'db', state: 'running', memory: 23_000_000 },
      {
        ...service,
        name: 'cache',
        kind: 'valkey',
        version: '9.1.2',
        state: 'exited',
        said: ['ready', 'out of memory'],
      },
      {
        ...service,
        name: 'mail',
        kind: 'mailpit',
        version: '1.21.0',
        state: 'new',
        address: undefined,
        data: undefined,
      },
      { ...service, name: 'reports-of-the-last-thirty-days', state: 'stopped', declared: false },
    ],
    names: [
      { name: 'shop', address: '', routes: [route, { ...route, path: '/api', target: 'api', port: 4000 }] },
      { name: `${'deep.'.repeat(12)}shop`, address: '', routes: [route] },
      { name: '*.shop', address: '', routes: [] },
    ],
    findings: [
      { ...finding, kind: 'service-exited' },
      {
        ...finding,
        kind: 'not-trusted',
        level: 'warning',
        message: 'It wants to set variables',
        hint: 'polyenv trust',
      },
      {
        ...finding,
        kind: 'x',
        level: 'note',
        message: 'A newer one is there',
        where: '/w/shop/polyenv.toml:2',
        hint: 'polyenv outdated',
      },
    ],
    data: 82_000_000,
  };
  const plain = { runtimes: [runtime], services: [], names: [], findings: [], data: 0 };
  const toolchain = { tool: 'node', version: '22.23.5', bytes: 214_000_000, linked: false, usedBy: ['/w/shop'] };
  return {
    overview: {
      projects: [shop, { ...plain, folder: `/w/${long}`, name: long }, { ...plain, folder: '/w/blog', name: 'blog' }],
    },
    size: {
      total: 420_000_000,
      cache: 13_000_000,
      downloads: 0,
      orphans: 30_000_000,
      unfinished: 0,
      other: 2_000_000,
      toolchains: [toolchain, { ...toolchain, tool: 'go', version: '1.26.0', bytes: 1_000_000, usedBy: [] }],
      environments: [{ folder: `/w/${long}`, bytes: 60_000_000 }],
      services: [{ name: 'db', kind: 'postgres', project: '/w/shop', gone: false, bytes: 90_000_000 }],
    },
  };
}

describe.skipIf(chromiumFile === undefined)(
  `a page with services, in a browser (${chromiumFile ?? NO_BROWSER})`,
  () => {
    const person = newPerson();
    let own: Browser;
    let tab: Page;
    let dashboard: Dashboard;
    let served: TestGateway;
    let relay: TcpServer;
    let home = '';
    /** Connections between browser and gateway. */
    const between = new Set<Socket>();

    beforeAll(async () => {
      mkdirSync(PICTURES, { recursive: true });
      mkdirSync(join(person.home.gateway, 'run'), { recursive: true });
      const { overview, size } = machineInUse();
      writeFileSync(
        person.host.program,
        `const words = process.argv.slice(2);
if (words.includes('overview')) console.log(${JSON.stringify(JSON.stringify(overview))});
else if (words.includes('size')) console.log(${JSON.stringify(JSON.stringify(size))});
else if (words.includes('trust')) console.log('polyenv ' + words.join(' ') + '\\ncontent ' + '0a'.repeat(16));
else { let n = 0; console.log('polyenv ' + words.join(' ')); const timer = setInterval(() => { console.log('step ' + (n += 1)); if (n === 8) clearInterval(timer); }, 250); }
`,
      );
      dashboard = openDashboard({ home: person.home, host: person.host, log: () => undefined });
      served = await openTestGateway({ names: {}, own: (exchange) => dashboard.handle(exchange) });
      relay = createTcp((near) => {
        const far = connect(served.port, '127.0.0.1');
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          between.add(one);
          one.on('error', () => other.destroy());
          one.on('close', () => other.destroy());
          one.pipe(other);
        }
      });
      await new Promise<void>((done) => relay.listen(0, '127.0.0.1', done));
      const to = (relay.address() as AddressInfo).port;
      own = await openBrowser({
        home: person.home.root,
        args: [`--host-resolver-rules=MAP polyenv.localhost 127.0.0.1:${to}`],
      });
      tab = await (await own.newContext({ ignoreHTTPSErrors: true })).newPage();
      await tab.goto(dashboard.newKey(served.port));
      await tab.getByRole('button').waitFor();
      await lookAt(tab, 'login');
      await tab.getByRole('button').click();
      await tab.getByText('The largest', { exact: true }).waitFor();
      home = tab.url();
    }, 60_000);

    afterAll(async () => {
      await own?.close();
      for (const socket of between) socket.destroy();
      relay?.close();
      dashboard?.close();
      await served?.close();
      person.remove();
    });

    it('shows what a server said last, what takes the disk, and bars nobody', async () => {
      expect(await tab.locator('pre.said').textContent()).toBe('ready\nout of memory\n');
      const kinds = await tab.getByRole('table', { name: 'Disk use by kind' }).innerText();
      expect(kinds).toMatch(/Runtimes\s+215 MB[\s\S]*Data of services\s+90 MB[\s\S]*Packages of projects\s+90 MB/);
      expect(await tab.getByRole('table', { name: 'The largest parts' }).innerText()).toMatch(
        /db of \/w\/shop\s+90 MB/,
      );
      await lookAt(tab, 'services');
      // The last look was as on a phone.
      expect(await tab.getByRole('button', { name: 'Prune' }).isVisible()).toBe(true);
    }, 90_000);

    it('asks before it trusts, and what it runs goes on when the page is closed', async () => {
      await tab.goto(home);
      await tab.getByRole('button', { name: 'Trust shop' }).click();
      await tab.getByRole('button', { name: 'Trust, as shown' }).waitFor();
      expect(await tab.locator('#log').textContent()).toContain('trust --show');
      expect(await tab.locator('#log').textContent()).not.toContain('--yes');
      await tab.getByRole('button', { name: 'Trust, as shown' }).click();
      await tab.getByText(`trust --yes --content ${'0a'.repeat(16)}`).waitFor();
      await tab.goto(home);
      await tab
        .getByRole('button', { name: 'Start db shop' })
        .or(tab.getByRole('button', { name: 'Start cache shop' }))
        .first()
        .click();
      await tab.waitForURL(/\/job\//);
      await expect.poll(() => tab.locator('#log').textContent()).toContain('step 1');
      const job = tab.url();
      await tab.close();
      tab = await (own.contexts()[0] as BrowserContext).newPage();
      await sleep(500);
      await tab.goto(job);
      // Every line once, whatever of them came with the page and what by its stream.
      const steps = Array.from({ length: 8 }, (_, index) => `step ${index + 1}\n`).join('');
      await expect
        .poll(() => tab.locator('#log').textContent(), { timeout: 10_000 })
        .toMatch(new RegExp(`\n${steps}$`));
      await expect.poll(() => tab.locator('#job-state').textContent()).toBe('done');
      await lookAt(tab, 'job');
    }, 90_000);

    it('follows a log live, and loses and doubles no line when its stream is cut', async () => {
      const { root, log } = serviceFolder(person.home, '/w/shop', 'db');
      mkdirSync(root, { recursive: true });
      writeFileSync(log, `${Array.from({ length: 60 }, (_, index) => `before ${index}`).join('\n')}\n`);
      await tab.goto(home);
      await tab.getByRole('link', { name: 'Log db shop' }).click();
      await tab.waitForURL(/\/log\//);
      await tab.getByText('live', { exact: true }).waitFor();
      for (let index = 1; index <= 14; index += 1) {
        appendFileSync(log, `line ${index}.\n`);
        await sleep(250);
        if (index % 5 === 0) for (const socket of between) socket.destroy();
      }
      const lines = Array.from({ length: 14 }, (_, index) => `line ${index + 1}.\n`).join('');
      await expect.poll(() => tab.locator('#log').textContent(), { timeout: 15_000 }).toMatch(/line 14\./);
      expect((await tab.locator('#log').textContent())?.replace(/before \d+\n/g, '')).toBe(lines);
      const atEnd = 'log.scrollHeight - log.scrollTop - log.clientHeight < 5';
      expect(await tab.evaluate(`(() => { const log = document.getElementById('log'); return ${atEnd}; })()`)).toBe(
        true,
      );
      await lookAt(tab, 'log');
    }, 90_000);
  },
);
