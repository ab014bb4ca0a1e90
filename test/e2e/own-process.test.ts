import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closingAfter, closingDescriptor } from '../../src/adapters/files/durable';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** polyenv's own process: by a Node that it knows, and never ending well before its work is done. */
let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron', filler: 16_000_000 }]);
});
afterAll(() => server.close());
beforeEach(() => {
  machine = newMachine(siteOf(server), { fresh: true });
  cwd = machine.folder('project');
});
afterEach(() => machine.remove());

/** polyenv with something loaded before it. */
function withPreload(text: string, args: readonly string[]): Promise<Ran> {
  const preload = join(machine.base, 'preload.cjs');
  writeFileSync(preload, text);
  return machine.run([process.execPath, '-r', preload, machine.program, ...args], { cwd });
}
const OLD = "Object.defineProperty(process, 'version', { value: 'v18.19.0' });";

describe('a Node that is too old', () => {
  it('is told in one line what is needed, with a failure', async () => {
    const ran = await withPreload(OLD, ['current']);
    expect(ran).toMatchObject({ exit: 1, stdout: '' });
    expect(ran.stderr).toContain('polyenv needs Node 20.19 or newer');
    expect(ran.stderr).toContain('v18.19.0');
    expect(existsSync(machine.polyenvHome)).toBe(false);
  });

  it("starts polyenv again by the launcher's own", async () => {
    await machine.polyenv(['reshim'], { cwd });
    const good = join(machine.base, 'good-node');
    writeFileSync(good, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    const launcher = join(machine.polyenvHome, 'bin/polyenv');
    writeFileSync(launcher, readFileSync(launcher, 'utf8').replaceAll(process.execPath, good));
    expect(await withPreload(OLD, ['--version'])).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^\d/) });
    expect((await withPreload(OLD, ['exec', '--', 'sh', '-c', 'exit 7'])).exit).toBe(7);
    expect((await withPreload(OLD, ['which', 'no-such-command'])).exit).not.toBe(0);
    if (process.platform === 'linux') {
      const bytes = "printf 'a \\377\\n%%b\\n\\n'";
      const call = `exec "$0" -r "$1" "$2" exec -- sh -c 'printf %s "$1"' x "$(${bytes}; echo x)"`;
      const of = [process.execPath, join(machine.base, 'preload.cjs'), machine.program];
      const ran = spawnSync('/bin/sh', ['-c', call, ...of], { cwd, env: { ...machine.env, PWD: cwd } });
      expect([ran.status, ran.stdout.toString('latin1')]).toEqual([0, 'a \xff\n%b\n\nx']);
    }
    // A launcher that has no good one either ends it.
    writeFileSync(good, `#!/bin/sh\nexec '${process.execPath}' -r '${join(machine.base, 'preload.cjs')}' "$@"\n`);
    expect(await withPreload(OLD, ['current'])).toMatchObject({ exit: 1, stdout: '' });
  });

  it('can read what checks it, and the check says what the package says', () => {
    const root = resolve(import.meta.dirname, '../..');
    const text = readFileSync(join(root, 'src/start.cjs'), 'utf8');
    expect(text.replace(/\/\/.*$/gm, '')).not.toMatch(/=>|\b(?:const|let|class|async|await)\b|`|\?\.|\?\?/);
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${/NEEDED = \[(\d+), (\d+)\]/.exec(text)?.slice(1).join('.')}`);
  });

  it('is never what the launcher records; one that is gone is said', async () => {
    // The newest long-term Node of this site does not run polyenv.
    const ran = await machine.polyenv(['setup', '--yes', '--shell', 'bash'], { cwd });
    expect(ran).toMatchObject({ exit: 0, stderr: expect.stringContaining('does not run polyenv') });
    expect(ran.stderr).toContain('polyenv setup --no-own-node');
    const launcher = join(machine.polyenvHome, 'bin/polyenv');
    expect(readFileSync(launcher, 'utf8')).toContain(`# node: ${process.execPath}\n`);
    writeFileSync(launcher, readFileSync(launcher, 'utf8').replaceAll(process.execPath, '/gone/node'));
    for (const verb of ['current', 'exec']) {
      const ran = spawnSync(launcher, [verb], { cwd, env: { ...machine.env, PWD: cwd }, encoding: 'utf8' });
      expect([verb, ran.status, ran.stderr.split('\n').length]).toEqual([verb, 1, 3]);
      expect(ran.stderr).toContain('/gone/node');
    }
  });
});

