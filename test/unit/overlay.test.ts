import { cpSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { environmentFolder } from '../../src/adapters/home/paths';
import type { Context } from '../../src/app/base/context';
import { routeOverlay } from '../../src/app/routes/overlay';
import type { Overlay } from '../../src/domain/runtime/layout';
import { discard } from '../support/discard';
import { newPerson, type Person } from '../support/network-fixture';

const OVERLAY = {
  folder: '.venv',
  bin: 'bin',
  marker: 'pyvenv.cfg',
  variable: 'VIRTUAL_ENV',
  commands: ['python'],
  make: ['python', '-m', 'venv'],
} as unknown as Overlay;
const TOOLCHAIN = '/store/python-3.12.1-linux-x64-0123456789ab';

let person: Person;
let project: string;
let folder: string;

beforeEach(() => {
  person = newPerson();
  project = join(person.folder, 'project');
  folder = join(project, '.venv');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pyvenv.cfg'), `home = ${TOOLCHAIN}/bin\n`);
});
afterEach(() => person.remove());

/** As polyenv notes it when it has made one. */
function note(): void {
  const receipt = { schema: 1, path: folder, toolchain: TOOLCHAIN, version: '3.12.1', inode: statSync(folder).ino };
  person.write(
    join(environmentFolder(person.home, project), 'overlay-virtual_env.json'),
    `${JSON.stringify(receipt)}\n`,
  );
}

async function isUsed(): Promise<boolean> {
  return (await routeOverlay({ home: person.home } as Context, project, OVERLAY)).ready;
}

it('an overlay that polyenv made is used', async () => {
  note();
  expect(await isUsed()).toBe(true);
});

it('one that a repository brought is not, whatever it says', async () => {
  expect(await isUsed()).toBe(false);
});

it('one of another toolchain is not', async () => {
  note();
  writeFileSync(join(folder, 'pyvenv.cfg'), 'home = /usr/bin\n');
  expect(await isUsed()).toBe(false);
});

it('a link in its place is not, even to the one that polyenv made', async () => {
  note();
  renameSync(folder, join(person.folder, 'elsewhere'));
  symlinkSync(join(person.folder, 'elsewhere'), folder);
  expect(await isUsed()).toBe(false);
});

it('another folder in its place is not, though every file is the same', async () => {
  note();
  cpSync(folder, `${folder}.copy`, { recursive: true });
  renameSync(folder, `${folder}.old`);
  renameSync(`${folder}.copy`, folder);
  expect(await isUsed()).toBe(false);
  discard(folder);
  expect(await isUsed()).toBe(false);
});
