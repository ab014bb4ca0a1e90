import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeNames } from '../../src/adapters/gateway/names-store';
import { homeOf } from '../../src/adapters/home/paths';
import type { Host } from '../../src/host';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { freePort } from '../support/gateway';

const machines: Machine[] = [];
const backend = createServer((asked, answer) => answer.end(`hello ${asked.headers.host}`));
let target = 0;

beforeAll(async () => {
  await new Promise<void>((done) => backend.listen(0, '127.0.0.1', done));
  target = (backend.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const machine of machines.splice(0)) {
    await machine.polyenv(['gateway', 'stop']);
    machine.remove();
  }
});

afterAll(() => void backend.close());

interface Running extends Machine {
  readonly port: number;
  readonly project: string;
  get(name: string): Promise<string>;
  pid(): Promise<number>;
}

/** A machine with one project, whose task announces its names and ends, and a gateway at a port of its own. */
async function running(): Promise<Running> {
  const machine = newMachine();
  machines.push(machine);
  const port = await freePort();
  const started = await machine.polyenv(['gateway', 'start', '--port', String(port)]);
  expect(started.stderr).toBe('');
  const project = machine.folder('shop');
  await announce(machine, project, `shop = { port = ${target} }`);
  return {
    ...machine,
    port,
    project,
    get: (name) => get(machine, { name, port }),
    pid: async () => Number((await machine.polyenv(['gateway', '--json'])).json().pid),
  };
}

async function announce(machine: Machine, project: string, names: string) {
  writeFileSync(join(project, 'polyenv.toml'), `[tasks]\ngo = "true"\n[domains]\n${names}\n`);
  await machine.prepare(['trust', '--yes'], { cwd: project });
  return machine.polyenv(['run', 'go'], { cwd: project });
}

function get(machine: Machine, { name, port }: { readonly name: string; readonly port: number }): Promise<string> {
  const ca = readFileSync(join(machine.polyenvHome, 'gateway', 'authority', 'root.pem'));
  return new Promise((done) => {
    const host = `${name}.localhost`;
    const asked = request({
      host: '127.0.0.1',
      port,
      servername: host,
      ca,
      agent: false,
      headers: { host: `${host}:${port}` },
    });
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => done(text));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => done(`error ${error.code}`));
    asked.end();
  });
}

