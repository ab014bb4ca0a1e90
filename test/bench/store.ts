import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openHttp } from '../../src/adapters/net/http';
import { openRegistry } from '../../src/adapters/registry/registry';
import { openTeamStore } from '../../src/adapters/registry/team-store';
import { keepPart } from '../../src/adapters/upstream/download';
import type { Part } from '../../src/domain/runtime/artifact';
import { parseReference } from '../../src/domain/team/reference';
import type { Host } from '../../src/host';
import { newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { serveRegistry } from '../support/registry-server';
import { settingsWith } from '../support/settings';
import { serveTinyNode, siteOf } from '../support/tiny-node';
import type { BenchRow } from './row';
import { blobBytes } from './store-line';
import { benchColdInstall } from './store-requests';

/** A team's store: requests, what it costs over a plain file server, and two hundred clients on one line. */
export async function benchStore(): Promise<readonly BenchRow[]> {
  return [
    ...(await benchRequests()),
    ...(await benchColdInstall()),
    ...(await benchOverhead()),
    ...(await benchCrowd()),
  ];
}

/** Of the line that all clients share: 1 Gbit/s. */
const LINE = 125_000_000;
const CLIENTS = 200;
/** Archives of the lock that all of them install. */
const SIZES = [2_000_000, 700_000, 300_000];

interface Server {
  readonly origin: string;
  kill(): void;
  startAgain(): Promise<void>;
}

async function startLine(speed: number, sizes: readonly number[]): Promise<Server> {
  let child: ChildProcess;
  const start = (port: string): Promise<string> => {
    const script = resolve(__dirname, 'store-line.ts');
    const args = ['--import', 'tsx', script, port, String(speed), ...sizes.map(String)];
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Promise((done) => child.stdout?.once('data', (text: Buffer) => done(`${text}`.trim())));
  };
  const port = await start('0');
  return {
    origin: `http://127.0.0.1:${port}`,
    kill: () => void child.kill('SIGKILL'),
    startAgain: async () => void (await start(port)),
  };
}

function partsOf(sizes: readonly number[]): readonly Part[] {
  return sizes.map((size, index) => {
    const bytes = blobBytes(index, size);
    return {
      at: `https://tools.test/${index}.tar.gz`,
      digest: { kind: 'sha256', value: createHash('sha256').update(bytes).digest('hex') },
      size: bytes.length,
      proof: { kind: 'digest', by: 'tools.test' },
    };
  });
}

/** One client: all archives of the lock, proved and written, four at a time, from the store or from a mirror. */
async function fetchAll(
  server: Server,
  of: { readonly parts: readonly Part[]; readonly into: string; readonly from: 'store' | 'mirror' },
): Promise<void> {
  const host = { env: {}, personHome: of.into } as unknown as Host;
  const settings = settingsWith({ networkRetries: 20, networkTimeout: 60 });
  const quiet = (): void => undefined;
  const http = openHttp({ host, settings, emit: quiet });
  const reference = parseReference(`${server.origin}/team/tools`);
  if (!('host' in reference)) throw new Error(reference.problem);
  const registry = openRegistry({ http, reference, host, settings, hide: quiet, note: quiet, warn: quiet });
  const store = openTeamStore(registry);
  const at = { toolchain: 'none', lock: async () => undefined };
  try {
    mkdirSync(of.into, { recursive: true });
    await Promise.all(
      of.parts.map(async (part, index) => {
        const found = of.from === 'store' ? await store.place(part, at) : undefined;
        const url = `${found?.url ?? `${server.origin}/dist/archive.tar.gz`}?index=${index}`;
        const common = { part, downloads: of.into, onBytes: quiet, offline: false, format: 'tar.gz' } as const;
        await keepPart({ ...common, http: found?.http ?? http, url });
      }),
    );
  } finally {
    await http.close();
  }
}

async function benchOverhead(): Promise<readonly BenchRow[]> {
  const sizes = [60_000_000];
  const server = await startLine(0, sizes);
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-bench-'));
  const times: Record<'store' | 'mirror', number[]> = { store: [], mirror: [] };
  try {
    const parts = partsOf(sizes);
    for (let round = 0; round < 9; round += 1) {
      for (const from of round % 2 === 0 ? (['store', 'mirror'] as const) : (['mirror', 'store'] as const)) {
        const into = join(folder, `${from}-${round}`);
        const began = performance.now();
        await fetchAll(server, { parts, into, from });
        times[from].push(performance.now() - began);
        discard(into);
      }
    }
  } finally {
    server.kill();
    discard(folder);
  }
  const [store, mirror] = [median(times.store), median(times.mirror)];
  return [
    {
      name: 'an archive of 60 MB from the store against a plain file server',
      ratio: store / mirror,
      limit: 1.05,
      detail: `${store.toFixed(0)} ms against ${mirror.toFixed(0)} ms`,
    },
  ];
}

async function benchCrowd(): Promise<readonly BenchRow[]> {
  const bytes = CLIENTS * SIZES.reduce((sum, size) => sum + size, 0);
  const ideal = (bytes / LINE) * 1000;
  const calm = await crowd('store');
  const mirror = await crowd('mirror');
  const killed = await crowd('store', 'killed');
  return [
    {
      name: `${CLIENTS} clients on one line of 1 Gbit/s: time by bytes over the line`,
      ratio: calm.milliseconds / ideal,
      limit: 1.15,
      detail: `${(calm.milliseconds / 1000).toFixed(1)} s against ${(ideal / 1000).toFixed(1)} s, ${calm.well} of ${CLIENTS} ended well`,
    },
    {
      name: `${CLIENTS} clients: bytes over the line by bytes of their archives`,
      ratio: calm.sent / bytes,
      limit: 1.01,
      detail: `${(calm.sent / 1e6).toFixed(0)} MB against ${(bytes / 1e6).toFixed(0)} MB`,
    },
    {
      name: `${CLIENTS} clients, the store against a mirror of the official sites`,
      ratio: calm.milliseconds / mirror.milliseconds,
      limit: 1.05,
      detail: `${(calm.milliseconds / 1000).toFixed(1)} s against ${(mirror.milliseconds / 1000).toFixed(1)} s`,
    },
    {
      name: `${CLIENTS} clients that end well though the store is killed`,
      ratio: killed.well,
      limit: CLIENTS,
      least: true,
      detail: `killed in the middle, started again after 1 s: ${(killed.milliseconds / 1000).toFixed(1)} s`,
    },
  ];
}

async function crowd(
  from: 'store' | 'mirror',
  fate: 'calm' | 'killed' = 'calm',
): Promise<{ readonly milliseconds: number; readonly well: number; readonly sent: number }> {
  const server = await startLine(LINE, SIZES);
  // Two hundred machines have two hundred disks.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'polyenv-bench-'));
  const parts = partsOf(SIZES);
  try {
    const began = performance.now();
    const running = Array.from({ length: CLIENTS }, (_, index) =>
      fetchAll(server, { parts, into: join(folder, String(index)), from }),
    );
    if (fate === 'killed') {
      await new Promise((resume) => setTimeout(resume, 2500));
      server.kill();
      await new Promise((resume) => setTimeout(resume, 1000));
      await server.startAgain();
    }
    const settled = await Promise.allSettled(running);
    const milliseconds = performance.now() - began;
    const well = settled.filter(({ status }) => status === 'fulfilled').length;
    const sent = Number(await (await fetch(`${server.origin}/sent`)).text());
    return { milliseconds, well, sent };
  } finally {
    server.kill();
    discard(folder);
  }
}

/** With the program itself: what a push and an install ask for, and how much memory an install takes. */
async function benchRequests(): Promise<readonly BenchRow[]> {
  const site = await serveTinyNode([{ version: '20.11.1', lts: 'Iron', filler: 40_000_000 }]);
  const registry = await serveRegistry();
  const reference = `${registry.origin}/team/tools`;
  const author = newMachine({ ...siteOf(site) });
  const colleague = newMachine({ POLYENV_STORE: reference, POLYENV_STORE_MODE: 'only' });
  try {
    const cwd = author.folder('project');
    await author.polyenv(['use', 'node@20'], { cwd });
    await author.polyenv(['push', reference], { cwd });
    registry.asked.length = 0;
    const tags = [...registry.manifests.keys()].filter((key) => !key.includes('@sha256:')).length;
    await author.polyenv(['push', reference], { cwd });
    const pushed = registry.asked.length;
    const memory = await peakOf(colleague.program, { cwd, env: colleague.env });
    return [
      {
        name: 'requests of a push of what is there, a tag',
        ratio: pushed / tags,
        limit: 1,
        detail: `${pushed} requests, ${tags} tags`,
      },
      { name: 'memory of an install from the store, MB', ratio: memory, limit: 150, detail: 'an archive of 40 MB' },
    ];
  } finally {
    for (const machine of [author, colleague]) machine.remove();
    await registry.close();
    await site.close();
  }
}

function peakOf(
  program: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<number> {
  const child = spawn(process.execPath, [program, 'install', '--frozen'], {
    cwd,
    env: { ...env, PWD: cwd },
    stdio: 'ignore',
  });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  }, 10);
  return new Promise((done) =>
    child.on('exit', () => {
      clearInterval(timer);
      done(peak);
    }),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
