import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;

beforeEach(async () => {
  server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  // The registry is nobody: what comes from there cannot be had, and says so.
  machine = newMachine({
    ...siteOf(server),
    npm_config_registry: 'http://127.0.0.1:9/',
    POLYENV_REGISTRY_PYPI: 'http://127.0.0.1:9/simple',
    POLYENV_SOURCES_PREFERENCE: 'only-managed',
  });
});
afterEach(async () => {
  machine?.remove();
  await server?.close();
});

it.each(['install', 'lock', 'exec'])(
  "a trusted manifest's order of sources is kept by %s, and not before",
  async (verb) => {
    const cwd = machine.folder(verb);
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\nnode = "20"\n\n[sources]\nnode = ["npm"]\n');
    const args = verb === 'exec' ? ['exec', '--', 'node', '--version'] : [verb];
    expect((await machine.polyenv(['trust', '-y'], { cwd })).exit).toBe(0);
    const asked = server.asked.length;
    const trusted = await machine.polyenv(args, { cwd });
    expect([trusted.exit, server.asked.length]).toEqual([5, asked]);
    expect((await machine.polyenv(['untrust'], { cwd })).exit).toBe(0);
    expect(await machine.polyenv(args, { cwd })).toMatchObject({ exit: 0 });
  },
);

it.each([['upgrade', '--latest'], ['outdated'], ['use', '-n', 'node@latest']])(
  'is kept by %s %s too, which say or do what is newer',
  async (...args) => {
    const cwd = machine.folder('project');
    expect(await machine.polyenv(['use', 'node@20'], { cwd })).toMatchObject({ exit: 0 });
    appendFileSync(join(cwd, 'polyenv.toml'), '\n[sources]\nnode = ["npm"]\n');
    expect(await machine.polyenv(args, { cwd })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(['trust', '-y'], { cwd })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(args, { cwd })).toMatchObject({ exit: 5 });
  },
);
