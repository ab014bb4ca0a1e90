import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { newMachine } from '../support/cli';

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
