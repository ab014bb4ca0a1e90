import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
});
afterAll(() => server.close());

beforeEach(() => {
  machine = newMachine(siteOf(server), { fresh: true });
  cwd = machine.folder('project');
});
afterEach(() => machine.remove());

it('a home from which nothing may be started is refused before anything is downloaded', async ({ skip }) => {
  mkdirSync(machine.polyenvHome);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'noexec,size=32m', 'tmpfs', machine.polyenvHome]);
  if (mounted.status !== 0) return skip('mounting is not permitted');
  try {
    const ran = await machine.polyenv(['use', 'node@20'], { cwd });
    expect(ran).toMatchObject({ exit: 4 });
    expect(ran.stderr).toContain('noexec');
    expect(server.asked.filter((path) => path.endsWith('.gz'))).toEqual([]);
    expect(readdirSync(cwd)).toEqual([]);
  } finally {
    spawnSync('umount', ['-l', machine.polyenvHome]);
  }
});

it("root is told once that the home is somebody else's (as root)", async ({ skip }) => {
  if (process.getuid?.() !== 0) return skip('needs root');
  mkdirSync(machine.polyenvHome);
  chownSync(machine.polyenvHome, 65534, 65534);
  const ran = await machine.polyenv(['use', 'node@20'], { cwd });
  expect(ran).toMatchObject({ exit: 0 });
  expect(ran.stderr.match(/belongs to user 65534/g)).toHaveLength(1);
});

it('a project too deep for routes is refused with nothing written', async () => {
  // So deep that a manifest can be written there, and nothing in the home's copy of the path.
  const step = `set -e; name() { printf "d%.0s" $(seq $1); }; enter() { d=$(name $1); mkdir "$d"; cd "$d"; }
while [ \${#PWD} -lt 3780 ]; do enter 200; done; enter $((3989 - \${#PWD})); pwd`;
  const deep = spawnSync('bash', ['-c', step], { cwd: machine.folder('deep'), encoding: 'utf8' }).stdout.trim();
  expect(deep.length).toBe(3990);
  const ran = await machine.polyenv(['use', 'node@20'], { cwd: deep });
  expect(ran).toMatchObject({ exit: 8 });
  expect(ran.stderr).toContain('too long');
  expect(readdirSync(deep)).toEqual([]);
});
