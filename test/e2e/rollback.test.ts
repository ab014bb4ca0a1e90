import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
});
afterAll(() => server.close());

beforeEach(() => {
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
});
afterEach(() => machine.remove());

const polyenv = async (...args: readonly string[]) => {
  const ran = await machine.polyenv(args, { cwd });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return ran;
};
const path = (name: string): string => join(cwd, name);
const state = (): readonly (string | undefined)[] =>
  ['polyenv.toml', 'polyenv.lock'].map((name) =>
    existsSync(path(name)) ? readFileSync(path(name), 'utf8') : undefined,
  );
const answer = async (): Promise<string> => (await machine.run(['node', '--version'], { cwd })).stdout.trim();

it('brings back manifest and lock as they were before the last change, then before the one before it', async () => {
  await polyenv('use', 'node@18');
  const first = state();
  await polyenv('use', 'node@20');
  const second = state();
  await polyenv('upgrade', '--latest');
  expect(await answer()).toBe('v24.2.0');

  const ran = await polyenv('rollback', '--yes');
  expect(ran.stdout).toContain('-node = "24"\n+node = "20"\n');
  expect(ran.stderr).not.toContain('warning');
  expect(state()).toEqual(second);
  expect(await answer()).toBe('v20.11.1');
  await polyenv('rollback', '--yes');
  expect(state()).toEqual(first);
  expect(await answer()).toBe('v18.19.0');
  const last = await polyenv('rollback', '--yes', '--json');
  expect(last.json()).toMatchObject({
    schema: 1,
    edited: false,
    removed: [path('polyenv.lock'), path('polyenv.toml')],
  });
  expect(state()).toEqual([undefined, undefined]);
  const none = await machine.polyenv(['rollback', '--yes'], { cwd });
  expect(none).toMatchObject({ exit: 3, stderr: expect.stringContaining('error[history-missing]') });
});

it('can be undone, step by step, until something else is changed', async () => {
  await polyenv('use', 'node@18');
  await polyenv('use', 'node@20');
  await polyenv('use', 'node@24');
  const last = state();
  await polyenv('rollback', '--yes');
  const middle = state();
  const ran = await polyenv('rollback', '--yes');
  expect(ran.stdout).toContain('polyenv rollback --undo');
  expect(await answer()).toBe('v18.19.0');

  await polyenv('rollback', '--undo', '--yes');
  expect(state()).toEqual(middle);
  await polyenv('rollback', '--undo', '--yes');
  expect(state()).toEqual(last);
  expect(await answer()).toBe('v24.2.0');
  const none = await machine.polyenv(['rollback', '--undo', '--yes'], { cwd });
  expect(none).toMatchObject({ exit: 3, stderr: expect.stringContaining('no rollback') });

  await polyenv('rollback', '--yes');
  expect(state()).toEqual(middle);
  await polyenv('use', 'node@18');
  expect((await machine.polyenv(['rollback', '--undo', '--yes'], { cwd })).exit).toBe(3);
});

it('takes back a removal, from a folder below too', async () => {
  await polyenv('use', 'node@20');
  const before = state();
  await polyenv('remove', 'node');
  expect(state()).not.toEqual(before);
  await polyenv('-C', machine.folder('project/src/deep'), 'rollback', '-y');
  expect(state()).toEqual(before);
  await polyenv('install', '--frozen');
});

it('says that files were edited by hand, and brings that state back the next time', async () => {
  await polyenv('use', 'node@18');
  await polyenv('use', 'node@20');
  const edited = `${state()[0]}# a note by hand\n`;
  writeFileSync(path('polyenv.toml'), edited);
  const ran = await polyenv('rollback', '--yes');
  expect(ran.stderr).toContain('edited since polyenv wrote them');
  expect(state()[0]).toBe('[runtimes]\nnode = "18"\n');
  const back = await polyenv('rollback', '--yes');
  expect(back.stderr).not.toContain('edited');
  expect(state()[0]).toBe(edited);
});

it('goes further back where the last change was undone by hand already', async () => {
  await polyenv('use', 'node@18');
  const first = state();
  await polyenv('use', 'node@20');
  ['polyenv.toml', 'polyenv.lock'].forEach((name, index) => {
    writeFileSync(path(name), first[index] ?? '');
  });
  const dry = await polyenv('rollback', '-n', '--json');
  expect(dry.json<{ diff: string }>().diff).toContain('--- polyenv.toml\n+++ /dev/null\n');
});

it('shows with -n what it would write, and without a terminal writes only with --yes', async () => {
  await polyenv('use', 'node@18');
  await polyenv('use', 'node@20');
  const before = state();
  const dry = await polyenv('rollback', '-n');
  expect(dry.stdout).toContain('-node = "20"\n+node = "18"\n');
  expect(state()).toEqual(before);
  const asked = await machine.polyenv(['rollback'], { cwd });
  expect(asked).toMatchObject({ exit: 2, stderr: expect.stringContaining('rollback --yes') });
  expect(state()).toEqual(before);
});

it('gives no content trust that it did not have', async () => {
  await polyenv('use', 'node@18');
  const pins = state()[0] ?? '';
  writeFileSync(path('polyenv.toml'), `${pins}[env]\nGREETING = "from elsewhere"\n`);
  await polyenv('use', 'node@20');
  writeFileSync(path('polyenv.toml'), `${pins}[env]\nGREETING = "ours"\n`);
  await polyenv('trust', '--yes');
  await polyenv('use', 'node@24');
  const greeting = async () => /GREETING=.*/.exec((await machine.run(['node', 'env'], { cwd })).stdout)?.[0];
  expect(await greeting()).toBe('GREETING=ours');
  await polyenv('rollback', '--yes');
  expect(await greeting()).toBe('GREETING=ours');
  await polyenv('rollback', '--yes');
  expect(state()[0]).toContain('from elsewhere');
  expect(await greeting()).toBeUndefined();
});
