import { open, rename, stat } from 'node:fs/promises';
import { isMissing } from '../files/fs-errors';
import type { ServiceFolder } from './folders';

/** Bytes above which a log is put aside when a server starts. */
const ROTATE = 10_000_000;
const BLOCK = 64 * 1024;

export async function rotateLog({ log, oldLog }: ServiceFolder): Promise<void> {
  const found = await stat(log).catch(() => undefined);
  if (found !== undefined && found.size > ROTATE) await rename(log, oldLog);
}

/** The last lines that a server printed, in the log that was put aside too if this one is short. */
export async function lastLines(at: ServiceFolder, count: number): Promise<readonly string[]> {
  const newest = await tail(at.log, count);
  return newest.length >= count ? newest : [...(await tail(at.oldLog, count - newest.length)), ...newest];
}

async function tail(path: string, count: number): Promise<readonly string[]> {
  if (count <= 0) return [];
  try {
    const file = await open(path, 'r');
    try {
      let { size: at } = await file.stat();
      let found = Buffer.alloc(0);
      let lines = 0;
      while (at > 0 && lines <= count) {
        const length = Math.min(BLOCK, at);
        at -= length;
        const block = Buffer.alloc(length);
        await file.read(block, 0, length, at);
        lines += block.filter((byte) => byte === 10).length;
        found = Buffer.concat([block, found]);
      }
      const text = found.toString('utf8').replace(/\n$/, '');
      return text === '' ? [] : text.split('\n').slice(-count);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Gives what is written to the log from now on, until `ended` says so; a log that was put aside meanwhile is read to its end first. */
export async function followLog(
  { log }: ServiceFolder,
  hear: (text: string) => void,
  ended: () => boolean,
): Promise<void> {
  let file = await open(log, 'r').catch(() => undefined);
  let at = (await file?.stat())?.size ?? 0;
  try {
    while (!ended()) {
      const block = Buffer.alloc(BLOCK);
      const { bytesRead = 0 } = (await file?.read(block, 0, BLOCK, at)) ?? {};
      if (bytesRead > 0) {
        at += bytesRead;
        hear(block.toString('utf8', 0, bytesRead));
        continue;
      }
      const [seen, now] = [await file?.stat(), await stat(log).catch(() => undefined)];
      if (now !== undefined && (seen === undefined || now.ino !== seen.ino)) {
        await file?.close();
        file = await open(log, 'r').catch(() => undefined);
        at = 0;
        continue;
      }
      await new Promise((resume) => setTimeout(resume, 100));
    }
  } finally {
    await file?.close();
  }
}
