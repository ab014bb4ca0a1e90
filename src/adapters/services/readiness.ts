import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Service, ServicePlace } from '../../domain/runtime/service';

/** What a server says of itself. `foreign`: another server answers on its port. */
export type Said = 'ready' | 'waiting' | 'foreign';

/** Asks once. What a killed server left behind says nothing: the file must name the process that we started and be as new as it. */
export async function askReady(
  ready: Service['ready'],
  at: ServicePlace,
  started: { readonly pid: number; readonly at: number },
): Promise<Said> {
  switch (ready.by) {
    case 'file':
      return (await fileSays(join(at.data, ready.path), ready, started)) ? 'ready' : 'waiting';
    case 'tcp': {
      const answer = await exchange({ host: at.host, port: at.ports[ready.port] ?? 0 }, ready.send(at));
      if (ready.expect.test(answer)) return 'ready';
      return ready.wrong?.test(answer) ? 'foreign' : 'waiting';
    }
    case 'http':
      return (await statusOf({ host: at.host, port: at.ports[ready.port] ?? 0, path: ready.path })) === ready.status
        ? 'ready'
        : 'waiting';
  }
}

async function fileSays(
  path: string,
  rule: { readonly pidLine: number; readonly line: number; readonly equals: string },
  started: { readonly pid: number; readonly at: number },
): Promise<boolean> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n');
    // guard: ready-process
    if (lines[rule.pidLine - 1]?.trim() !== String(started.pid)) return false;
    // Clocks of files tick coarsely.
    if (statSync(path).mtimeMs < started.at - 1000) return false;
    return lines[rule.line - 1]?.trim() === rule.equals;
  } catch {
    return false;
  }
}

const PATIENCE = 1000;

function exchange(to: { readonly host: string; readonly port: number }, send: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(to);
    const end = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(PATIENCE, end);
    socket.once('error', end);
    socket.once('close', end);
    socket.once('connect', () => socket.write(Buffer.from(send, 'latin1')));
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      // One exchange is one answer; a line, or what a server of another kind says first.
      if (heard.includes('\n') || heard.length > 4096) end();
    });
    // A server that speaks binary sends no line: what came in a moment is the answer.
    socket.once('data', () => setTimeout(end, 50).unref());
  });
}

function statusOf(to: { readonly host: string; readonly port: number; readonly path: string }): Promise<number> {
  return new Promise((resolve) => {
    const asked = request({ ...to, agent: false, timeout: PATIENCE }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(0));
    asked.end();
  });
}
