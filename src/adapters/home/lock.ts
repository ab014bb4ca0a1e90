import { randomBytes } from 'node:crypto';
import { type BigIntStats, closeSync, constants, openSync, readSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { readdir, readFile, readlink, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import { printable } from '../../domain/words/printable';
import type { Host } from '../../host';
import { capture } from '../children/capture';
import { ensureFolder } from '../files/fs';
import { errorCode, isMissing, translateFsError } from '../files/fs-errors';
import { type Home, joinInside } from './paths';

export interface LockOptions {
  readonly home: Home;
  readonly host: Host;
  /** What is locked: a key of the store, `default` ... becomes a file name. */
  readonly name: string;
  /** What the holder is doing, for those who wait: `installing node 20.11.1`. */
  readonly purpose: string;
  /** Seconds to wait for a holder. */
  readonly timeout: number;
  readonly emit: Emit;
}

/**
 * Runs the action while no other process holds the lock of that name. A holder that died is succeeded at once; one on
 * another host, in another container or of another boot once its heartbeat has stood still for `FOREIGN_SECONDS`; a file
 * that names no holder after `GARBAGE_SECONDS`. A process that lives on this machine, stopped or not, is never succeeded.
 * Throws `busy` after `timeout` seconds, naming the holder.
 */
export async function withLock<T>(options: LockOptions, action: () => Promise<T>): Promise<T> {
  // guard: lock-name
  if (!/^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/.test(options.name)) {
    throw new PolyenvError('path-refused', `${JSON.stringify(options.name)} cannot be the name of a lock`);
  }
  const path = joinInside(options.home.locks, `${options.name}.lock`);
  await ensureFolder(options.home.locks);
  const self = await describeSelf(options);
  await acquire(path, { ...options, self, deadline: performance.now() + options.timeout * 1000 });
  const heart = setInterval(() => beat(path, self), HEARTBEAT_SECONDS * 1000);
  heart.unref();
  try {
    await sweepHeirs(path, self);
    return await action();
  } finally {
    clearInterval(heart);
    release(path, self);
  }
}

/** Whether somebody who is still at work holds the lock of that name. Takes nothing over. */
export async function isHeld(options: Omit<LockOptions, 'purpose' | 'timeout' | 'emit'>): Promise<boolean> {
  const path = joinInside(options.home.locks, `${options.name}.lock`);
  const seen = look(path);
  if (seen === undefined) return false;
  const self = await describeSelf({ ...options, purpose: '', timeout: 0, emit: () => undefined });
  return !(await isAbandoned(path, { seen, self, still: Date.now() - Number(seen.mtime / 1_000_000n) }));
}

const HEARTBEAT_SECONDS = 15;
export const FOREIGN_SECONDS = 90;
export const GARBAGE_SECONDS = 3;

interface Owner {
  readonly token: string;
  readonly pid: number;
  /** When that process started, as its system tells it: process ids are used again. */
  readonly started: string;
  readonly boot: string;
  /** Containers share folders and boot, not process ids. */
  readonly namespace: string;
  readonly hostname: string;
  readonly uid: number;
  readonly purpose: string;
}

interface Seen {
  /** Of this very file with this very content: what was judged must be what is taken away. */
  readonly identity: string;
  readonly mtime: bigint;
  readonly owner: Owner | undefined;
}

interface Attempt {
  readonly self: Owner;
  readonly emit: Emit;
  /** On `performance.now`'s clock, which no one sets back. */
  readonly deadline: number;
}

async function acquire(path: string, attempt: Attempt): Promise<void> {
  let watched: { readonly key: string; readonly since: number } | undefined;
  let told = false;
  for (let delay = 20; ; delay = Math.min(delay * 1.5, 250)) {
    if (claim(path, attempt.self)) return;
    const seen = look(path);
    if (seen === undefined) continue;
    const key = `${seen.identity} ${seen.mtime}`;
    if (watched?.key !== key) watched = { key, since: performance.now() };
    if (await isAbandoned(path, { seen, self: attempt.self, still: performance.now() - watched.since })) {
      await succeed(path, seen, attempt);
      continue;
    }
    if (performance.now() >= attempt.deadline) throw busy(path, seen.owner);
    if (!told && performance.now() - watched.since > 300) {
      told = true;
      attempt.emit({ type: 'warning', text: `waiting: ${describeHolder(path, seen.owner)}` });
    }
    await new Promise((resume) => setTimeout(resume, delay * (0.75 + Math.random() / 2)));
  }
}

function claim(path: string, self: Owner): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o644,
    );
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw translateFsError(error, path) ?? error;
  }
  try {
    writeSync(descriptor, encodeOwner(self));
    return true;
  } catch (error) {
    unlinkSync(path);
    throw translateFsError(error, path) ?? error;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Takes an abandoned lock away. Two who judge the same lock must not both do it, or the second takes the first one's
 * new lock: so the right to remove this very lock is itself a lock, held by one heir at a time. Under it the file is
 * moved aside and compared once more.
 */
async function succeed(path: string, seen: Seen, attempt: Attempt): Promise<void> {
  const inheritance = `${path}.heir-${seen.identity}`;
  if (basename(inheritance).length > 255) throw busy(path, seen.owner);
  await acquire(inheritance, attempt);
  try {
    if (look(path)?.identity !== seen.identity) return;
    const aside = `${path}.dead-${randomBytes(8).toString('hex')}`;
    await rename(path, aside);
    if (look(aside)?.identity !== seen.identity) {
      throw new PolyenvError('busy', `another process took the lock ${path} at the same moment`, { hint: 'try again' });
    }
    await unlink(aside);
  } catch (error) {
    if (!isMissing(error)) throw translateFsError(error, path) ?? error;
  } finally {
    release(inheritance, attempt.self);
  }
}

interface Judgement {
  readonly seen: Seen;
  readonly self: Owner;
  /** Milliseconds for which we have watched it stand unchanged. */
  readonly still: number;
}

async function isAbandoned(path: string, { seen, self, still }: Judgement): Promise<boolean> {
  const { owner } = seen;
  if (owner === undefined) return still > GARBAGE_SECONDS * 1000;
  const visible = owner.hostname === self.hostname && owner.boot === self.boot && owner.namespace === self.namespace;
  // A system may hide other people's processes: then only the heartbeat tells.
  const started = visible ? await startOfProcess(owner.pid) : undefined;
  if (visible && (started !== undefined || owner.uid === self.uid)) return started !== owner.started;
  return still > FOREIGN_SECONDS * 1000 || secondsBehind(path, seen) > FOREIGN_SECONDS;
}

/** How old the heartbeat is by the file server's own clock: that of a file made just now in the same folder. */
function secondsBehind(path: string, seen: Seen): number {
  const probe = `${path}.clock-${randomBytes(8).toString('hex')}`;
  try {
    closeSync(openSync(probe, 'wx', 0o600));
    const now = statSync(probe, { bigint: true }).mtimeNs;
    return Number(now - seen.mtime) / 1e9;
  } catch {
    return 0;
  } finally {
    try {
      unlinkSync(probe);
    } catch {
      // It was never made.
    }
  }
}

function release(path: string, self: Owner): void {
  try {
    // guard: lock-release
    if (look(path)?.owner?.token !== self.token) return;
    unlinkSync(path);
  } catch {
    // Whoever took it over, because we seemed dead, owns it now.
  }
}

/** Rewrites our own content in place, so that the file server's clock dates it. Nobody else's file is touched. */
function beat(path: string, self: Owner): void {
  try {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      if (readOwner(descriptor)?.token === self.token) writeSync(descriptor, encodeOwner(self), 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The next beat tries again.
  }
}

/** What heirs and clock probes that died left beside the lock that we now hold. */
async function sweepHeirs(path: string, self: Owner): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of (await readdir(folder)).filter((entry) => entry.startsWith(prefix))) {
    const file = join(folder, name);
    const seen = look(file);
    if (seen === undefined) continue;
    const dead =
      seen.owner === undefined
        ? secondsBehind(path, seen) > GARBAGE_SECONDS
        : await isAbandoned(file, { seen, self, still: 0 });
    if (dead) await unlink(file).catch(() => undefined);
  }
}

