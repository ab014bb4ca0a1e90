import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FOREIGN_SECONDS, GARBAGE_SECONDS, withLock } from '../../src/adapters/home/lock';
import type { Home } from '../../src/adapters/home/paths';
import type { Event } from '../../src/domain/words/events';
import type { Host } from '../../src/host';
import { discard } from '../support/discard';

const workshop = mkdtempSync(join(tmpdir(), 'polyenv-lock-worker-'));
const worker = join(workshop, 'worker.cjs');
let root: string;
let home: Home;
let events: Event[];

beforeAll(async () => {
  await build({
    stdin: { contents: WORKER, resolveDir: resolve(__dirname, '../..'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    outfile: worker,
    logLevel: 'error',
  });
});
afterAll(() => discard(workshop));
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polyenv-lock-'));
  home = { locks: join(root, 'locks') } as Home;
  mkdirSync(home.locks);
  events = [];
});
afterEach(() => discard(root));

/** `WORKER LOCKS NAME LOG HOLD TIMEOUT`: writes `in` and `out` to the log with the lock held in between. */
const WORKER = `
import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { withLock } from './src/adapters/home/lock';
const [locks, name, log, hold, timeout] = process.argv.slice(2) as [string, string, string, string, string];
const host = { pid: process.pid, uid: process.getuid?.(), hostname: hostname() };
withLock(
  { home: { locks }, host, name, purpose: 'testing in a child', timeout: Number(timeout), emit: () => {} } as never,
  async () => {
    appendFileSync(log, 'in ' + process.pid + '\\n');
    await new Promise((done) => setTimeout(done, Number(hold)));
    appendFileSync(log, 'out ' + process.pid + '\\n');
  },
).catch((error) => { process.stderr.write(error.message); process.exitCode = 1; });
`;

function lock<T>(action: () => Promise<T>, timeout = 10): Promise<T> {
  const host = { pid: process.pid, uid: process.getuid?.(), hostname: hostname() } as Host;
  return withLock(
    { home, host, name: 'key', purpose: 'testing', timeout, emit: (event) => events.push(event) },
    action,
  );
}

function child(hold: number, timeout = 30): ChildProcess {
  return spawn(process.execPath, [worker, home.locks, 'key', join(root, 'log'), String(hold), String(timeout)]);
}

async function ended(process: ChildProcess): Promise<number | null> {
  return process.exitCode !== null || process.signalCode !== null
    ? process.exitCode
    : new Promise((done) => process.on('exit', done));
}

async function logged(text: string): Promise<void> {
  const log = join(root, 'log');
  const stop = Date.now() + 8000;
  while (!existsSync(log) || !readFileSync(log, 'utf8').includes(text)) {
    if (Date.now() > stop) throw new Error(`never logged: ${text}`);
    await sleep(10);
  }
}

const path = (): string => join(home.locks, 'key.lock');

