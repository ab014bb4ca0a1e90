import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** With --dry-run nothing is written, in the project, the person's home or polyenv's, but what was asked of the network. */
let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '22.1.0' }, { version: '20.11.1', lts: 'Iron' }, { version: '18.19.0' }]);
  machine = newMachine({ ...siteOf(server), SHELL: '/bin/bash' });
  cwd = machine.folder('project');
  for (const words of [
    ['use', 'node@18'],
    ['use', 'node@20'],
    ['bundle', 'create', '-o', '../kept.tar'],
  ])
    expect(await machine.polyenv(words, { cwd })).toMatchObject({ exit: 0 });
  writeFileSync(join(cwd, '.nvmrc'), '18\n');
  writeFileSync(join(cwd, 'compose.yaml'), 'services:\n  mail:\n    image: axllent/mailpit\n');
});
afterAll(async () => {
  machine.remove();
  await server.close();
});

/** Every file and link with what changes when it is written. */
function look(): readonly string[] {
  return [cwd, machine.home, machine.polyenvHome].filter(existsSync).flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => folder !== machine.polyenvHome || !/^cache\b/.test(name))
      .map((name) => {
        const found = lstatSync(join(folder, name));
        return `${join(folder, name)} ${found.isDirectory() ? 'folder' : `${found.size} ${found.mtimeMs}`}`;
      }),
  );
}

it.each([
  'use node@22',
  'use --default node@20',
  'install node@22',
  'remove node',
  'upgrade --latest',
  'lock --renew',
  'sync',
  'rollback',
  'import compose',
  'link node@20 TOOLCHAIN',
  'uninstall --force node@20',
  'prune',
  'reshim',
  'setup --no-own-node',
  'settings set jobs 3',
  'ide',
  'generate github-actions --write',
  'bundle create -o made.tar',
  'bundle install ../kept.tar',
  'verify --repair',
  'doctor --fix',
  'self uninstall',
  'tls ca --java',
])('polyenv %s --dry-run', async (line) => {
  const [key = ''] = readdirSync(join(machine.polyenvHome, 'store')).filter((name) =>
    /^node-20[^/]*[0-9a-f]$/.test(name),
  );
  const words = line.replace('TOOLCHAIN', join(machine.polyenvHome, 'store', key)).split(' ');
  const before = look();
  const ran = await machine.polyenv([...words, '--dry-run'], { cwd });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  expect(look()).toEqual(before);
});

it('exec --dry-run says what would run and what decides, and starts nothing', async () => {
  const before = look();
  const ran = await machine.polyenv(['exec', '--dry-run', 'node@20', '--', 'sh', '-c', 'touch made'], { cwd });
  expect(ran).toMatchObject({ exit: 0, stderr: '' });
  expect(ran.stdout).toContain("would run sh '-c' 'touch made'");
  expect(ran.stdout).toMatch(/node\s+20\s+the command line/);
  expect(look()).toEqual(before);
});

it('new --dry-run names what can be chosen and the runtimes of the project, and makes nothing', async () => {
  const before = look();
  const ran = await machine.polyenv(['new', 'python-django', 'shop', '--dry-run'], { cwd });
  expect(ran).toMatchObject({ exit: 0 });
  const names = ran.stdout
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s/)[0]);
  expect(names.filter((name) => name !== '')).toEqual(['name', 'port', 'with_postgres', 'python']);
  expect(look()).toEqual(before);
});