function look(path: string): Seen | undefined {
  let descriptor: number;
  let stats: BigIntStats;
  try {
    stats = statSync(path, { bigint: true });
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw translateFsError(error, path) ?? error;
  }
  try {
    const owner = readOwner(descriptor);
    return { identity: owner?.token ?? `${stats.ino}-${stats.mtimeNs}`, mtime: stats.mtimeNs, owner };
  } finally {
    closeSync(descriptor);
  }
}

function readOwner(descriptor: number): Owner | undefined {
  try {
    const buffer = Buffer.alloc(4096);
    const text = buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
    const found = JSON.parse(text) as Partial<Record<keyof Owner, unknown>>;
    const { token, pid, started, boot, namespace, hostname, uid, purpose } = found;
    if (typeof token !== 'string' || !/^[0-9a-f]{32}$/.test(token)) return undefined;
    if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(uid) || typeof started !== 'string') return undefined;
    if (typeof boot !== 'string' || typeof namespace !== 'string' || typeof hostname !== 'string') return undefined;
    if (typeof purpose !== 'string') return undefined;
    return { token, pid: pid as number, started, boot, namespace, hostname, uid: uid as number, purpose };
  } catch {
    return undefined;
  }
}

function encodeOwner(owner: Owner): string {
  return `${JSON.stringify(owner)}\n`;
}

async function describeSelf({ host, purpose }: LockOptions): Promise<Owner> {
  return {
    token: randomBytes(16).toString('hex'),
    pid: host.pid,
    started: (await startOfProcess(host.pid)) ?? '',
    boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim(),
    namespace: await readlink('/proc/self/ns/pid').catch(() => ''),
    hostname: host.hostname,
    uid: host.uid ?? -1,
    purpose: purpose.slice(0, 500),
  };
}

/** When the process started, or `undefined` if there is none (a zombie works no more): proc(5), or `ps` where there is no /proc. */
export async function startOfProcess(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch (error) {
    if (!isMissing(error) && errorCode(error) !== 'ESRCH') throw error;
  }
  if (hasProc()) return undefined;
  const ps = { file: '/bin/ps', args: ['-o', 'lstart=', '-p', String(pid)], env: { LC_ALL: 'C', TZ: 'UTC' }, cwd: '/' };
  const { exit, stdout } = await capture(ps, LONGEST_PS);
  const started = exit === 0 ? stdout.trim() : '';
  return started === '' ? undefined : started;
}

/** Milliseconds. */
const LONGEST_PS = 10_000;

function hasProc(): boolean {
  return statSync('/proc/self/stat', { throwIfNoEntry: false }) !== undefined;
}

function busy(path: string, owner: Owner | undefined): PolyenvError {
  return new PolyenvError('busy', describeHolder(path, owner), {
    where: { file: path },
    hint: owner === undefined ? 'try again in a few seconds' : `wait for it, or see what it does: ps -p ${owner.pid}`,
  });
}

function describeHolder(path: string, owner: Owner | undefined): string {
  if (owner === undefined) return `another polyenv holds ${path}`;
  return printable(`process ${owner.pid} on ${owner.hostname} is ${owner.purpose} and holds ${path}`);
}
