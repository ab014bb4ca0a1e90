import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
beforeAll(async () => {
  server = await serveTinyNode([{ version: '20.11.1' }, { version: '20.10.0' }, { version: '18.19.0' }]);
  machine = newMachine(siteOf(server));
});
afterAll(async () => {
  machine.remove();
  await server.close();
});

const lockOf = (cwd: string): string => readFileSync(join(cwd, 'polyenv.lock'), 'utf8');

/** Two branches that locked the same line differently, merged by git. */
async function merged(name: string): Promise<string> {
  const cwd = machine.folder(name);
  const git = (...args: readonly string[]): void => {
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd, stdio: 'pipe' });
  };
  git('init', '-q', '-b', 'main');
  await machine.prepare(['use', 'node@18'], { cwd });
  git('add', '.');
  git('commit', '-qm', 'one');
  git('checkout', '-qb', 'theirs');
  await machine.prepare(['use', 'node@20.10'], { cwd });
  git('commit', '-qam', 'two');
  git('checkout', '-q', 'main');
  await machine.prepare(['use', 'node@20.11'], { cwd });
  git('commit', '-qam', 'three');
  expect(() => git('merge', '-q', 'theirs')).toThrow();
  return cwd;
}

it.each([
  ['ours', '20.11'],
  ['theirs', '20.10'],
])('polyenv lock takes what the resolved manifest asks for: %s', async (side, request) => {
  const cwd = await merged(side);
  expect(lockOf(cwd)).toContain('<<<<<<<');
  writeFileSync(join(cwd, 'polyenv.toml'), `[runtimes]\nnode = "${request}"\n`);
  const refused = await machine.polyenv(['install'], { cwd });
  expect(refused).toMatchObject({
    exit: 3,
    stderr: expect.stringMatching(/merge conflict[\s\S]*polyenv\.lock:\d+[\s\S]*try {2}polyenv lock\n/),
  });
  const before = server.asked.length;
  const locked = await machine.polyenv(['lock'], { cwd });
  expect(locked.exit, locked.stderr).toBe(0);
  expect(server.asked.length).toBe(before);
  expect(lockOf(cwd)).not.toContain('<<<<<<<');
  expect(lockOf(cwd)).toMatch(new RegExp(`^version = "${request}\\.\\d+"$`, 'm'));
  expect((await machine.polyenv(['install', '--frozen'], { cwd })).exit).toBe(0);
});

it('an entry that a merge has mixed is resolved anew', async () => {
  const cwd = machine.folder('mixed');
  await machine.prepare(['use', 'node@20.11'], { cwd });
  const good = lockOf(cwd);
  writeFileSync(join(cwd, 'polyenv.lock'), good.replace('version = "20.11.1"', 'version = "20.10.0"'));
  const locked = await machine.polyenv(['lock'], { cwd });
  expect(locked.exit, locked.stderr).toBe(0);
  expect(lockOf(cwd)).toBe(good);
});
