import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { published as node } from '../fixtures/upstreams/node';
import { published as npm } from '../fixtures/upstreams/npm';
import { published } from '../fixtures/upstreams/pnpm';
import { type Machine, newMachine } from '../support/cli';
import { sitesOf } from '../support/every-runtime';
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

describe('an npm of its own', () => {
  it('wins over the one of Node.js in its project alone, whoever calls it, and the pin decides which', async () => {
    const server = await serveUpstreams([node, npm]);
    const machine = newMachine(sitesOf(server));
    undo.push(
      () => machine.remove(),
      () => server.close(),
    );
    const said = async (cwd: string, command = 'npm', env = {}) => {
      const ran = await machine.run([command, '--version'], { cwd, env });
      return (ran.exit === 0 ? ran.stdout : ran.stderr).trim();
    };
    const [cwd, other] = [machine.folder('project'), machine.folder('other')];
    expect(await machine.polyenv(['use', 'node@20', 'npm@9'], { cwd })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(['use', 'node@20'], { cwd: other })).toMatchObject({ exit: 0 });
    const ofNode = await said(other);
    expect(await said(cwd)).toBe('9.9.3');
    expect(await said(cwd, 'npx')).toBe('9.9.3');
    expect((await machine.polyenv(['exec', '--', 'sh', '-c', 'npm -v'], { cwd })).stdout).toBe('9.9.3\n');
    expect((await machine.polyenv(['which', 'npm'], { cwd })).stdout).toContain('/npm-9.9.3-');
    expect(await said(cwd, 'npm', { POLYENV_NPM: '10' })).toBe('10.9.0');
    expect(await said(cwd)).toBe('9.9.3');
    expect(ofNode).not.toBe('9.9.3');
    expect(await said(other)).toBe(ofNode);
    // One that is pinned and not there is not answered by the one of Node.js.
    const manifest = join(cwd, 'polyenv.toml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"9"', '"8"'));
    const off = { POLYENV_INSTALL_MISSING: 'false' };
    for (let call = 0; call < 2; call += 1) expect(await said(cwd, 'npm', off)).toContain('npm@8 is pinned');
  });

  it('is the one of packageManager, in a folder above what pins Node.js too', async () => {
    const server = await serveUpstreams([node, npm]);
    const machine = newMachine(sitesOf(server));
    undo.push(
      () => machine.remove(),
      () => server.close(),
    );
    const cwd = machine.folder('project');
    const below = machine.folder('project/below');
    writeFileSync(join(below, '.nvmrc'), '20\n');
    expect(await machine.polyenv(['reshim'], { cwd })).toMatchObject({ exit: 0 });
    for (const version of ['9.9.3', '10.9.0']) {
      write(cwd, `npm@${version}`);
      expect((await machine.run(['npm', '--version'], { cwd: below })).stdout).toBe(`${version}\n`);
    }
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
