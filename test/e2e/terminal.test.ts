import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '22.1.0' }, { version: '20.11.1', lts: 'Iron' }]);
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  await machine.prepare(['use', 'node@20'], { cwd });
});
afterAll(async () => {
  machine?.remove();
  await server?.close();
});

/** What the screen shows at the end: each line as the last writing on it left it. */
function screen(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) =>
      line
        .split('\r')
        .reduce((shown, part) => (part.startsWith('\u001b[K') ? part.slice(3) : part + shown.slice(part.length)), ''),
    );
}

describe('on a terminal', () => {
  it.for(['80', '0', '3'])('of %s columns a program has its lines for itself', async (columns, { skip }) => {
    if (!existsSync('/usr/bin/script')) skip('there is no script(1) here');
    const node = `'${process.execPath}' '${machine.program}'`;
    for (const [command, shown] of [
      [`${node} exec node@22 -- sh -c 'printf "abc\\ndef"'`, ['abc', 'def']],
      [`${node} -q exec -- sh -c 'printf "abc\\ndef"'`, ['abc', 'def']],
    ] as const) {
      const line = `stty cols ${columns}; ${command}`;
      const ran = await machine.run(['/usr/bin/script', '-qec', line, '/dev/null'], {
        cwd,
        env: { TERM: 'xterm', SHELL: '/bin/sh' },
      });
      const lines = screen(ran.stdout).map((one) => one.trimEnd());
      for (const word of shown) expect(lines, ran.stdout).toContain(word);
    }
  });
});

describe('[paths]', () => {
  const script = (file: string, text: string): void => {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
  };
  const pinned = (name: string, paths: string): string => {
    const folder = machine.folder(name);
    writeFileSync(join(folder, 'polyenv.toml'), `[runtimes]\nnode = "20"\n\n[paths]\n${paths}\n`);
    return folder;
  };

  it('prepend wins for shims, exec and which; append comes after', async () => {
    const folder = pinned('paths', 'prepend = ["one", "two"]\nappend = ["three"]');
    for (const name of ['one', 'two', 'three']) {
      script(join(folder, name, 'node'), `echo ${name}`);
      script(join(folder, name, `only-${name}`), `echo only-${name}`);
    }
    const shim = async (): Promise<string> => (await machine.run(['node'], { cwd: folder })).stdout.trim();
    expect(await shim()).toBe('tiny-node 20.11.1');
    expect(await machine.polyenv(['trust', '--yes'], { cwd: folder })).toMatchObject({ exit: 0 });
    expect([await shim(), await shim()]).toEqual(['one', 'one']);
    const ran = await machine.polyenv(['exec', '--', 'sh', '-c', 'node; npm; only-two; only-three'], { cwd: folder });
    expect(ran.stdout).toBe('one\nnpm-20.11.1\nonly-two\nonly-three\n');
    expect((await machine.polyenv(['exec', '--', 'node'], { cwd: folder })).stdout).toBe('one\n');
    expect((await machine.polyenv(['which', '--why', 'node'], { cwd: folder })).stdout).toContain('[paths]');
    const env = await machine.polyenv(['env'], { cwd: folder });
    const shell = await machine.run(['sh', '-c', `${env.stdout}\nnode`], { cwd: folder });
    expect(shell.stdout).toBe('one\n');
    await machine.prepare(['untrust'], { cwd: folder });
    expect(await shim()).toBe('tiny-node 20.11.1');
  });

  it('refuses a folder that PATH would read as two', async () => {
    const folder = pinned('colon', 'prepend = ["a:b"]');
    const ran = await machine.polyenv(['current'], { cwd: folder });
    expect(ran.stderr + ran.stdout).toContain('colon');
    expect((await machine.run(['node'], { cwd: folder })).stderr).toContain('polyenv.toml:5');
  });
});
