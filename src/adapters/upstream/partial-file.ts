import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { readTextIfAny, removeTree } from '../files/fs';
import { errorCode, translateFsError } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import { type PartDownload, wholePath } from './part-download';

export interface Partial {
  readonly path: string;
  readonly descriptor: number;
  /** Bytes kept from an earlier run, with the validator under which they were received. */
  readonly kept: number;
  readonly validator: string | undefined;
  /** Remembers the validator for a later run. */
  note(validator: string | undefined): Promise<void>;
  /** Nothing of it is needed any more. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** Partial files in use by this very process: a second download of the same bytes gets one of its own. */
const inUse = new Set<string>();

export async function openPartial(options: PartDownload): Promise<Partial> {
  const usual = `${wholePath(options)}.partial`;
  const path = inUse.has(usual) ? `${usual}.${randomBytes(8).toString('hex')}` : usual;
  inUse.add(path);
  try {
    const notes = `${path}.json`;
    const descriptor = await openPlain(path);
    const validator = await readValidator(notes);
    let kept = fstatSync(descriptor).size;
    if (validator === undefined && kept > 0) {
      ftruncateSync(descriptor, 0);
      kept = 0;
    }
    let noted = validator;
    let wanted = true;
    return {
      path,
      descriptor,
      kept,
      validator,
      note: async (next) => {
        if (next === noted) return;
        noted = next;
        await rm(notes, { force: true });
        if (next !== undefined) await writeAtomic(notes, `${JSON.stringify({ schema: 1, validator: next })}\n`);
      },
      drop: async () => {
        wanted = false;
        await rm(path, { force: true });
        await rm(notes, { force: true });
      },
      close: async () => {
        const empty = fstatSync(descriptor).size === 0;
        closeSync(descriptor);
        // Bytes that nothing could prove to be the same file are of no use later.
        if (wanted && (empty || noted === undefined || path !== usual)) {
          await rm(path, { force: true });
          await rm(notes, { force: true });
        }
        inUse.delete(path);
      },
    };
  } catch (error) {
    inUse.delete(path);
    throw translateFsError(error, path) ?? error;
  }
}

async function openPlain(path: string): Promise<number> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) await removeTree(path);
  try {
    return openSync(path, flags, 0o644);
  } catch (error) {
    if (errorCode(error) !== 'EACCES' || found === undefined) throw error;
    await removeTree(path);
    return openSync(path, flags, 0o644);
  }
}

async function readValidator(notes: string): Promise<string | undefined> {
  try {
    const { schema, validator } = JSON.parse((await readTextIfAny(notes)) ?? '{}') as Readonly<Record<string, unknown>>;
    return schema === 1 && typeof validator === 'string' && /^[\x20-\x7e]{1,500}$/.test(validator)
      ? validator
      : undefined;
  } catch {
    return undefined;
  }
}

export const CHUNK = 2 ** 20;

export function* readFrom(descriptor: number, start: number, stop: number): Generator<Buffer> {
  for (let at = start; at < stop; ) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, stop - at));
    const count = readSync(descriptor, buffer, 0, buffer.length, at);
    if (count === 0) return;
    at += count;
    yield buffer.subarray(0, count);
  }
}
