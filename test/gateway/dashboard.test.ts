import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serviceFolder } from '../../src/adapters/services/folders';
import { openLogTail } from '../../src/adapters/services/log-tail';
import { encodeState, type ServiceState } from '../../src/domain/services/state';
import { changesOf, type Dashboard, openDashboard } from '../../src/gateway/dashboard/dashboard';
import { isSame } from '../../src/gateway/dashboard/sessions';
import { Tails } from '../../src/gateway/dashboard/tails';
import { openTestGateway, readAll, type TestGateway } from '../support/gateway';
import { newPerson } from '../support/network-fixture';

/** The program that the page asks: it says that there is one project, with a hostile name, and repeats what it is told. */
const PROGRAM = `
const words = process.argv.slice(2);
if (words.includes('overview')) console.log(JSON.stringify({ projects: [{ folder: '/project', name: '"><script>alert(1)</script>',
  runtimes: [], names: [], data: 0, findings: [{ kind: 'x', level: 'error', message: '<img src=x onerror=alert(1)>', hint: 'polyenv install' }],
  services: [{ name: 'db', kind: 'postgres', state: 'running', declared: true, memory: 1000000 }] }] }));
else if (words.includes('size')) console.log(JSON.stringify({ total: 1, cache: 0, downloads: 0, toolchains: [], environments: [], services: [], orphans: 0, unfinished: 0, other: 1 }));
else { console.log('began ' + words.join(' ')); setTimeout(() => console.log('ended'), 300); }
`;

let gateway: TestGateway;
let dashboard: Dashboard;
const clock = { now: 0 };
const person = newPerson();

beforeAll(async () => {
  mkdirSync(join(person.home.gateway, 'run'), { recursive: true });
  writeFileSync(person.host.program, PROGRAM);
  const options = { home: person.home, host: person.host, log: () => undefined, tick: () => clock.now };
  dashboard = openDashboard(options);
  gateway = await openTestGateway({ names: {}, own: (exchange) => dashboard.handle(exchange) });
});

afterAll(async () => {
  dashboard.close();
  await gateway.close();
  person.remove();
});

interface RuntimeRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

