import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { environmentOf, MANAGERS, type Manager, populate, printsNode } from '../support/managers';

let machine: Machine;

beforeEach(() => {
  machine = newMachine({ PATH: '/usr/bin:/bin', POLYENV_OFFLINE: 'true' });
});
afterEach(() => machine.remove());

const environment = (one: Manager) => environmentOf(one, machine.home);
const put = (name: string, text: string): void => populate({ files: { [name]: text } }, machine.home);

describe('import', () => {
  it.each(MANAGERS)('takes over from $manager what it holds, and then answers as it does', async (one) => {
    populate(one, machine.home);
    const env = environment(one);
    const ran = await machine.polyenv(['import', one.manager, '--yes', '--json'], { env });
    expect(ran).toMatchObject({ exit: 0 });
    const { managers } = ran.json<{ managers: { manager: string; toolchains: { version: string }[] }[] }>();
    expect(managers.map(({ manager }) => manager)).toEqual([one.manager]);
    expect(managers[0]?.toolchains.map(({ version }) => version)).toEqual(one.holds);
    const which = await machine.polyenv(['which', one.command], { cwd: machine.folder('nowhere') });
    expect(which.stdout.trim()).toBe(join(machine.home, one.runs));
    for (const [name, text] of Object.entries(one.files)) {
      if (!text.startsWith('->')) expect(readFileSync(join(machine.home, name), 'utf8')).toBe(text);
    }
  });

  it('lists who is here, and records nothing', async () => {
    const [nvm, pyenv] = [MANAGERS[0] as Manager, MANAGERS[3] as Manager];
    populate(nvm, machine.home);
    populate(pyenv, machine.home);
    const ran = await machine.polyenv(['import'], { env: { ...environment(nvm), ...environment(pyenv) } });
    expect(ran.stdout).toMatch(/^nvm +node 20\.11\.0 +default/m);
    expect(ran.stdout).toMatch(/^pyenv +python 3\.11\.7 +default/m);
    expect(existsSync(machine.polyenvHome) && existsSync(join(machine.polyenvHome, 'store'))).toBe(false);
    const dry = await machine.polyenv(['import', 'nvm', '--dry-run'], { env: environment(nvm) });
    expect(dry.stdout).toContain('nothing was changed');
    expect((await machine.polyenv(['ls', '--json'])).json()).toMatchObject({ toolchains: [] });
  });

  it('leaves the defaults alone where nobody can be asked, and says how to take them', async () => {
    const one = MANAGERS[0] as Manager;
    populate(one, machine.home);
    const ran = await machine.polyenv(['import', 'nvm'], { env: environment(one) });
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain('polyenv use --default node@20.11.0');
    const which = await machine.polyenv(['which', 'node', '--why'], { cwd: machine.folder('nowhere') });
    expect(which.stdout).not.toContain('nvm');
    const cwd = machine.folder('project');
    writeFileSync(join(cwd, '.nvmrc'), '18\n');
    // It may be used, and comes last: once no source can be reached.
    expect((await machine.polyenv(['which', 'node'], { cwd })).stdout.trim()).toBe('');
    await machine.prepare(['install', '--offline'], { cwd });
    expect((await machine.polyenv(['which', 'node'], { cwd })).stdout.trim()).toBe(
      join(machine.home, 'elsewhere/nvm/versions/node/v18.19.0/bin/node'),
    );
  });

  it('leaves out what does not run or is an alias in a circle, and goes on', async () => {
    put('.nvm/versions/node/v20.11.0/bin/node', printsNode('20.11.0'));
    put('.nvm/versions/node/v22.1.0/bin/node', '#!/bin/sh\nexit 3\n');
    put('.nvm/versions/node/v23.0.0/README', 'empty');
    put('.nvm/alias/default', 'a\n');
    put('.nvm/alias/a', 'b\n');
    put('.nvm/alias/b', 'a\n');
    const ran = await machine.polyenv(['import', 'nvm', '--yes'], { env: { NVM_DIR: '' } });
    expect(ran.exit).toBe(0);
    expect(ran.stdout).toContain('node 20.11.0');
    expect(ran.stdout).not.toContain('your defaults');
    expect(ran.stderr).toContain('v22.1.0 is left out');
    expect(ran.stderr).toContain('v23.0.0 is left out');
  });

  it('reads no alias outside of the manager’s folder', async () => {
    put('.nvm/versions/node/v20.11.0/bin/node', printsNode('20.11.0'));
    put('.nvm/alias/default', '../../secret\n');
    put('secret', 'v20.11.0\n');
    const ran = await machine.polyenv(['import', 'nvm', '--yes', '--json']);
    expect(ran.json()).toMatchObject({ defaults: [] });
  });

  it('says what is wrong with a name, and where there is nothing', async () => {
    const typo = await machine.polyenv(['import', 'nmv']);
    expect(typo).toMatchObject({ exit: 2 });
    expect(typo.stderr).toContain('try  polyenv import nvm');
    const none = await machine.polyenv(['import', 'pyenv']);
    expect(none).toMatchObject({ exit: 1 });
    expect(none.stderr).toContain('polyenv import');
  });
});