describe('the gateway', () => {
  it('is one process, however many start it at once', async () => {
    const machine = newMachine();
    machines.push(machine);
    const port = await freePort();
    const starts = await Promise.all(
      Array.from({ length: 4 }, () => machine.polyenv(['gateway', 'start', '--port', String(port), '--json'])),
    );
    expect(new Set(starts.map((one) => one.json().pid)).size).toBe(1);
  });

  it('serves the names of a project that runs a task, within 0.3 s, and its log and status say so', async () => {
    const machine = await running();
    expect(await machine.get('shop')).toBe(`hello shop.localhost:${machine.port}`);
    await announce(machine, machine.project, `shop = { port = ${target} }\nblog = { port = ${target} }`);
    const before = performance.now();
    expect(await machine.get('blog')).toBe(`hello blog.localhost:${machine.port}`);
    expect(performance.now() - before).toBeLessThan(300);
    const status = (await machine.polyenv(['gateway', '--json'])).json();
    expect(status).toMatchObject({ running: true, port: machine.port, damaged: [] });
    expect((await machine.polyenv(['gateway'])).stdout).toContain('blog.localhost');
    expect((await machine.polyenv(['gateway', 'logs'])).stdout).toContain(`serves at port ${machine.port}`);
    expect(Number(status.memory)).toBeLessThan(120e6);
  });

  it('says of a name that stays, where nothing listens at its port any more', async () => {
    const machine = await running();
    const gone = await freePort();
    await announce(machine, machine.project, `shop = { port = ${target} }\nblog = { port = ${gone} }`);
    const lines = (await machine.polyenv(['gateway'])).stdout.split('\n');
    expect(lines.find((line) => line.startsWith('blog.localhost'))).toContain('nothing listens there now');
    expect(lines.find((line) => line.startsWith('shop.localhost'))).not.toContain('nothing');
    const { names } = (await machine.polyenv(['gateway', '--json'])).json<{
      names: { name: string; routes: object[] }[];
    }>();
    expect(names.map(({ name, routes }) => [name, routes])).toEqual(
      expect.arrayContaining([
        ['blog', [expect.objectContaining({ port: gone, listens: false })]],
        ['shop', [expect.objectContaining({ port: target, listens: true })]],
      ]),
    );
  });

  it('is told of by ps and open, also before it serves a name, and for a name that there is not', async () => {
    const machine = newMachine();
    machines.push(machine);
    await machine.polyenv(['gateway', 'start', '--port', String(await freePort())]);
    const cwd = machine.folder('shop');
    writeFileSync(join(cwd, 'polyenv.toml'), '[domains]\nshop = { port = 4000 }\n"api.shop" = { port = 4001 }\n');
    expect((await machine.polyenv(['ps'], { cwd })).stdout).toBe(
      'not served yet: shop.localhost, api.shop.localhost; to have them served: polyenv up\n',
    );
    const open = (name: string) => machine.polyenv(['open', name, '--dry-run'], { cwd });
    const refused = await open('shopp');
    expect(refused.exit).toBe(2);
    expect(refused.stderr).toContain('no name and no service here is called "shopp"');
    expect(refused.stderr).toContain('its names are shop, api.shop: polyenv open shop');
    expect((await open('api.shop.localhost')).stdout).toMatch(/^https:\/\/api\.shop\.localhost:\d+\/$/m);
    rmSync(cwd, { recursive: true });
    expect((await machine.polyenv(['gateway', '--json'])).json().names).toEqual([]);
  });

  it('tells a task its port, where it has a name and none of its own', async () => {
    const machine = await running();
    writeFileSync(
      join(machine.project, 'polyenv.toml'),
      '[tasks]\ndev = "echo port=$PORT"\nown = { run = "echo port=$PORT", port = 4321 }\n[domains]\nshop = "dev"\n',
    );
    await machine.prepare(['trust', '--yes'], { cwd: machine.project });
    const first = await machine.polyenv(['run', 'dev'], { cwd: machine.project });
    expect(first.stdout).toMatch(/^port=2\d{4}$/m);
    expect(first.stderr).toContain(`https://shop.localhost:${machine.port}/`);
    expect((await machine.polyenv(['run', 'dev'], { cwd: machine.project })).stdout).toBe(first.stdout);
    expect((await machine.polyenv(['run', 'own'], { cwd: machine.project })).stdout).toContain('port=4321');
    const page = await machine.get('shop');
    expect(page).toContain('run dev');
  });

  it('gives a name to one project, and says to a second one who has it', async () => {
    const machine = await running();
    const other = machine.folder('other');
    const ran = await announce(machine, other, `"api.shop" = { port = ${target} }`);
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain(machine.project);
    expect(ran.stderr).toContain('api.shop.localhost cannot be had');
    expect(await machine.get('api.shop')).toContain('No project has the name');
    rmSync(machine.project, { recursive: true });
    expect((await announce(machine, other, `"api.shop" = { port = ${target} }`)).stderr).not.toContain('cannot be had');
    expect(await machine.get('api.shop')).toContain('hello api.shop.localhost');
  });

  it('that was killed is started again by the next run, at the same port', async () => {
    const machine = await running();
    process.kill(await machine.pid(), 'SIGKILL');
    await expect.poll(() => machine.get('shop')).toBe('error ECONNREFUSED');
    await announce(machine, machine.project, `shop = { port = ${target} }`);
    expect(await machine.get('shop')).toContain('hello');
  });

  it('keeps the old names where a file is damaged, and says so', async () => {
    const machine = await running();
    const folder = join(machine.polyenvHome, 'gateway', 'names');
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, file), '{"format": 1, "proj');
    await sleep(300);
    expect(await machine.get('shop')).toContain('hello');
    expect((await machine.polyenv(['gateway'])).stdout).toContain('cannot be read');
  });

  it.each(['home', `deep/${'folder/'.repeat(14)}home`])('ends when its home %s is gone', async (name) => {
    const machine = newMachine();
    machines.push(machine);
    const home = join(machine.base, name);
    const args = [machine.program, 'gateway', 'serve', '--end-after', '4', '--port', String(await freePort())];
    const child = spawn(process.execPath, args, { env: { ...machine.env, POLYENV_HOME: home }, stdio: 'ignore' });
    const ended = new Promise((done) => child.once('exit', done));
    await expect.poll(() => existsSync(join(home, 'gateway', 'port')), { timeout: 15_000 }).toBe(true);
    await sleep(500);
    discard(home);
    expect(await ended).toBe(0);
  });

  it('ends by itself when nobody needs it', async () => {
    const machine = await running();
    const pid = await machine.pid();
    await machine.polyenv(['gateway', 'stop']);
    expect(alive(pid)).toBe(false);
    const child = spawn(process.execPath, [machine.program, 'gateway', 'serve', '--end-after', '2'], {
      env: machine.env,
      stdio: 'ignore',
    });
    backend.closeAllConnections();
    rmSync(machine.project, { recursive: true });
    const exit = await new Promise((done) => child.once('exit', done));
    expect(exit).toBe(0);
    expect(readFileSync(join(machine.polyenvHome, 'gateway', 'log'), 'utf8')).toContain('nobody needed it');
  });

  it('holds little for readers that do not read, and gives it back', async () => {
    const machine = await running();
    const large = createServer((_, answer) => {
      const part = Buffer.alloc(1 << 16);
      const more = (): void => {
        while (answer.write(part));
        answer.once('drain', more);
      };
      more();
    });
    await new Promise<void>((done) => large.listen(0, '127.0.0.1', done));
    const memory = async (): Promise<number> => Number((await machine.polyenv(['gateway', '--json'])).json().memory);
    const to = (large.address() as AddressInfo).port;
    await announce(machine, machine.project, `shop = { port = ${target} }\nlarge = { port = ${to} }`);
    await machine.get('shop');
    const before = await memory();
    const ca = readFileSync(join(machine.polyenvHome, 'gateway', 'authority', 'root.pem'));
    const sockets = Array.from({ length: 4 }, () => {
      const host = 'large.localhost';
      const socket = connect({ host: '127.0.0.1', port: machine.port, servername: host, ca });
      socket.on('error', () => undefined);
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}:${machine.port}\r\n\r\n`);
      return socket;
    });
    await sleep(1500);
    expect((await memory()) - before).toBeLessThan(60e6);
    for (const socket of sockets) socket.destroy();
    expect(await machine.get('shop')).toContain('hello');
    large.closeAllConnections();
    large.close();
  });

  it('serves 200 projects with names', async () => {
    const machine = await running();
    const home = homeOf({ env: machine.env, personHome: machine.home } as unknown as Host);
    for (let index = 0; index < 200; index += 1) {
      const project = machine.folder(`many/${index}`);
      const route = { path: '/', kind: 'port', target: '', port: target } as const;
      await writeNames(home, { format: 1, project, names: [{ name: `many-${index}`, origins: [], routes: [route] }] });
    }
    await sleep(500);
    for (let index = 0; index < 200; index += 20) expect(await machine.get(`many-${index}`)).toContain('hello');
    expect((await machine.polyenv(['gateway', '--json'])).json<{ names: unknown[] }>().names).toHaveLength(201);
  });

  it('with 1,000 idle connections, damaged ones and 20,000 resets still answers at once, and gives the memory back', async () => {
    const machine = await running();
    const host = 'shop.localhost';
    const ca = readFileSync(join(machine.polyenvHome, 'gateway', 'authority', 'root.pem'));
    const open = (protocol: string) =>
      new Promise<TLSSocket>((done, fail) => {
        const socket = connect({
          host: '127.0.0.1',
          port: machine.port,
          servername: host,
          ca,
          ALPNProtocols: [protocol],
        });
        socket.once('secureConnect', () => done(socket));
        socket.once('error', fail);
      });
    const times: number[] = [];
    const ping = async (): Promise<void> => {
      const before = performance.now();
      expect(await machine.get('shop')).toContain('hello');
      times.push(performance.now() - before);
    };
    const idle: TLSSocket[] = [];
    for (let index = 0; index < 20; index += 1) {
      idle.push(...(await Promise.all(Array.from({ length: 50 }, () => open('http/1.1')))));
    }
    for (let index = 0; index < 7; index += 1) await ping();
    for (const socket of idle) socket.destroy();
    const session = connectHttp2(`https://${host}:${machine.port}`, {
      createConnection: () =>
        connect({ host: '127.0.0.1', port: machine.port, servername: host, ca, ALPNProtocols: ['h2'] }),
    });
    session.on('error', () => undefined);
    await new Promise((done) => session.once('remoteSettings', done));
    for (let index = 0; index < 20_000 && !session.closed && !session.destroyed; index += 1) {
      const stream = session.request({ ':path': '/', ':authority': `${host}:${machine.port}` });
      stream.on('error', () => undefined);
      stream.close(8);
      if (index % 500 === 0) await sleep(0);
    }
    session.destroy();
    for (let index = 0; index < 7; index += 1) await ping();
    // A handshake and a request on a machine that does much else: the model's 100 ms are those of the quickest.
    expect(Math.min(...times)).toBeLessThan(100);
    expect(Number((await machine.polyenv(['gateway', '--json'])).json().memory)).toBeLessThan(200e6);
    // It says that it serves, and reports nothing.
    expect((await machine.polyenv(['gateway', 'logs'])).stdout.trim().split('\n')).toHaveLength(1);
  }, 60_000);

  it('that dies takes nothing with it: a task goes on, and the next up serves its name again', async () => {
    const machine = await running();
    writeFileSync(
      join(machine.project, 'server.mjs'),
      "import { createServer } from 'node:http';\ncreateServer((_, answer) => answer.end(`task ${process.pid}`)).listen(Number(process.env.PORT), '127.0.0.1');\n",
    );
    const dev = `exec '${process.execPath}' server.mjs`;
    const write = (more: string): void =>
      writeFileSync(
        join(machine.project, 'polyenv.toml'),
        `[tasks]\ndev = { run = ${JSON.stringify(dev)}${more} }\n[domains]\nshop = "dev"\n`,
      );
    write('');
    await machine.prepare(['trust', '--yes'], { cwd: machine.project });
    const start = () =>
      spawn(process.execPath, [machine.program, 'run', 'dev'], {
        cwd: machine.project,
        env: machine.env,
        stdio: 'ignore',
      });
    let task = start();
    try {
      await expect.poll(() => machine.get('shop'), { timeout: 15_000 }).toMatch(/^task /);
      const before = await machine.get('shop');
      process.kill(await machine.pid(), 'SIGKILL');
      await expect.poll(() => machine.get('shop')).toBe('error ECONNREFUSED');
      expect((await machine.polyenv(['up'], { cwd: machine.project })).exit).toBe(0);
      expect(await machine.get('shop')).toBe(before);
      // The task has another port from now on: the name follows when it is started.
      task.kill();
      await new Promise((done) => task.once('exit', done));
      write(`, port = ${await freePort()}`);
      await machine.prepare(['trust', '--yes'], { cwd: machine.project });
      task = start();
      await expect.poll(() => machine.get('shop'), { timeout: 15_000 }).toMatch(/^task /);
      expect(await machine.get('shop')).not.toBe(before);
    } finally {
      task.kill();
    }
  }, 60_000);

  it('lets in no page of elsewhere that a manifest names which nobody trusts', async () => {
    const machine = await running();
    const other = machine.folder('blog');
    const origins = ['https://app.example.com'];
    const names = () =>
      readdirSync(join(machine.polyenvHome, 'gateway', 'names')).map((file) =>
        JSON.parse(readFileSync(join(machine.polyenvHome, 'gateway', 'names', file), 'utf8')),
      );
    const kept = () => names().find(({ project }) => project === other)?.names[0]?.origins;
    writeFileSync(
      join(other, 'polyenv.toml'),
      `[domains]\nblog = { port = ${target}, origins = ${JSON.stringify(origins)} }\n`,
    );
    await machine.polyenv(['up'], { cwd: other });
    expect(kept()).toEqual([]);
    await machine.prepare(['trust', '--yes'], { cwd: other });
    await machine.polyenv(['up'], { cwd: other });
    expect(kept()).toEqual(origins);
  });

  it('chooses a port once: the first that is free on both addresses, and keeps it', async () => {
    const machine = newMachine();
    machines.push(machine);
    const blocks = await Promise.all(
      // Taken by this test, or by somebody already: all that counts is that it is taken on one address.
      [8443, 8444].map(
        (port) =>
          new Promise<Server | undefined>((done) => {
            const server = createTcp();
            server.once('error', () => done(undefined));
            server.listen({ port, host: port === 8443 ? '::1' : '127.0.0.1', ipv6Only: port === 8443 }, () =>
              done(server),
            );
          }),
      ),
    );
    const first = (await machine.polyenv(['gateway', 'start', '--json'])).json().port;
    for (const block of blocks) block?.close();
    expect(first).toBeGreaterThan(8444);
    await machine.polyenv(['gateway', 'stop']);
    expect((await machine.polyenv(['gateway', 'start', '--json'])).json().port).toBe(first);
  });

  it('goes with polyenv itself', async () => {
    const machine = await running();
    const pid = await machine.pid();
    const gone = await machine.polyenv(['self', 'uninstall', '--yes', '--data']);
    expect(gone.exit).toBe(0);
    expect(alive(pid)).toBe(false);
  });

  it('keeps its control to its owner', async () => {
    const machine = await running();
    const folder = join(machine.polyenvHome, 'gateway', 'run');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'control.sock')).mode & 0o777).toBe(0o600);
    await machine.polyenv(['gateway', 'stop']);
    chmodSync(folder, 0o777);
    const refused = await machine.polyenv(['gateway', 'start', '--port', String(machine.port)]);
    expect(refused.exit).toBe(8);
    chmodSync(folder, 0o700);
  });

  it('takes no other port in silence, and says which to choose', async () => {
    const machine = newMachine();
    machines.push(machine);
    const port = await freePort();
    const other = createTcp();
    const six = await new Promise<boolean>((done) => {
      other.once('error', () => done(false));
      other.listen({ port, host: '::1', ipv6Only: true }, () => done(true));
    });
    if (!six) return;
    const ran = await machine.polyenv(['gateway', 'start', '--port', String(port)]);
    other.close();
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain(`port ${port} is taken by another program`);
    expect(ran.stderr).toContain('polyenv gateway start --port');
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}

describe('versions', () => {
  /** A copy of the program that says it is that version. */
  function copyOf(machine: Machine, version: string): string {
    const folder = join(machine.base, `polyenv-${version}`);
    cpSync(dirname(machine.program), folder, { recursive: true });
    const own = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
    for (const name of ['far.cjs', 'near.cjs', 'gateway.cjs', 'polyenv.cjs']) {
      const file = join(folder, name);
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`"${own}"`, `"${version}"`));
    }
    return join(folder, 'polyenv.cjs');
  }

  it('a newer one takes the place of an older one, with a gap of less than 0.4 s; an older one never', async () => {
    const machine = await running();
    const newer = copyOf(machine, '99.0.0');
    let down = 0;
    let worst = 0;
    let over = false;
    const watching = (async () => {
      while (!over) {
        const text = await machine.get('shop');
        if (text.startsWith('hello')) down = 0;
        else if (down === 0) down = performance.now();
        if (down > 0) worst = Math.max(worst, performance.now() - down);
        await sleep(5);
      }
    })();
    await sleep(100);
    const ran = await machine.polyenv(['gateway', 'start', '--json'], { program: newer });
    await sleep(300);
    over = true;
    await watching;
    expect(ran.json().version).toBe('99.0.0');
    expect(worst).toBeLessThan(400);
    const pid = await machine.pid();
    expect((await machine.polyenv(['gateway', 'start', '--json'])).json()).toMatchObject({ version: '99.0.0', pid });
    expect(await machine.get('shop')).toContain('hello');
  });
});

