import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { ownConfiguration } from '../support/own-configuration';
import { serveTinyNode } from '../support/tiny-node';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0)) await action();
});

function project(machine: Machine, packageManager: string, version: string): string {
  const cwd = machine.folder('project');
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'x', packageManager }, undefined, 2));
  writeFileSync(join(cwd, '.nvmrc'), `${version}\n`);
  return cwd;
}

describe('the package manager that package.json asks for', () => {
  it.each([
    [
      'pnpm@9.15.0',
      /package\.json:3 asks for pnpm 9\.15\.0, and no runtime here brings corepack: npm install -g pnpm@9\.15\.0/,
    ],
    ['bun@1.2.0', /package\.json:3 asks for bun 1\.2\.0, which polyenv does not manage/],
  ])('is named where it cannot be had: %s', async (asked, told) => {
    const server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
    const machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
    undo.push(
      () => machine.remove(),
      () => server.close(),
    );
    const ran = await machine.polyenv(['install'], { cwd: project(machine, asked, '20') });
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toMatch(told);
  });

  it('says nothing of npm, which the runtime brings', async () => {
    const server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
    const machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
    undo.push(
      () => machine.remove(),
      () => server.close(),
    );
    const ran = await machine.polyenv(['install'], { cwd: project(machine, 'npm@10.0.0', '20') });
    expect([ran.exit, ran.stderr.includes('asks for')]).toEqual([0, false]);
  });

  it('is a command of the project after install, in the version that is asked for', { timeout: 120_000 }, async ({
    skip,
  }) => {
    const machine = newMachine(ownConfiguration());
    undo.push(() => machine.remove());
    const cwd = project(machine, 'pnpm@9.15.0', '22');
    const installed = await machine.polyenv(['install'], { cwd });
    if (installed.exit === 5) skip('no registry here has Node.js');
    expect(installed.stderr).not.toContain('asks for');
    const ran = await machine.run(['pnpm', '--version'], { cwd });
    if (ran.stdout === '' && /performing the request|fetch failed|No compatible signature/.test(ran.stderr))
      skip('corepack reaches no registry here');
    expect(ran.stdout.trim()).toBe('9.15.0');
    const elsewhere = await machine.run(['pnpm', '--version'], { cwd: machine.folder('elsewhere') });
    expect(elsewhere.exit).toBe(127);
  });
});