describe('withLock', () => {
  it('runs the action, gives its answer, and leaves nothing', async () => {
    expect(await lock(async () => readdirSync(home.locks))).toEqual(['key.lock']);
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it('lets go when the action fails', async () => {
    await expect(lock(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it.each(['../x', '.hidden', '-x', 'a b', '', 'x'.repeat(129)])('refuses the name %j', async (name) => {
    const host = { pid: process.pid, hostname: hostname() } as Host;
    const options = { home, host, name, purpose: '', timeout: 1, emit: () => undefined };
    await expect(withLock(options, async () => 1)).rejects.toMatchObject({ code: 'path-refused' });
  });

  it('keeps two tasks of one process apart', async () => {
    let inside = 0;
    const task = () =>
      lock(async () => {
        inside += 1;
        expect(inside).toBe(1);
        await sleep(20);
        inside -= 1;
      });
    await Promise.all([task(), task(), task()]);
  });

  it('keeps twenty processes apart, some of which are killed while they hold it', async () => {
    const children = Array.from({ length: 20 }, () => child(15));
    const killer = setInterval(() => {
      const holders = existsSync(join(root, 'log')) ? readFileSync(join(root, 'log'), 'utf8').trim().split('\n') : [];
      const [verb, pid] = holders.at(-1)?.split(' ') ?? [];
      if (verb === 'in') children.find((one) => String(one.pid) === pid)?.kill('SIGKILL');
    }, 120);
    const codes = await Promise.all(children.map(ended));
    clearInterval(killer);
    const killed = codes.filter((code) => code === null).length;
    expect(codes.filter((code) => code === 0)).toHaveLength(20 - killed);
    let holder = '';
    for (const line of readFileSync(join(root, 'log'), 'utf8').trim().split('\n')) {
      const [verb, pid = ''] = line.split(' ');
      if (verb === 'in') holder = pid;
      else expect(pid).toBe(holder);
    }
    await lock(async () => undefined);
    expect(readdirSync(home.locks)).toEqual([]);
  }, 40_000);

  it('tells who is waited for, and gives up naming the holder and the file', async () => {
    const holder = child(60_000);
    await logged('in');
    const error = await lock(async () => undefined, 1).catch((caught: unknown) => caught);
    holder.kill('SIGKILL');
    expect(error).toMatchObject({ code: 'busy', exit: 9 });
    const { message } = error as Error;
    expect(message).toContain(String(holder.pid));
    expect(message).toContain('testing in a child');
    expect(message).toContain(path());
    expect(events).toEqual([{ type: 'warning', text: expect.stringContaining(String(holder.pid)) }]);
  });

  it('never takes over from a process that is stopped', async () => {
    const holder = child(300);
    await logged('in');
    holder.kill('SIGSTOP');
    await expect(lock(async () => undefined, 1)).rejects.toMatchObject({ code: 'busy' });
    const end = ended(holder);
    holder.kill('SIGCONT');
    await lock(async () => expect(readFileSync(join(root, 'log'), 'utf8')).toContain('out'));
    expect(await end).toBe(0);
  });

  it('succeeds a dead process at once, also one dated in the future', async () => {
    const holder = child(60_000);
    await logged('in');
    holder.kill('SIGKILL');
    await ended(holder);
    utimesSync(path(), new Date('2099-01-01'), new Date('2099-01-01'));
    const started = performance.now();
    await lock(async () => undefined);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it('knows a process id that is used again by when its process started', async () => {
    await lock(async () => {
      const owner = JSON.parse(readFileSync(path(), 'utf8')) as Record<string, unknown>;
      writeFileSync(join(home.locks, 'key.copy'), JSON.stringify({ ...owner, token: 'a'.repeat(32), started: '1' }));
    });
    writeFileSync(path(), readFileSync(join(home.locks, 'key.copy')));
    rmSync(join(home.locks, 'key.copy'));
    await lock(async () => undefined, 1);
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it.each(['', '{"pid":1}'])('takes over a file that names no holder (%j) after a while', async (text) => {
    writeFileSync(path(), text);
    const started = performance.now();
    await lock(async () => undefined);
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(GARBAGE_SECONDS * 1000);
    expect(took).toBeLessThan((GARBAGE_SECONDS + 3) * 1000);
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it.each([
    ['hostname', 'elsewhere'],
    ['boot', 'another'],
    ['namespace', 'pid:[1]'],
  ])('takes over from another %s only when its heartbeat is old', async (field, value) => {
    await lock(async () => {
      writeFileSync(join(root, 'owner'), readFileSync(path()));
    });
    const owner = JSON.parse(readFileSync(join(root, 'owner'), 'utf8')) as Record<string, unknown>;
    writeFileSync(path(), JSON.stringify({ ...owner, token: 'b'.repeat(32), pid: 1, [field]: value }));
    await expect(lock(async () => undefined, 0.3)).rejects.toMatchObject({ code: 'busy' });
    const old = new Date(Date.now() - (FOREIGN_SECONDS + 5) * 1000);
    utimesSync(path(), old, old);
    await lock(async () => undefined, 1);
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it('does not release a lock that another has taken over', async () => {
    await lock(async () => {
      const owner = JSON.parse(readFileSync(path(), 'utf8')) as Record<string, unknown>;
      writeFileSync(path(), JSON.stringify({ ...owner, token: 'c'.repeat(32) }));
    });
    expect(existsSync(path())).toBe(true);
  });

  it('sweeps what heirs that died left', async () => {
    const dead = execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    await lock(async () => {
      const owner = JSON.parse(readFileSync(path(), 'utf8')) as Record<string, unknown>;
      const heir = { ...owner, token: 'd'.repeat(32), pid: Number(dead) };
      writeFileSync(`${path()}.heir-${'e'.repeat(32)}`, JSON.stringify(heir));
    });
    await lock(async () => undefined);
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it('succeeds an heir that died before it was done', async () => {
    const dead = Number(execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim());
    await lock(async () => {
      writeFileSync(join(root, 'owner'), readFileSync(path()));
    });
    const owner = JSON.parse(readFileSync(join(root, 'owner'), 'utf8')) as Record<string, unknown>;
    const token = 'f'.repeat(32);
    writeFileSync(path(), JSON.stringify({ ...owner, pid: dead, token }));
    writeFileSync(`${path()}.heir-${token}`, JSON.stringify({ ...owner, pid: dead, token: '0'.repeat(32) }));
    await lock(async () => undefined, 2);
    expect(readdirSync(home.locks)).toEqual([]);
  });

  it('gives no descriptor to children', async () => {
    await lock(async () => {
      const open = execFileSync('/bin/sh', ['-c', 'ls -l /proc/self/fd 2>/dev/null || true'], { encoding: 'utf8' });
      expect(open).not.toContain(home.locks);
    });
  });
});
