import { mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runtime as node } from '../../runtimes/node';
import { runtime as python } from '../../runtimes/python';
import { runtime as rust } from '../../runtimes/rust';
import type { Context } from '../../src/app/base/context';
import { buildFindings, libraryFindings } from '../../src/app/checks/builds';
import type { DecidedToolchain } from '../../src/app/toolchains/decided-toolchain';

import type { Runtime } from '../../src/domain/runtime/runtime';
import { discard } from '../support/discard';
import { write } from '../support/pin-project';

let base: string;
let folder: string;
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-test-')));
  folder = join(base, 'project');
});
afterAll(() => discard(base));

/** As a lock answers that nothing of is installed. */
const decided = (runtime: Runtime, version: string) =>
  ({ runtime, decision: { folder }, resolution: { kind: 'entry', entry: { version } } }) as unknown as DecidedToolchain;

const builds = (runtime: Runtime, version: string) =>
  buildFindings([decided(runtime, version)]).map(({ message, hint }) => [message, hint]);

describe('what another version built', () => {
  it.each([
    ['env', 'home = /usr/bin\nversion = 3.11.2\n'],
    ['venv', 'version_info = 3.11.2.final.0\n'],
  ])('is %s, by its pyvenv.cfg', (name, text) => {
    write(folder, { [`${name}/pyvenv.cfg`]: text });
    expect(builds(python, '3.12.1')).toEqual([
      [`${name} was made by Python 3.11, and 3.12.1 is chosen`, `rm -r ${name} && python -m venv ${name}`],
    ]);
    expect(builds(python, '3.11.9')).toEqual([]);
    write(folder, { [`${name}/pyvenv.cfg`]: 'version = ?\n' });
    expect(builds(python, '3.12.1')).toEqual([]);
  });

  it('is an add-on of any package manager, and none that lies elsewhere', () => {
    const text = '{"variables":{"node_module_version":115}}';
    const place = 'node_modules/.pnpm/x@1/node_modules/x';
    write(folder, { [`${place}/build/config.gypi`]: text });
    write(base, { 'elsewhere/build/config.gypi': text });
    symlinkSync(join(base, 'elsewhere'), join(folder, 'node_modules', 'linked'));
    expect(builds(node, '22.1.0')).toEqual([[`${place} was made by Node.js 20, and 22.1.0 is chosen`, 'npm rebuild']]);
    expect(builds(node, '20.1.0')).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('libraries of the packages of Cargo.lock', () => {
  const found = (env: Readonly<Record<string, string>>) => {
    const ctx = { host: { os: 'linux', env } } as unknown as Context;
    return libraryFindings(ctx, [decided(rust, '1.88.0')]).map(({ message, where }) => `${message} ${where}`);
  };

  it('are told where pkg-config finds none, at the line of the package', () => {
    const none = { PKG_CONFIG_LIBDIR: join(base, 'none') };
    write(folder, { 'Cargo.lock': 'version = 4\n\n[[package]]\nname = "alsa-sys"\nversion = "0.3.1"\n' });
    expect(found(none)).toEqual([
      `alsa-sys is built against alsa, which pkg-config does not find here ${join(folder, 'Cargo.lock')}:4`,
    ]);
    write(base, { 'pc/alsa.pc': '' });
    expect(found({ PKG_CONFIG_LIBDIR: join(base, 'pc') })).toEqual([]);
    write(folder, { 'Cargo.lock': '[[package]]\nname = "openssl-sys"\n\n[[package]]\nname = "openssl-src"\n' });
    expect(found(none)).toEqual([]);
    write(folder, { 'Cargo.lock': '[[package]]\nname = "openssl-sys"\n' });
    expect(found(none)).toHaveLength(1);
  });
});
