import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeNames } from '../../src/adapters/gateway/names-store';
import { homeOf } from '../../src/adapters/home/paths';
import { readAuthority } from '../../src/adapters/tls/authority';
import { makeLeaf } from '../../src/adapters/tls/certificates';
import type { Host } from '../../src/host';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { freePort } from '../support/gateway';
import type { BenchRow } from './row';

const run = promisify(execFile);
const HOST = 'shop.localhost';
const MEGABYTES = 300;

/** 1 KB for a path, and what is asked for of zeros; takes whatever is sent. In a process of its own, as a project's server is. */
const BACKEND = `
const { createServer } = require('node:http');
const small = Buffer.alloc(1024, 'x'), part = Buffer.alloc(1 << 16);
createServer((request, response) => {
  if (request.method === 'PUT') { request.resume().on('end', () => response.end('ok')); return; }
  if (request.url !== '/large') { response.end(small); return; }
  let left = ${MEGABYTES} * 16;
  const more = () => { while (left > 0) { left -= 1; if (!response.write(part)) { response.once('drain', more); return; } } response.end(); };
  more();
}).listen(Number(process.argv[1]), '127.0.0.1');
`;

interface Side {
  readonly name: string;
  readonly port: number;
}

/** The gateway beside Caddy, with the same server behind both, one after the other. Needs h2load; without Caddy its own figures alone. */
export async function benchGateway(): Promise<readonly BenchRow[]> {
  const machine = newMachine();
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-bench-'));
  const [backend, port, caddyPort] = [await freePort(), await freePort(), await freePort()];
  const children = [spawn(process.execPath, ['-e', BACKEND, String(backend)], { stdio: 'ignore' })];
  try {
    const start = (await machine.polyenv(['gateway', 'start', '--port', String(port), '--json'])).json();
    await waitUntil(() => isOpen(port));
    const memory = [await residentOf(Number(start.pid))];
    const appeared = await announce(machine, backend, port);
    const caddy = await startCaddy(machine, { folder, port: caddyPort, backend });
    if (caddy !== undefined) children.push(caddy);
    const ours: Side = { name: 'polyenv', port };
    const rival: Side | undefined = caddy === undefined ? undefined : { name: 'Caddy', port: caddyPort };
    const rows: BenchRow[] = [];
    if (has('h2load')) {
      rows.push(
        await rateRow('HTTP/2, 10 connections of 10 streams', ['-n', '20000', '-c10', '-m10'], {
          ours,
          rival,
          goal: 0.75,
        }),
      );
      rows.push(
        await rateRow('HTTP/1.1, 50 connections', ['--h1', '-n', '20000', '-c50'], { ours, rival, goal: 0.45 }),
      );
      rows.push(await addedRow(ours, backend));
    } else console.log('no h2load here: rows of rates are left out (apt-get install nghttp2-client)');
    if (has('curl')) rows.push(...(await transferRows(ours)));
    memory.push(await residentOf(Number(start.pid)));
    const gap = await restartGap(machine, port);
    return [
      ...rows,
      row('gateway: memory at its start, MB', memory[0] ?? 0, 70),
      row('gateway: memory after these loads, MB', memory[1] ?? 0, 200),
      row('gateway: a new name is served after, ms', appeared, 300),
      row('gateway: nobody answers while it is restarted, ms', gap, 400),
    ];
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await machine.polyenv(['gateway', 'stop']);
    machine.remove();
    discard(folder);
  }
}

function row(name: string, ratio: number, limit: number): BenchRow {
  return { name, ratio, limit, detail: '' };
}

interface Rivals {
  readonly ours: Side;
  readonly rival: Side | undefined;
  readonly goal: number;
}

async function rateRow(name: string, args: readonly string[], { ours, rival, goal }: Rivals): Promise<BenchRow> {
  // In turns, so that what else the machine does meets both.
  const rates: Record<string, number[]> = {};
  for (let round = 0; round < 3; round += 1) {
    for (const side of rival === undefined ? [ours] : [ours, rival]) {
      const { rate } = await load(args, side);
      rates[side.name] = [...(rates[side.name] ?? []), rate];
    }
  }
  const [mine, theirs] = [best(rates[ours.name]), best(rates.Caddy)];
  if (rival === undefined) {
    return {
      name: `gateway: ${name}, requests/s`,
      ratio: mine,
      limit: Number.POSITIVE_INFINITY,
      detail: 'no Caddy here',
    };
  }
  const detail = `${Math.round(mine)} against Caddy's ${Math.round(theirs)} requests/s`;
  return { name: `gateway: ${name}, of Caddy`, ratio: mine / theirs, limit: goal, least: true, detail };
}

function best(rates: readonly number[] | undefined): number {
  return Math.max(0, ...(rates ?? []));
}

