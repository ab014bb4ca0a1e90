import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';

const manual = resolve(__dirname, '../../dist/man/man1');

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
});
afterAll(() => machine.remove());

describe('polyenv help TOPIC', () => {
  it('lists the pages of the guide, and shows each without marks', async () => {
    const listed = await machine.polyenv(['help', 'topics', '--json']);
    const { topics } = listed.json<{ topics: { name: string; title: string }[] }>();
    expect(topics.length).toBeGreaterThan(20);
    expect(topics).toContainEqual({ name: 'mirrors', title: 'Mirrors and registries' });
    for (const name of ['mirrors', 'exit-codes', 'troubleshooting']) {
      const ran = await machine.polyenv(['help', name]);
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stdout).not.toMatch(/```|\]\(|^#|^\|/m);
    }
  });

  it('a verb goes before a page of its name, and a name that is neither is answered', async () => {
    expect((await machine.polyenv(['help', 'settings'])).stdout).toContain('usage: polyenv settings');
    expect(await machine.polyenv(['help', '../package'])).toMatchObject({ exit: 2 });
    expect(await machine.polyenv(['help', 'nonsense'])).toMatchObject({ exit: 2 });
  });
});

describe('manual pages', () => {
  it('there is one for polyenv and one for each verb', async () => {
    const { commands } = (await machine.polyenv(['help', '--json'])).json<{ commands: { name: string }[] }>();
    const wanted = ['polyenv.1', ...commands.map(({ name }) => `polyenv-${name}.1`)].sort();
    expect(readdirSync(manual).sort()).toEqual(wanted);
  });

  it('groff reads them without a warning', ({ skip }) => {
    if (spawnSync('groff', ['--version']).error !== undefined) skip('there is no groff');
    for (const name of readdirSync(manual)) {
      const ran = spawnSync('groff', ['-man', '-ww', '-z', '-Tascii', join(manual, name)], { encoding: 'utf8' });
      expect(ran, name).toMatchObject({ status: 0, stderr: '' });
    }
    const shown = execFileSync('groff', ['-man', '-Tascii', '-P-c', join(manual, 'polyenv-use.1')], {
      encoding: 'utf8',
    });
    // A letter printed over itself is bold.
    expect(shown.replace(/.\u0008/g, '')).toContain('--source ID');
  });
});
