import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { published } from '../fixtures/upstreams/pnpm';
import { type Machine, newMachine } from '../support/cli';
import { ownConfiguration } from '../support/own-configuration';
import { serveUpstreams } from '../support/upstream-server';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0)) await action();
});

async function newProject(): Promise<{ readonly machine: Machine; readonly cwd: string }> {
  const server = await serveUpstreams([published]);
  const machine = newMachine({ npm_config_registry: server.registry });
  undo.push(
    () => machine.remove(),
    () => server.close(),
  );
  return { machine, cwd: machine.folder('project') };
}

function write(cwd: string, packageManager: string): void {
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'x', packageManager }, undefined, 2));
}

describe('the package manager that package.json asks for', () => {
  it('is installed by install, and runs in the version that is asked for', async () => {
    const { machine, cwd } = await newProject();
    write(cwd, 'pnpm@9.15.9');
    expect(await machine.polyenv(['install'], { cwd })).toMatchObject({ exit: 0 });
    expect((await machine.run(['pnpm', '--version'], { cwd })).stdout).toBe('9.15.9\n');
    write(cwd, 'pnpm@10.12.1');
    expect((await machine.run(['pnpm', '--version'], { cwd })).stdout).toBe('10.12.1\n');
  });

  it('is refused where its archive is another than the file says, and nothing of it is kept', async () => {
    const { machine, cwd } = await newProject();
    write(cwd, `pnpm@9.15.9+sha512.${'ab'.repeat(64)}`);
    const ran = await machine.polyenv(['install'], { cwd });
    expect(ran.exit).toBe(6);
    expect(ran.stderr).toContain('error[digest-mismatch]');
    expect(readdirSync(join(machine.polyenvHome, 'store'))).toEqual([]);
    write(cwd, `pnpm@9.15.9+sha256.${'ab'.repeat(32)}`);
    expect(await machine.polyenv(['install'], { cwd })).toMatchObject({ exit: 6 });
  });

  it('is the one whose checksum fits', async () => {
    const { machine, cwd } = await newProject();
    expect(await machine.polyenv(['use', 'pnpm@9.15.9'], { cwd })).toMatchObject({ exit: 0 });
    const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
    const hex = /digest = "sha512:([0-9a-f]{128})"/.exec(lock)?.[1] ?? '';
    const other = machine.folder('other');
    write(other, `pnpm@9.15.9+sha512.${hex}`);
    expect(await machine.polyenv(['install'], { cwd: other })).toMatchObject({ exit: 0 });
  });
});

it('a real pnpm runs on the real Node.js of the project, and what it installs for everyone is found', {
  timeout: 120_000,
}, async ({ skip }) => {
  const machine = newMachine(ownConfiguration());
  undo.push(() => machine.remove());
  const cwd = machine.folder('project');
  write(cwd, 'pnpm@9.15.0');
  writeFileSync(join(cwd, '.nvmrc'), '22\n');
  const installed = await machine.polyenv(['install'], { cwd });
  if (installed.exit === 5) skip('no registry here has Node.js and pnpm');
  expect(installed).toMatchObject({ exit: 0 });
  expect((await machine.run(['pnpm', '--version'], { cwd })).stdout.trim()).toBe('9.15.0');
  const added = await machine.run(['pnpm', 'add', '--global', 'semver'], { cwd });
  expect(added, added.stderr).toMatchObject({ exit: 0 });
  expect((await machine.run(['semver', '1.2.3'], { cwd })).stdout.trim()).toBe('1.2.3');
  expect((await machine.run(['pnpm', '--version'], { cwd: machine.folder('elsewhere') })).exit).toBe(127);
});
