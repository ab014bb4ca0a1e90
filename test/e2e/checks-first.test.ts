import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
beforeAll(async () => {
  server = await serveTinyNode([{ version: '20.11.1' }, { version: '18.19.0' }]);
  machine = newMachine(siteOf(server));
});
afterAll(async () => {
  machine.remove();
  await server.close();
});

it('use looks whether it may write before it asks the network', async ({ skip }) => {
  if (process.getuid?.() === 0) skip('root may write everywhere');
  const cwd = machine.folder('closed');
  chmodSync(cwd, 0o555);
  const ran = await machine.polyenv(['use', 'node@20'], { cwd });
  expect(ran.stderr).toContain('error[home-unwritable]');
  expect(server.asked).toEqual([]);
  chmodSync(cwd, 0o755);
});

it('a second user of a home gets one line about it from doctor', async ({ skip }) => {
  if (process.getuid?.() === 0) skip('root may write everywhere');
  const cwd = machine.folder('second');
  await machine.prepare(['use', 'node@20'], { cwd });
  mkdirSync(machine.polyenvHome, { recursive: true });
  chmodSync(machine.polyenvHome, 0o555);
  const ran = await machine.polyenv(['doctor', '--json'], { cwd });
  const verified = await machine.polyenv(['verify'], { cwd });
  chmodSync(machine.polyenvHome, 0o755);
  expect(verified.stdout.match(/^notice .* cannot be written by you$/gm)).toHaveLength(1);
  expect(verified.stdout).not.toContain('damaged');
  const { findings } = ran.json<{ findings: { kind: string; message: string }[] }>();
  expect(findings.filter(({ message }) => message.includes(machine.polyenvHome)).map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['home-unwritable']),
  );
  expect(findings.map(({ kind }) => kind)).not.toContain('shim');
});

it('two version files that disagree, without a manifest: what doctor says to do ends it', async () => {
  const cwd = machine.folder('disagree');
  writeFileSync(join(cwd, '.nvmrc'), '20\n');
  writeFileSync(join(cwd, '.node-version'), '18\n');
  const before = (await machine.polyenv(['doctor', '--json'], { cwd })).json<{ findings: Finding[] }>();
  const found = before.findings.find(({ kind }) => kind === 'disagreement');
  expect(found?.hint).toBe('polyenv init --yes && polyenv sync --yes');
  for (const words of [
    ['init', '--yes'],
    ['sync', '--yes'],
  ])
    expect((await machine.polyenv(words, { cwd })).exit).toBe(0);
  const after = (await machine.polyenv(['doctor', '--json'], { cwd })).json<{ findings: Finding[] }>();
  expect(after.findings.map(({ kind }) => kind)).not.toContain('disagreement');
  expect(readdirSync(cwd).sort()).toContain('polyenv.toml');
});

it('use says that a line has ended, with the line to go to; the organisation can refuse it', async () => {
  const cwd = machine.folder('ended');
  const ran = await machine.polyenv(['use', 'node@18'], { cwd });
  expect(ran.exit, ran.stderr).toBe(0);
  expect(ran.stderr).toMatch(
    /Node\.js 18 has had no support since 2025-04-30; the line to go to is \d+\n {2}try {2}polyenv use node@\d+/,
  );
  const env = { POLYENV_RELEASE_END_OF_LIFE: 'refuse' };
  const refused = await machine.polyenv(['use', 'node@18'], { cwd: machine.folder('refused'), env });
  expect(refused.stderr).toContain('error[request-unsupported] Node.js 18 has had no support');
  expect(readdirSync(machine.folder('refused'))).toEqual([]);
  const quiet = await machine.polyenv(['use', 'node@18'], {
    cwd: machine.folder('quiet'),
    env: { POLYENV_RELEASE_END_OF_LIFE: 'ignore' },
  });
  expect(quiet.stderr).not.toContain('no support');
});

interface Finding {
  readonly kind: string;
  readonly hint: string;
}
