import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DOCUMENT_LIMITS } from '../../domain/team/manifest-reading';
import { invalid } from '../../domain/toolchain/bundle';
import { quoted } from '../../domain/words/printable';
import { openTarReader } from '../archives/tar-reader';

/** The files of an OCI image layout: a folder, or a tar whose members come in any order. */
export interface LayoutFiles {
  /** Names as in the layout: `index.json`, `blobs/sha256/...`. */
  size(name: string): Promise<number | undefined>;
  /** A small file as a whole; `undefined` where there is none. Throws `archive-invalid` for one that is too large. */
  text(name: string): Promise<string | undefined>;
  bytes(name: string): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Links are not followed: whoever made the folder does not choose what else is read. */
export function openLayoutFolder(folder: string): LayoutFiles {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const size = async (name: string): Promise<number | undefined> => {
    const found = await lstat(join(folder, name)).catch(() => undefined);
    return found?.isFile() === true ? found.size : undefined;
  };
  return {
    size,
    text: async (name) => {
      const length = await size(name);
      if (length === undefined) return undefined;
      if (length > DOCUMENT_LIMITS.bytes) throw invalid(folder, `its ${name} is too large`);
      const file = await open(join(folder, name), flags);
      try {
        return await file.readFile('utf8');
      } finally {
        await file.close();
      }
    },
    bytes: async function* (name) {
      const file = await open(join(folder, name), flags);
      try {
        yield* file.createReadStream({ highWaterMark: PIECE, autoClose: false }) as AsyncIterable<Buffer>;
      } finally {
        await file.close();
      }
    },
    close: async () => undefined,
  };
}

/** Reads the headers once, and then only what is asked for. Throws `archive-invalid`. */
export async function openLayoutTar(path: string): Promise<LayoutFiles> {
  const file = await open(path, 'r');
  try {
    const members = await listMembers(file, path);
    return {
      size: async (name) => members.get(name)?.size,
      text: async (name) => {
        const member = members.get(name);
        if (member === undefined) return undefined;
        if (member.size > DOCUMENT_LIMITS.bytes) throw invalid(path, `its ${name} is too large`);
        const content = Buffer.alloc(member.size);
        await readFully(file, content, member.at);
        return content.toString('utf8');
      },
      bytes: (name) => ownedParts(file, members.get(name) ?? { at: 0, size: 0 }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Place {
  readonly at: number;
  readonly size: number;
}

const BLOCK = 512;
const PIECE = 2 ** 18;
const MOST_MEMBERS = 100_000;

/** The tar reader sees every header; of a member's content it is given zeros, which costs no reading. */
async function listMembers(file: FileHandle, path: string): Promise<ReadonlyMap<string, Place>> {
  const { size: length } = await file.stat();
  const members = new Map<string, Place>();
  const zeros = Buffer.alloc(PIECE);
  let left = 0;
  let at = 0;
  const reader = openTarReader({
    begin: ({ name, kind, size }) => {
      left = size;
      if (kind !== 'file') return;
      const plain = name.replace(/^(?:\.\/)+/, '');
      if (members.has(plain)) throw invalid(path, `it has ${quoted(plain, 80)} twice`);
      if (members.size >= MOST_MEMBERS) throw invalid(path, 'it has too many members');
      members.set(plain, { at: at + BLOCK, size });
    },
    data: () => undefined,
    end: () => undefined,
  });
  const block = Buffer.alloc(BLOCK);
  while (at < length) {
    await readFully(file, block, at);
    reader.write(block);
    at += BLOCK;
    let skip = Math.ceil(left / BLOCK) * BLOCK;
    left = 0;
    if (at + skip > length) throw invalid(path, 'it ends too early');
    at += skip;
    for (; skip > 0; skip -= PIECE) reader.write(zeros.subarray(0, Math.min(PIECE, skip)));
  }
  reader.end();
  return members;
}

async function readFully(file: FileHandle, into: Buffer, at: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) return void into.fill(0, done);
    done += bytesRead;
  }
}

async function* ownedParts(file: FileHandle, { at, size }: Place): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; ) {
    const piece = Buffer.alloc(Math.min(PIECE, size - done));
    await readFully(file, piece, at + done);
    done += piece.length;
    yield piece;
  }
}