const canBeOther = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv');

describe.skipIf(!canBeOther)('two users of one machine', () => {
  it('get two gateways at two ports, and neither the key of the other (as root)', async () => {
    const machine = await running();
    const base = join(machine.base, 'second');
    mkdirSync(base);
    execFileSync('chown', ['-R', '65534:65534', base]);
    execFileSync('chmod', ['755', machine.base]);
    const as = (...command: readonly string[]) =>
      execFileSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...command], {
        env: { ...machine.env, HOME: base, POLYENV_HOME: join(base, 'home') },
        encoding: 'utf8',
        stdio: 'pipe',
      });
    const program = join(machine.base, 'program');
    cpSync(dirname(machine.program), program, { recursive: true });
    const start = (...more: readonly string[]) =>
      as(process.execPath, join(program, 'polyenv.cjs'), 'gateway', ...more, '--json');
    expect(() => start('start', '--port', String(machine.port))).toThrow();
    const other = JSON.parse(start('start', '--port', String(await freePort())));
    try {
      // The first person's link is good, but it is not theirs: the system says who asks.
      const link = (await machine.polyenv(['dashboard', '--print'])).stdout.trim();
      const post = `const asked = require('node:https').request(${JSON.stringify(link)}, { method: 'POST', rejectUnauthorized: false,
        lookup: (_, options, done) => done(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4),
        headers: { origin: ${JSON.stringify(new URL(link).origin)}, 'content-length': 0 } });
        asked.on('response', (answer) => { console.log(answer.statusCode); answer.resume(); }).end();`;
      expect(as(process.execPath, '-e', post).trim()).toBe('403');
      expect(as(process.execPath, '-e', post.replace('POST', 'GET')).trim()).toBe('200');
      expect(other.port).not.toBe(machine.port);
      expect(() => as('cat', join(machine.polyenvHome, 'gateway', 'authority', 'issuer.key'))).toThrow();
    } finally {
      start('stop');
    }
  });
});

afterAll(() => {
  for (const machine of machines) discard(machine.base);
});