describe('the exit status is a failure', () => {
  it('where the work ends before it is done', async () => {
    const ran = await withPreload(
      "const never = () => new Promise(() => {}); Object.assign(require('fs/promises'), { mkdir: never, open: never, stat: never });",
      ['reshim'],
    );
    expect(ran).toMatchObject({ exit: 1, stdout: '' });
    expect(ran.stderr).toContain('ended before its work was done');
  });

  it.each([
    [
      'of another build',
      (text: string) => text.replace(/near\.build !== "[0-9a-f]/, '$&0'),
      'another polyenv took the place',
    ],
    ['not there', undefined, 'far.cjs is missing'],
  ])('where the second part of the program is %s', async (_, change, said) => {
    const dist = join(machine.base, 'dist');
    cpSync(dirname(machine.program), dist, { recursive: true });
    const far = join(dist, 'far.cjs');
    const text = readFileSync(far, 'latin1');
    if (change === undefined) rmSync(far);
    else {
      expect(change(text)).not.toBe(text);
      writeFileSync(far, change(text), 'latin1');
    }
    for (const words of [['reshim'], ['-v', 'reshim'], ['reshim']]) {
      const ran = await machine.polyenv(words, { cwd, program: join(dist, 'polyenv.cjs') });
      expect(ran, ran.stderr).toMatchObject({ exit: 1, stdout: '', stderr: expect.stringContaining(said) });
      expect(ran.stderr).toMatch(/^error\[/);
    }
    expect((await machine.polyenv(['current'], { cwd, program: join(dist, 'polyenv.cjs') })).exit).toBe(0);
  });

  it.each(['main.cjs', 'near.cjs'])('where %s is not there: no stack, and what to do', async (name) => {
    const dist = join(machine.base, 'dist');
    cpSync(dirname(machine.program), dist, { recursive: true });
    rmSync(join(dist, name));
    for (const home of [machine.polyenvHome, join(machine.base, 'nowhere')]) {
      const options = { cwd, program: join(dist, 'polyenv.cjs'), env: { POLYENV_HOME: home } };
      const ran = await machine.polyenv(['current'], options);
      expect(ran).toMatchObject({ exit: 1, stdout: '' });
      expect(ran.stderr).toMatch(
        new RegExp(
          `^error\\[failed\\] this polyenv is not complete: its file \\S*${name} is missing\n  try  install it again.*\n$`,
        ),
      );
      if (name === 'main.cjs') continue;
      const asked = await machine.polyenv(['current', '--json'], options);
      expect(asked).toMatchObject({ exit: 1, stderr: '' });
      expect(asked.json()).toMatchObject({ schema: 1, error: { code: 'failed', exit: 1 } });
    }
  });

  it('where a file of it was cut short: no stack, and what to do', async () => {
    const dist = join(machine.base, 'dist');
    cpSync(dirname(machine.program), dist, { recursive: true });
    writeFileSync(join(dist, 'near.cjs'), readFileSync(join(dist, 'near.cjs'), 'latin1').slice(0, 20_000), 'latin1');
    const ran = await machine.polyenv(['current'], { cwd, program: join(dist, 'polyenv.cjs') });
    expect(ran).toMatchObject({ exit: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^error\[failed\] this polyenv is not complete: .*\n {2}try {2}install it again.*\n$/);
  });

  it.each([
    ['dies', 'postMessage() { this.terminate(); }'],
    ['throws', "postMessage() { this.emit('error', new Error('broken thread')); }"],
  ])('where the thread that writes files %s: nothing is published', async (_, member) => {
    const ran = await withPreload(
      `const threads = require('worker_threads'); threads.Worker = class extends threads.Worker { ${member} };`,
      ['use', 'node@20'],
    );
    expect(ran.exit, ran.stderr).not.toBe(0);
    expect(ran.stderr).toContain('thread');
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
    const left = ['store', 'tmp'].flatMap((name) =>
      existsSync(join(machine.polyenvHome, name)) ? readdirSync(join(machine.polyenvHome, name)) : [],
    );
    expect(left).toEqual([]);
    await machine.polyenv(['use', 'node@20'], { cwd });
    expect((await machine.run(['node', '--version'], { cwd })).stdout).toBe('v20.11.1\n');
  });
});

describe('what closes', () => {
  const first = new Error('first');

  it('never replaces the first error, and its own is told where there is none', async () => {
    let closed = 0;
    const used = {
      close: async () => {
        closed += 1;
        throw new Error('close');
      },
    };
    await expect(closingAfter(used, async () => Promise.reject(first))).rejects.toBe(first);
    await expect(closingAfter(used, async () => 1)).rejects.toThrow('close');
    expect(closed).toBe(2);
    expect(await closingAfter({ close: async () => undefined }, async () => 'done')).toBe('done');
  });

  it('is done once: a descriptor that is closed already keeps the first error', () => {
    const descriptor = openSync('/dev/null', 'r');
    const work = (): never => {
      closeSync(descriptor);
      throw first;
    };
    expect(() => closingDescriptor(descriptor, work)).toThrow(first);
  });
});
