import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { newMachine } from '../support/cli';
import { serveTinyNode } from '../support/tiny-node';

const machine = newMachine({ POLYENV_OFFLINE: '1' });
afterAll(() => machine.remove());

it('--frozen tells a lock that is missing from one that holds nothing because all was linked', async () => {
  const root = machine.folder('go');
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin', 'go'), '#!/bin/sh\necho go version go1.24.1 linux/amd64\n', { mode: 0o755 });
  const cwd = machine.folder('project');
  const linked = await machine.polyenv(['link', 'go@1.24', root], { cwd });
  expect(linked, linked.stderr).toMatchObject({ exit: 0 });

  writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\ngo = "1.24"\n');
  const missing = await machine.polyenv(['install', '--frozen'], { cwd });
  expect(missing).toMatchObject({ exit: 7, stderr: expect.stringContaining('error[lock-missing]') });

  expect(await machine.polyenv(['use', 'go@1.24'], { cwd })).toMatchObject({ exit: 0 });
  expect(readFileSync(join(cwd, 'polyenv.lock'), 'utf8')).not.toContain('[[runtimes');
  const empty = await machine.polyenv(['install', '--frozen'], { cwd });
  expect(empty).toMatchObject({ exit: 7, stderr: expect.stringContaining('error[frozen-linked]') });
  expect(empty.stderr).toContain('polyenv.lock');
});

it('--frozen takes no linked toolchain for a locked one that cannot be had, and nothing that the manifest did not ask for', async () => {
  const upstream = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  const first = newMachine({ POLYENV_MIRRORS: upstream.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  try {
    const cwd = first.folder('project');
    expect(await first.polyenv(['use', 'node@20'], { cwd })).toMatchObject({ exit: 0 });
    const root = first.folder('node');
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin', 'node'), '#!/bin/sh\necho v20.11.1\n', { mode: 0o755 });
    const env = { POLYENV_HOME: join(first.base, 'other'), POLYENV_OFFLINE: '1' };
    expect(await first.polyenv(['link', 'node@20.11.1', root], { cwd, env })).toMatchObject({ exit: 0 });
    expect(await first.polyenv(['install', '--frozen'], { cwd, env })).toMatchObject({ exit: 5 });
    const refusing = {
      POLYENV_HOME: env.POLYENV_HOME,
      POLYENV_SOURCES_ALLOWED: 'npm',
      npm_config_registry: 'http://127.0.0.1:9/',
      POLYENV_REGISTRY_PYPI: 'http://127.0.0.1:9/simple',
    };
    const refused = await first.polyenv(['install', '--frozen'], { cwd, env: refusing });
    expect(refused.exit, refused.stdout + refused.stderr).not.toBe(0);

    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\nnode = "18"\n');
    const differs = await first.polyenv(['install', '--frozen'], { cwd });
    expect(differs).toMatchObject({ exit: 7, stderr: expect.stringContaining('error[lock-stale]') });
  } finally {
    await upstream.close();
    first.remove();
  }
});