async function ask({ method = 'GET', path, headers = [], body }: RuntimeRequest): Promise<string> {
  const socket = await gateway.tls('polyenv');
  const form =
    body === undefined ? [] : [`Content-Length: ${body.length}`, 'Content-Type: application/x-www-form-urlencoded'];
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${gateway.authority('polyenv')}`,
    'Connection: close',
    ...form,
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
  return readAll(socket, 2000);
}

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
const origin = (): string => `Origin: https://${gateway.authority('polyenv')}`;

function keyPath(): string {
  return new URL(dashboard.newKey(gateway.port)).pathname;
}

async function open(): Promise<{ readonly base: string; readonly cookie: string; readonly token: string }> {
  const text = await ask({ method: 'POST', path: keyPath(), headers: [origin()], body: '' });
  const base = /^Location: (\/d\/[\w-]{43})\/\r$/m.exec(text)?.[1] ?? '';
  const cookie = `Cookie: ${/^Set-Cookie: (__Host-polyenv=[\w-]{43}); Path=\/; Secure; HttpOnly; SameSite=Strict\r$/m.exec(text)?.[1]}`;
  await expect.poll(() => ask({ path: `${base}/`, headers: [cookie] })).toContain('name="token"');
  const page = await ask({ path: `${base}/`, headers: [cookie] });
  return { base, cookie, token: /name="token" value="([\w-]{43})"/.exec(page)?.[1] ?? '' };
}

describe('a link', () => {
  it('shows one button to anybody who has it, and changes nothing by being looked at', async () => {
    const path = keyPath();
    for (let index = 0; index < 3; index += 1) {
      const text = await ask({ path, headers: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'] });
      expect(statusOf(text)).toBe(200);
      expect(text.match(/<button/g)).toHaveLength(1);
    }
    expect(statusOf(await ask({ method: 'POST', path, headers: [origin()], body: '' }))).toBe(303);
  });

  it('is good once, for a minute, and only from our own page', async () => {
    const path = keyPath();
    for (const bad of [[], ['Origin: null'], ['Origin: https://evil.example'], [`${origin()}0`]]) {
      expect(statusOf(await ask({ method: 'POST', path, headers: bad, body: '' }))).toBe(403);
    }
    expect(statusOf(await ask({ method: 'POST', path, headers: [origin()], body: '' }))).toBe(303);
    expect(statusOf(await ask({ method: 'POST', path, headers: [origin()], body: '' }))).toBe(403);
    const late = keyPath();
    clock.now += 61_000;
    expect(statusOf(await ask({ path: late }))).toBe(403);
    expect(statusOf(await ask({ method: 'POST', path: late, headers: [origin()], body: '' }))).toBe(403);
  });
});

describe('a session', () => {
  it('has two halves, and each alone is nothing', async () => {
    const one = await open();
    const two = await open();
    const page = (path: string, headers: readonly string[]) => ask({ path, headers }).then(statusOf);
    expect(await page(`${one.base}/`, [one.cookie])).toBe(200);
    expect(await page(`${one.base}/`, [])).toBe(401);
    expect(await page(`${one.base}/`, [two.cookie])).toBe(401);
    expect(await page('/', [one.cookie])).toBe(401);
    expect(await page(`/d/${'x'.repeat(43)}/`, [one.cookie])).toBe(401);
    expect(await page(`${one.base}/`, ['Cookie: __Host-polyenv=evil'])).toBe(401);
    for (const path of ['style.css', 'page.js', 'events', 'job/0123456789abcdef', 'act']) {
      expect(await page(`${one.base}/${path}`, [])).toBe(401);
    }
  });

  it('ends after 12 hours, and when it is revoked', async () => {
    const one = await open();
    const look = () => ask({ path: `${one.base}/`, headers: [one.cookie] }).then(statusOf);
    clock.now += 12 * 3_600_000 - 1000;
    expect(await look()).toBe(200);
    clock.now += 2000;
    expect(await look()).toBe(401);
    const two = await open();
    expect(dashboard.revoke()).toBe(1);
    expect(statusOf(await ask({ path: `${two.base}/`, headers: [two.cookie] }))).toBe(401);
  });

  it('answers only at its own name and port', async () => {
    const { base, cookie } = await open();
    const raw = (host: string) =>
      gateway.raw('polyenv', `GET ${base}/ HTTP/1.1\r\nHost: ${host}\r\n${cookie}\r\nConnection: close\r\n\r\n`);
    for (const host of ['evil.example', 'polyenv.localhost:1', '127.0.0.1', `x.${gateway.authority('polyenv')}`]) {
      expect(statusOf(await raw(host))).toBe(421);
    }
  });

  it('sends every header that the model asks for, on every answer', async () => {
    const { base, cookie } = await open();
    const opening = { method: 'POST', path: keyPath(), headers: [origin()], body: '' };
    const answers: (readonly [status: number, wish: RuntimeRequest])[] = [
      ...[`${base}/`, `${base}/page.js`, `${base}/style.css`, keyPath()].map((path) => [200, { path }] as const),
      [401, { path: '/' }],
      [404, { path: `${base}/nothing` }],
      [404, { path: `${base}/log/x-db` }],
      [405, { path: `${base}/`, method: 'PUT' }],
      [403, { path: `${base}/act`, method: 'POST', body: '' }],
      [303, opening],
      [403, opening],
    ];
    for (const [status, wish] of answers) {
      const text = await ask({ ...wish, headers: [...(wish.headers ?? []), cookie] });
      expect([wish.path, statusOf(text)]).toEqual([wish.path, status]);
      if (status === 401) expect(text).toContain('<pre>polyenv dashboard</pre>');
      expect(text).toContain("Content-Security-Policy: default-src 'none'; script-src 'self';");
      expect(text).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
      expect(text).toContain('Cross-Origin-Opener-Policy: same-origin');
      expect(text).toContain('Cross-Origin-Resource-Policy: same-origin');
      expect(text).toContain('Referrer-Policy: same-origin');
      expect(text).toContain('X-Content-Type-Options: nosniff');
      expect(text).toContain('Cache-Control: no-store');
      expect(text).not.toContain('Access-Control');
    }
  });

  it('is refused to pages of other sites, whatever they hold', async () => {
    const { base, cookie } = await open();
    for (const site of ['cross-site', 'same-site']) {
      expect(statusOf(await ask({ path: `${base}/`, headers: [cookie, `Sec-Fetch-Site: ${site}`] }))).toBe(403);
    }
    const none = ['Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate'];
    expect(statusOf(await ask({ path: `${base}/`, headers: [cookie, ...none] }))).toBe(200);
    expect(
      statusOf(
        await ask({ path: `${base}/events`, headers: [cookie, 'Sec-Fetch-Site: none', 'Sec-Fetch-Mode: cors'] }),
      ),
    ).toBe(403);
  });

  it('shows hostile names as text', async () => {
    const { base, cookie } = await open();
    const page = await ask({ path: `${base}/`, headers: [cookie] });
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('<img');
    expect(page).toContain('&#60;script&#62;');
  });
});

describe('another user of this machine', () => {
  // Who holds the other end of a connection is known by /proc.
  it.skipIf(process.platform !== 'linux')('opens no session, although the link is good', async () => {
    const host = { ...person.host, uid: (process.getuid?.() ?? 0) + 1 };
    const theirs = openDashboard({ home: person.home, host, log: () => undefined, tick: () => clock.now });
    const other = await openTestGateway({ names: {}, own: (exchange) => theirs.handle(exchange) });
    const path = new URL(theirs.newKey(other.port)).pathname;
    const host_ = other.authority('polyenv');
    const head = `POST ${path} HTTP/1.1\r\nHost: ${host_}\r\nOrigin: https://${host_}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    expect(statusOf(await other.raw('polyenv', head))).toBe(403);
    expect(theirs.sessions()).toBe(0);
    theirs.close();
    await other.close();
  });
});

const STATE: ServiceState = {
  project: { path: '/project', device: '1', inode: '1' },
  kind: 'postgres',
  version: '17.1',
  toolchain: '/store/postgres',
  platform: 'linux-x64',
  line: '17',
  ports: { main: 20_000 },
  user: 'postgres',
  password: '',
  databases: [],
  extensions: [],
  runAs: { how: 'self', uid: 0, gid: 0 },
};

describe('the log of a service', () => {
  const folder = serviceFolder(person.home, '/project', 'db');
  const log = async () => {
    const { base, cookie } = await open();
    const page = await ask({ path: `${base}/`, headers: [cookie] });
    const path = /href="([^"]+\/log\/[0-9a-f]{12}-db)"/.exec(page)?.[1] ?? '';
    return { cookie, path };
  };

  it('is shown, goes on live without the password, and its stream begins where the page ended', async () => {
    mkdirSync(folder.root, { recursive: true });
    writeFileSync(folder.state, encodeState({ ...STATE, password: 'geheim' }));
    writeFileSync(folder.log, 'first\nwith geheim\n<script>\n');
    const { cookie, path } = await log();
    const page = await ask({ path, headers: [cookie] });
    expect(page).toContain('first\nwith ***\n&#60;script&#62;\n</pre>');
    const stream = /data-stream="([^"]+)"/.exec(page)?.[1] ?? '';
    // What comes between the page and its stream is not lost.
    appendFileSync(folder.log, 'between geheim\nhal');
    await sleep(500);
    const socket = await gateway.tls('polyenv');
    socket.write(`GET ${stream} HTTP/1.1\r\nHost: ${gateway.authority('polyenv')}\r\n${cookie}\r\n\r\n`);
    setTimeout(() => appendFileSync(folder.log, 'f a line\n'), 100);
    setTimeout(() => appendFileSync(folder.log, `${'x'.repeat(200_000)}\nend\n`), 500);
    const heard = Buffer.from(await readAll(socket, 1500), 'latin1').toString();
    const lines = [...heard.matchAll(/^data: (\{"lines".*)\r?$/gm)].flatMap(([, text = '']) => JSON.parse(text).lines);
    expect(lines).toEqual(['between ***', 'half a line', expect.stringMatching(/^… \d+ bytes left out$/), 'end']);
  });

  it('is read again from its start where another took its place', async () => {
    const heard: string[] = [];
    const at = join(person.home.root, 'log');
    writeFileSync(at, 'old\n');
    const tail = openLogTail({ log: at }, (lines) => heard.push(...lines));
    await expect.poll(() => heard).toEqual(['old']);
    writeFileSync(`${at}.new`, 'new\n');
    renameSync(`${at}.new`, at);
    await expect.poll(() => heard).toEqual(['old', 'new']);
    tail.close();
    appendFileSync(at, 'more\n');
    await sleep(400);
    expect(heard).toEqual(['old', 'new']);
  });

  it('is read once for all who look, and no longer than they do', async () => {
    vi.useFakeTimers();
    try {
      let [open, readers] = [0, 2];
      const closed: string[] = [];
      const tails = new Tails({
        follow: (_, hear) => {
          open += 1;
          hear(['a']);
          return {
            close: () => {
              open -= 1;
            },
          };
        },
        heard: () => undefined,
        readersOf: () => readers,
        closed: (topic) => closed.push(topic),
      });
      const wish = { project: '/p', name: 'db', topic: 'log x' };
      expect((await tails.open(wish)).lines).toEqual(['a']);
      await tails.open(wish);
      vi.advanceTimersByTime(60_000);
      expect(open).toBe(1);
      readers = 0;
      vi.advanceTimersByTime(60_000);
      expect([open, closed]).toEqual([0, ['log x']]);
      tails.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an action', () => {
  it('needs our origin, the token of the form, and to be one that is offered', async () => {
    const { base, cookie, token } = await open();
    const page = await ask({ path: `${base}/`, headers: [cookie] });
    const project = /name="project" value="([0-9a-f]{12})"/.exec(page)?.[1] ?? '';
    const good = { token, action: 'up', project };
    const post = async (fields: Readonly<Record<string, string>>, headers = [cookie, origin()]) =>
      statusOf(await ask({ method: 'POST', path: `${base}/act`, headers, body: form(fields) }));
    expect(await post(good, [cookie])).toBe(403);
    expect(await post(good, [cookie, 'Origin: null'])).toBe(403);
    expect(await post(good, [cookie, `Origin: https://${gateway.authority('shop')}`])).toBe(403);
    expect(await post(good, [origin()])).toBe(401);
    expect(await post({ ...good, token: 'x'.repeat(43) })).toBe(403);
    expect(await post({ ...good, padding: 'x'.repeat(5000) })).toBe(403);
    for (const action of ['exec', 'constructor', '__proto__', '']) expect(await post({ ...good, action })).toBe(400);
    expect(await post({ ...good, project: '/etc' })).toBe(400);
    expect(await post({ ...good, action: 'start', service: '--help' })).toBe(400);
    expect(await post(good)).toBe(303);
    expect(await post({ ...good, action: 'stop', service: 'db' })).toBe(303);
  });

  it('runs a command, whose words come as they are said, and goes on when nobody looks', async () => {
    const { base, cookie, token } = await open();
    const page = await ask({ path: `${base}/`, headers: [cookie] });
    const project = /name="project" value="([0-9a-f]{12})"/.exec(page)?.[1] ?? '';
    const answer = await ask({
      method: 'POST',
      path: `${base}/act`,
      headers: [cookie, origin()],
      body: form({ token, action: 'install', project }),
    });
    const job = /^Location: (\S+)/m.exec(answer)?.[1] ?? '';
    const stream = await gateway.tls('polyenv');
    stream.write(`GET ${job}/events HTTP/1.1\r\nHost: ${gateway.authority('polyenv')}\r\n${cookie}\r\n\r\n`);
    const heard = await readAll(stream, 1500);
    expect(heard).toContain('{"lines":["ended"]}');
    expect(heard).toContain('"text":"done"');
    const last = await ask({ path: job, headers: [cookie] });
    expect(last).toContain('began -C /project install\nended\n');
    expect(last).toContain('polyenv install');
  });

  it('that cannot be started, as on a full disk, says why', async () => {
    const { base, cookie, token } = await open();
    const jobs = join(person.home.gateway, 'jobs');
    rmSync(jobs, { recursive: true, force: true });
    writeFileSync(jobs, 'in the way');
    const body = form({ token, action: 'prune' });
    const answer = await ask({ method: 'POST', path: `${base}/act`, headers: [cookie, origin()], body });
    const page = await ask({ path: /^Location: (\S+)/m.exec(answer)?.[1] ?? '', headers: [cookie] });
    expect(page).toContain('cannot be started: ');
    expect(page).not.toContain('as shown');
    rmSync(jobs);
  });

  it('that cannot be taken back is shown first', async () => {
    const { base, cookie, token } = await open();
    const project =
      /name="project" value="([0-9a-f]{12})"/.exec(await ask({ path: `${base}/`, headers: [cookie] }))?.[1] ?? '';
    const act = async (more: Readonly<Record<string, string>>) => {
      const body = form({ token, action: 'prune', ...more });
      const answer = await ask({ method: 'POST', path: `${base}/act`, headers: [cookie, origin()], body });
      const path = /^Location: (\S+)/m.exec(answer)?.[1] ?? '';
      // There is nothing to agree to before it has been shown.
      expect(await ask({ path, headers: [cookie] })).not.toContain('as shown');
      await sleep(600);
      return ask({ path, headers: [cookie] });
    };
    const idIn = (page: string) => /name="shown" value="([0-9a-f]{16})"/.exec(page)?.[1] ?? '';
    const other = idIn(await act({ action: 'upgrade', project }));
    expect(other).not.toBe('');
    let look = '';
    for (const shown of ['', 'yes', '0123456789abcdef', other]) {
      look = await act({ shown });
      expect(look).toContain('began prune --dry-run');
      expect(look).toContain('Prune, as shown');
    }
    const done = await act({ shown: idIn(look) });
    expect(done).toContain('began prune --yes');
    expect(done).not.toContain('as shown');
  });
});

describe('the stream', () => {
  it('goes on after the last event that a page saw', async () => {
    const { base, cookie, token } = await open();
    const read = async (last?: string) => {
      const socket = await gateway.tls('polyenv');
      const more = last === undefined ? '' : `Last-Event-ID: ${last}\r\n`;
      socket.write(`GET ${base}/events HTTP/1.1\r\nHost: ${gateway.authority('polyenv')}\r\n${cookie}\r\n${more}\r\n`);
      return readAll(socket, 300);
    };
    const first = await read();
    const id = /^id: (\S+)$/m.exec(first)?.[1] ?? '';
    expect(id).not.toBe('');
    const body = form({ token, action: 'prune' });
    await ask({ method: 'POST', path: `${base}/act`, headers: [cookie, origin()], body });
    await sleep(1500);
    expect(await read(id)).toContain('{"reload":true}');
    expect(await read('other-5')).toContain('event: lost');
    expect(await read(id.replace(/\d+$/, '999999'))).not.toContain('reload');
  });

  it('tells what differs in words, and asks for the page where more does', () => {
    const service = { name: 'db', kind: 'postgres', state: 'running', declared: true, memory: 1_000_000 };
    const project = {
      id: 'x',
      folder: '/x',
      name: 'x',
      runtimes: [],
      names: [],
      findings: [],
      data: 0,
      services: [service],
    };
    const before = { projects: [project] } as never;
    const with_ = (change: object) => ({ projects: [{ ...project, services: [{ ...service, ...change }] }] }) as never;
    expect(changesOf(before, before)).toBeUndefined();
    expect(changesOf(before, with_({ memory: 2_000_000 }))).toEqual({ parts: [{ id: 'memory-x-db', text: '2.0 MB' }] });
    expect(changesOf(before, with_({ state: 'exited' }))).toEqual({ reload: true });
  });
});

it('compares secrets in the same time', () => {
  expect(isSame('a', 'a')).toBe(true);
  expect(isSame('a', 'b')).toBe(false);
  expect(isSame('a', '')).toBe(false);
});

function form(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}
