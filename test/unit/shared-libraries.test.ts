import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { neededOf } from '../../src/adapters/system/machine';
import { missingLibraries, missingPackages } from '../../src/adapters/system/shared-libraries';
import { installLibraries, packageManagerOf } from '../../src/domain/toolchain/system-packages';
import type { Host } from '../../src/host';
import { discard } from '../support/discard';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-test-')));
afterAll(() => discard(folder));

const host = { os: process.platform, env: {} } as unknown as Host;
const needs = neededOf(process.execPath)?.libraries ?? [];
const linux = process.platform === 'linux' && needs.length > 0;

/** This Node, asking for a library of the same length that no system has. */
function renamed(from: string, to: string): string {
  const file = join(folder, 'bin', 'program');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const bytes = readFileSync(process.execPath);
  for (let at = bytes.indexOf(`\0${from}\0`); at !== -1; at = bytes.indexOf(`\0${from}\0`, at + 1))
    bytes.write(to, at + 1);
  writeFileSync(file, bytes, { mode: 0o755 });
  return file;
}

describe.skipIf(!linux)('libraries that a program needs', () => {
  it('are all there for a program that runs', () => {
    expect(needs.some((name) => name.startsWith('libc.'))).toBe(true);
    expect(missingLibraries(host, process.execPath, folder)).toEqual([]);
  });

  it('are named where one is not there, and found where LD_LIBRARY_PATH leads', () => {
    const [first = ''] = needs.filter((name) => !/^(?:libc|ld-)/.test(name));
    const other = `libq${first.slice(4)}`;
    const program = renamed(first, other);
    expect(missingLibraries(host, program, folder)).toEqual([other]);
    mkdirSync(join(folder, 'own'));
    copyFileSync('/dev/null', join(folder, 'own', other));
    const told = { ...host, env: { LD_LIBRARY_PATH: join(folder, 'own') } } as unknown as Host;
    expect(missingLibraries(told, program, folder)).toEqual([]);
  });

  it('are none of a script, of what is damaged, or of what is not there', () => {
    const script = join(folder, 'script');
    writeFileSync(script, '#!/bin/sh\n');
    const cut = join(folder, 'cut');
    writeFileSync(cut, readFileSync(process.execPath).subarray(0, 5000));
    for (const file of [script, cut, join(folder, 'nowhere'), folder])
      expect(missingLibraries(host, file, folder)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('names of pkg-config', () => {
  it('are looked for where it looks', () => {
    const own = join(folder, 'pkgconfig');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'polyenv-a.pc'), '');
    const told = { ...host, env: { PKG_CONFIG_PATH: own } } as unknown as Host;
    expect(missingPackages(told, ['polyenv-a', 'polyenv-b'])).toEqual(['polyenv-b']);
    expect(missingPackages(host, ['polyenv-a'])).toEqual(['polyenv-a']);
    const only = { ...host, env: { PKG_CONFIG_LIBDIR: own } } as unknown as Host;
    expect(missingPackages(only, ['polyenv-a'])).toEqual([]);
  });
});

describe('packages of the system', () => {
  it.each([
    ['ID=debian\n', 'apt'],
    ['NAME="x"\nID=mint\nID_LIKE="ubuntu debian"\n', 'apt'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf'],
    ['ID=alpine', 'apk'],
    ['ID=arch', undefined],
    ['ID=constructor', undefined],
    ['', undefined],
  ])('%j has %s', (text, manager) => {
    expect(packageManagerOf(text)).toBe(manager);
  });

  it('are named where they are known, each once', () => {
    expect(installLibraries(['alsa', 'libudev', 'alsa'], 'apt')).toBe(
      'sudo apt-get install libasound2-dev libudev-dev',
    );
    expect(installLibraries(['libcrypt.so.1'], 'dnf')).toBe('sudo dnf install libxcrypt-compat');
    expect(installLibraries(['libcrypt.so.1'], 'apk')).toContain('that hold libcrypt.so.1');
    expect(installLibraries(['alsa', 'constructor'], 'apt')).toContain('that hold alsa, constructor');
    expect(installLibraries(['alsa'], undefined)).toContain('that hold alsa');
  });
});
