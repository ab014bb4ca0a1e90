import { readFile, stat } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';

/**
 * One small text member of a jar on this machine, or `undefined` where there is none or the file is no jar
 * (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). For reading what an installed program says of itself.
 */
export async function readJarMember(file: string, path: string): Promise<string | undefined> {
  try {
    if ((await stat(file)).size > MAX_JAR_BYTES) return undefined;
    const jar = await readFile(file);
    const end = jar.lastIndexOf(END_OF_DIRECTORY);
    let at = jar.readUInt32LE(end + 16);
    for (let left = jar.readUInt16LE(end + 10); left > 0; left -= 1) {
      if (jar.readUInt32LE(at) !== DIRECTORY_ENTRY) return undefined;
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => jar.readUInt16LE(at + offset));
      const name = jar.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
      if (name === path) return readMember(jar, at);
      at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
    }
    return undefined;
  } catch {
    return undefined;
  }
}

const END_OF_DIRECTORY = Buffer.from([0x50, 0x4b, 0x05, 0x06]);

const DIRECTORY_ENTRY = 0x02014b50;

const MAX_JAR_BYTES = 16 * 1024 * 1024;

const MAX_MEMBER_BYTES = 1024 * 1024;

function readMember(jar: Buffer, entry: number): string | undefined {
  const method = jar.readUInt16LE(entry + 10);
  const size = jar.readUInt32LE(entry + 20);
  const local = jar.readUInt32LE(entry + 42);
  const start = local + 30 + jar.readUInt16LE(local + 26) + jar.readUInt16LE(local + 28);
  const bytes = jar.subarray(start, start + size);
  if (method === 0) return bytes.toString('utf8', 0, MAX_MEMBER_BYTES);
  return method === 8 ? inflateRawSync(bytes, { maxOutputLength: MAX_MEMBER_BYTES }).toString('utf8') : undefined;
}
