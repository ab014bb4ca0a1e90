import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { ServerIdentity } from '../../domain/services/state';
import type { Host } from '../../host';
import { capture } from '../children/capture';
import { namesIn } from '../files/fs';
import { startOfProcess } from '../home/lock';

/** The descriptor by which a server holds its data for as long as it lives. */
export const LOCK_DESCRIPTOR = 9;

/** `elsewhere`: of another container or machine, whose processes cannot be seen from here. */
export type Life = 'alive' | 'dead' | 'elsewhere';

/** Which process has that id now; `undefined` if none has, or one that has ended and that nobody collected. */
export async function identifyProcess(host: Host, pid: number): Promise<ServerIdentity | undefined> {
  const started = await startOfProcess(pid);
  if (started === undefined) return undefined;
  return { pid, started, ...hereAndNow(host), since: host.now().toISOString() };
}

/** Whether that very process lives. A pid that is somebody else's now is dead, as is a zombie. */
export async function lifeOf(host: Host, server: ServerIdentity): Promise<Life> {
  const here = hereAndNow(host);
  if (server.boot === here.boot && server.namespace !== here.namespace) return 'elsewhere';
  if (server.boot !== here.boot) return server.host === here.host ? 'dead' : 'elsewhere';
  // guard: server-start
  if ((await startOfProcess(server.pid)) !== server.started) return 'dead';
  return 'alive';
}

/**
 * Whether the process holds the lock of another service's data: of the home that this one was copied from, while it ran. Only
 * where that can be seen.
 */
export function holdsAnother(pid: number, running: string): boolean {
  const descriptor = `/proc/${pid}/fd/${LOCK_DESCRIPTOR}`;
  const [own, held] = [statOf(running), statOf(descriptor)];
  if (own === undefined || held === undefined || readLink(descriptor)?.endsWith('/running') !== true) return false;
  return own.dev !== held.dev || own.ino !== held.ino;
}

function hereAndNow(host: Host): Pick<ServerIdentity, 'boot' | 'namespace' | 'host'> {
  return { boot: bootOf(host), namespace: readLink('/proc/self/ns/pid') ?? '', host: host.hostname };
}

/** What differs after each start of the machine. macOS tells when it started, which moves when the clock is set: its minute is enough. */
function bootOf(host: Host): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return host.os;
  }
}

/** Processes whose working folder is the data folder and whose program is of the toolchain: what a killed server left. */
export async function findLeftovers(data: string, toolchain: string): Promise<readonly number[]> {
  const folder = statSync(data, { throwIfNoEntry: false });
  if (folder === undefined) return [];
  const found: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = statOf(`/proc/${name}/cwd`);
    if (cwd?.dev !== folder.dev || cwd.ino !== folder.ino) continue;
    // guard: leftover-program
    if (!(await isProgramOf(Number(name), toolchain))) continue;
    if ((await startOfProcess(Number(name))) !== undefined) found.push(Number(name));
  }
  return found;
}

/** The process that listens on the port, for a message: its name and id where the system tells them, else whose it is. */
export async function listenerOf(port: number): Promise<string | undefined> {
  const inodes = await listeningInodes(port);
  const [owner] = inodes.values();
  if (owner === undefined) return undefined;
  for (const pid of (await namesIn('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`) ?? '')?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
      return `${name === '' ? 'process' : name} (pid ${pid})`;
    }
  }
  // The descriptors of another user's process may not be read.
  return `a process of user ${owner}`;
}

/** The sockets that listen on the port, with the ids of their users: https://docs.kernel.org/networking/proc_net_tcp.html */
async function listeningInodes(port: number): Promise<ReadonlyMap<string, string>> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const found = new Map<string, string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      // 0A is LISTEN.
      const [, local, , state, , , , user, , inode] = fields;
      if (local?.endsWith(`:${hex}`) && state === '0A' && user !== undefined && inode !== undefined) {
        found.set(inode, user);
      }
    }
  }
  return found;
}

/** Bytes of memory that are the server's and its children's own (shared ones counted once); `undefined` where the system does not tell. */
export function memoryOf(pid: number): number | undefined {
  let bytes: number | undefined;
  for (const one of [pid, ...descendantsOf(pid)]) {
    const pss = /^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${one}/smaps_rollup`) ?? '')?.[1];
    if (pss !== undefined) bytes = (bytes ?? 0) + Number(pss) * 1024;
  }
  return bytes;
}

function descendantsOf(pid: number): readonly number[] {
  const children = (textOf(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
  return [...children, ...children.flatMap(descendantsOf)];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Whether the process runs a program of the toolchain, or was started as one, as far as the system tells. */
export async function isProgramOf(pid: number, toolchain: string): Promise<boolean> {
  const program = readLink(`/proc/${pid}/exe`);
  if (program?.startsWith(`${toolchain}/`)) return true;
  // The links of another user's process may not be read, and a server that was just started is a shell yet.
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (words !== undefined) return words.includes(`${toolchain}/`);
  const ps = { file: '/bin/ps', args: ['-o', 'command=', '-p', String(pid)], env: { LC_ALL: 'C' }, cwd: '/' };
  const { exit, stdout } = await capture(ps, LONGEST_PS);
  return exit === 0 && stdout.includes(`${toolchain}/`);
}

/** Milliseconds. */
const LONGEST_PS = 10_000;