async function addedRow(ours: Side, backend: number): Promise<BenchRow> {
  const args = ['-n', '3000', '-c1', '-m1'];
  const [through, direct]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round += 1) {
    through.push((await load(args, ours)).milliseconds);
    direct.push((await load(['--h1', ...args], backend)).milliseconds);
  }
  const [a, b] = [Math.min(...through), Math.min(...direct)];
  const detail = `${a.toFixed(2)} ms against ${b.toFixed(2)} ms without it`;
  return { name: 'gateway: added to one request, ms', ratio: a - b, limit: 0.5, detail };
}

async function load(
  args: readonly string[],
  to: Side | number,
): Promise<{ readonly rate: number; readonly milliseconds: number }> {
  const where =
    typeof to === 'number'
      ? [`http://127.0.0.1:${to}/`]
      : [`--connect-to=127.0.0.1:${to.port}`, `https://${HOST}:${to.port}/`];
  const { stdout } = await run('h2load', [...args, ...where], { maxBuffer: 10_000_000 });
  const [, rate = '0'] = /finished in [\d.]+\w+, ([\d.]+) req\/s/.exec(stdout) ?? [];
  if (!/ 0 failed, 0 errored/.test(stdout)) throw new Error(`requests failed:\n${stdout}`);
  return { rate: Number(rate), milliseconds: 1000 / Number(rate) };
}

async function transferRows({ port }: Side): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const zeros = ['sh', ['-c', `head -c ${MEGABYTES}M /dev/zero | "$@"`, 'sh', 'curl']] as const;
  for (const [version, flag] of [
    ['HTTP/2', '--http2'],
    ['HTTP/1.1', '--http1.1'],
  ] as const) {
    const common = ['-sSk', flag, '-o', '/dev/null', '--resolve', `${HOST}:${port}:127.0.0.1`];
    const url = `https://${HOST}:${port}/`;
    const time = async (file: string, args: readonly string[]): Promise<number> => {
      const before = performance.now();
      await run(file, args);
      return (MEGABYTES * 1.048_576) / ((performance.now() - before) / 1000);
    };
    const down = await time('curl', [...common, `${url}large`]);
    const up = await time(zeros[0], [...zeros[1], ...common, '-T', '-', url]);
    for (const [way, rate] of [
      ['down', down],
      ['up', up],
    ] as const) {
      const detail = `${MEGABYTES} MB by curl`;
      rows.push({ name: `gateway: ${version} ${way}, MB/s`, ratio: rate, limit: 150, least: true, detail });
    }
  }
  return rows;
}

async function announce(machine: Machine, backend: number, port: number): Promise<number> {
  const host = { env: machine.env, personHome: machine.home } as unknown as Host;
  const route = { path: '/', kind: 'port', target: '', port: backend } as const;
  const project = machine.folder('shop');
  const before = performance.now();
  await writeNames(homeOf(host), { format: 1, project, names: [{ name: 'shop', origins: [], routes: [route] }] });
  await waitUntil(async () => (await statusOf(port)) === 200);
  return performance.now() - before;
}

async function restartGap(machine: Machine, port: number): Promise<number> {
  let [down, worst, over] = [0, 0, false];
  const watching = (async () => {
    while (!over) {
      if ((await statusOf(port)) === 200) down = 0;
      else if (down === 0) down = performance.now();
      if (down > 0) worst = Math.max(worst, performance.now() - down);
    }
  })();
  await machine.polyenv(['gateway', 'stop']);
  await machine.polyenv(['gateway', 'start']);
  await sleep(200);
  over = true;
  await watching;
  return worst;
}

async function startCaddy(
  machine: Machine,
  of: { readonly folder: string; readonly port: number; readonly backend: number },
) {
  if (!has('caddy')) return undefined;
  const { folder, port, backend } = of;
  const authority = await readAuthority(homeOf({ env: machine.env, personHome: machine.home } as unknown as Host));
  if (authority === undefined) return undefined;
  const leaf = await makeLeaf(authority.issuer, { host: HOST, now: new Date() });
  writeFileSync(join(folder, 'cert.pem'), leaf.chain);
  writeFileSync(join(folder, 'key.pem'), leaf.key, { mode: 0o600 });
  writeFileSync(
    join(folder, 'Caddyfile'),
    `{\n admin off\n auto_https off\n}\nhttps://${HOST}:${port} {\n bind 127.0.0.1\n tls ${folder}/cert.pem ${folder}/key.pem\n reverse_proxy 127.0.0.1:${backend}\n}\n`,
  );
  const args = ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  const child = spawn('caddy', args, {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  await waitUntil(() => isOpen(port));
  return child;
}

function statusOf(port: number): Promise<number> {
  return new Promise((done) => {
    const headers = { host: `${HOST}:${port}` };
    const options = {
      host: '127.0.0.1',
      port,
      servername: HOST,
      headers,
      rejectUnauthorized: false,
      agent: false,
    } as const;
    get(options, (response) => {
      response.resume();
      response.once('end', () => done(response.statusCode ?? 0));
    }).once('error', () => done(0));
  });
}

async function isOpen(port: number): Promise<boolean> {
  return (await statusOf(port)) > 0;
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not come about in 20 seconds');
    await sleep(5);
  }
}

/** Megabytes. */
async function residentOf(pid: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) / 1024;
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
