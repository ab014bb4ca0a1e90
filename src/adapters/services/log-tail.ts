import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { ServiceFolder } from './folders';

export interface LogTail {
  close(): void;
}

/** Milliseconds between two looks. */
const LOOK = 200;
/** Bytes of one look: a server that prints without end must not fill the process that reads it. */
const MOST = 64 * 1024;

/**
 * Gives the last lines of a log, and then those that are written to it, until it is closed. Where more comes than a look
 * may take, what lies between is left out, and a line says so.
 */
export function openLogTail({ log }: Pick<ServiceFolder, 'log'>, hear: (lines: readonly string[]) => void): LogTail {
  let decoder = new StringDecoder('utf8');
  let rest = '';
  let at: { readonly inode: number; readonly offset: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const look = async (): Promise<void> => {
    const part = await readAfter(log, at).catch(() => undefined);
    if (closed) return;
    if (part !== undefined) {
      if (part.missed > 0 || part.isNew) {
        decoder = new StringDecoder('utf8');
        rest = '';
      }
      at = part.at;
      const lines = (rest + decoder.write(part.bytes)).split('\n');
      rest = (lines.pop() ?? '').slice(-MOST);
      // The first line of a part that begins anywhere is half of one.
      const whole = part.missed > 0 ? lines.slice(1) : lines;
      const told = part.missed > 0 && !part.isNew ? [`… ${part.missed} bytes left out`, ...whole] : whole;
      if (told.length > 0) hear(told);
    }
    timer = setTimeout(() => void look(), LOOK);
  };
  void look();
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

interface Part {
  readonly at: { readonly inode: number; readonly offset: number };
  readonly bytes: Buffer;
  /** Bytes before it that were not read. */
  readonly missed: number;
  /** Whether it is of another file than the last one: the first, or one that took the place of a full one. */
  readonly isNew: boolean;
}

async function readAfter(path: string, before: Part['at'] | undefined): Promise<Part> {
  const file: FileHandle = await open(path, 'r');
  try {
    const { ino: inode, size } = await file.stat();
    const isNew = before === undefined || before.inode !== inode || size < before.offset;
    const from = isNew ? 0 : before.offset;
    const start = Math.max(from, size - MOST);
    const bytes = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    return {
      at: { inode, offset: start + bytesRead },
      bytes: bytes.subarray(0, bytesRead),
      missed: start - from,
      isNew,
    };
  } finally {
    await file.close();
  }
}
