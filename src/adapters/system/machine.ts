import { closeSync, openSync, readSync } from 'node:fs';
import type { PlatformKey } from '../../domain/runtime/platform';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { type ElfFacts, type Needed, readElf, readElfLoader, readNeeded } from './elf';

const OS = { linux: 'linux', darwin: 'darwin', win32: 'windows' } as const;

/**
 * The platform on which this Node runs; its own loader shows whether that is musl. Throws `platform-missing` on any
 * other.
 */
export async function machinePlatform(host: Host): Promise<PlatformKey> {
  const os = OS[host.os as keyof typeof OS] as (typeof OS)[keyof typeof OS] | undefined;
  const arch = host.arch === 'x64' || host.arch === 'arm64' ? host.arch : undefined;
  if (os === undefined || arch === undefined) {
    throw new PolyenvError('platform-missing', `polyenv does not run on ${host.os} ${host.arch}`, {
      hint: 'Linux and macOS on x64 and arm64 are supported',
    });
  }
  if (os !== 'linux') return `${os}-${arch}`;
  return loaderOf(host.node)?.includes('ld-musl') === true ? `linux-${arch}-musl` : `linux-${arch}`;
}

/** The ELF loader that a program names, or `undefined` for what is no dynamic ELF program. Reads only its head. */
export function loaderOf(file: string): string | undefined {
  return readProgram(file, readElfLoader);
}

export function elfOf(file: string): ElfFacts | undefined {
  return readProgram(file, readElf);
}

/** What a program or library asks the loader for; `undefined` for what is no dynamic ELF file. */
export function neededOf(file: string): Needed | undefined {
  return readProgram(file, readNeeded);
}

function readProgram<T>(
  file: string,
  facts: (read: (offset: number, length: number) => Buffer) => T | undefined,
): T | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    return facts((offset, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, offset));
    });
  } finally {
    closeSync(descriptor);
  }
}
