import { existsSync } from 'node:fs';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { glibcSuffices } from './elf';
import { elfOf } from './machine';

/**
 * Whether this system can start the program, told from its file alone: nothing is run. Throws `cannot-start` with the
 * reason. A script, or a program that is no ELF file, passes.
 */
export function checkStartable(host: Host, file: string, name: string): void {
  const facts = elfOf(file);
  if (facts === undefined || host.os !== 'linux') return;
  if (facts.machine !== host.arch) {
    throw new PolyenvError('cannot-start', `${name} is built for another processor than this machine's ${host.arch}`, {
      hint: 'report it: the source offers the wrong archive for this platform',
    });
  }
  if (facts.loader !== undefined && !existsSync(facts.loader)) {
    throw new PolyenvError(
      'cannot-start',
      `${name} needs the loader ${facts.loader}, which this system does not have`,
      {
        hint: missingLoaderHint(facts.loader),
      },
    );
  }
  const have = host.glibc();
  if (facts.glibc !== undefined && have !== undefined && !glibcSuffices(have, facts.glibc)) {
    throw new PolyenvError('cannot-start', `${name} needs glibc ${facts.glibc} or later, and this system has ${have}`, {
      hint: 'ask for an older version, or update the operating system',
    });
  }
}

function missingLoaderHint(loader: string): string {
  if (existsSync('/etc/NIXOS')) return 'NixOS: enable programs.nix-ld, which provides that loader';
  if (loader.includes('ld-musl')) return 'this build is for musl; ask for one for glibc';
  return existsSync('/etc/alpine-release')
    ? 'Alpine uses musl: install gcompat, or use a release that is built for musl'
    : 'install the C library (glibc) of your distribution';
}
