import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** A hint that is a command fixes what it stands below: it is run in the situation that produced it. */
let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '22.1.0' }, { version: '20.11.1', lts: 'Iron' }]);
});
afterAll(() => server.close());
beforeEach(() => {
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  const bin = machine.folder('bin');
  writeFileSync(join(bin, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`);
  chmodSync(join(bin, 'polyenv'), 0o755);
});
afterEach(() => machine.remove());

/** A line of sh, as a person types it who has the shims on PATH. */
const type = (line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  machine.run(['/bin/sh', '-c', line], {
    cwd,
    env: { PATH: `${join(machine.base, 'bin')}:${machine.shims}:/usr/bin:/bin`, ...env },
  });
const write = (name: string, text: string): void => {
  mkdirSync(join(cwd, name, '..'), { recursive: true });
  writeFileSync(join(cwd, name), text);
};
const setUp = async (...lines: readonly string[]): Promise<void> => {
  for (const line of lines) expect(await type(line), line).toMatchObject({ exit: 0 });
};

/** The commands of a hint: all of them where one follows the other, else the first of those to choose from. */
function commandsOf(hint: string): readonly string[] {
  const pieces = hint.split(/,? then |; then /);
  const chosen = pieces.length > 1 ? pieces : [hint.split(/,? or (?=[a-z])|; |, which /)[0] ?? ''];
  return chosen.flatMap((piece) => /(?:polyenv|export|mv|rm|chmod) .*$/.exec(piece)?.[0] ?? []);
}

interface Situation {
  readonly name: string;
  readonly make: () => Promise<void> | void;
  readonly type: string;
  readonly code: string;
  readonly env?: Readonly<Record<string, string>>;
}

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a pin that is not installed, and may not be by itself',
    make: () => write('.nvmrc', '20\n'),
    type: 'polyenv exec -- node',
    code: 'not-installed',
    env: { POLYENV_INSTALL_MISSING: 'false' },
  },
  {
    name: 'a command of a pin that is missing',
    make: () => write('.nvmrc', '20\n'),
    type: 'polyenv which node',
    code: 'not-installed',
  },
  { name: 'a folder that pins nothing', make: () => undefined, type: 'polyenv install', code: 'manifest-missing' },
  { name: 'a verb with a slip', make: () => write('.nvmrc', '20\n'), type: 'polyenv instal', code: 'usage' },
  {
    name: 'a task of a manifest that is not trusted',
    make: () => write('polyenv.toml', '[runtimes]\nnode = "20"\n\n[tasks]\nshow = "echo shown"\n'),
    type: 'polyenv run show',
    code: 'not-trusted',
  },
  {
    name: 'a lock that lacks a pin',
    make: async () => {
      await setUp('polyenv use node@20');
      write('polyenv.toml', '[runtimes]\nnode = "22"\n');
    },
    type: 'polyenv install --frozen',
    code: 'lock-stale',
  },
  {
    name: 'a toolchain that a project needs',
    make: () => setUp('polyenv use node@20'),
    type: 'polyenv uninstall node@20',
    code: 'in-use',
  },
  {
    name: 'a default that is to stay',
    make: () => setUp('polyenv use --default node@20'),
    type: 'polyenv uninstall node@20',
    code: 'in-use',
  },
  {
    name: 'a lock that is no lock',
    make: async () => {
      await setUp('polyenv use node@20');
      rmSync(join(cwd, 'polyenv.lock'));
      write('polyenv.lock', 'not a lock');
    },
    type: 'polyenv install',
    code: 'lockfile-invalid',
  },
  { name: 'exec without a command', make: () => undefined, type: 'polyenv exec', code: 'usage' },
  {
    name: 'a shim of what nothing pins',
    make: () => setUp('polyenv reshim'),
    type: `PATH=\${PATH%%:/usr/bin*} node --version`,
    code: 'command-not-found',
  },
];

describe('the hint fixes it:', () => {
  it.each(SITUATIONS)('$name', { timeout: 90_000 }, async ({ make, type: line, code, env }) => {
    await make();
    const failed = await type(line, env);
    expect(failed.exit, failed.stderr).not.toBe(0);
    expect(failed.stderr).toContain(`error[${code}]`);
    const hint = /^ {2}try {2}(.*)$/m.exec(failed.stderr)?.[1] ?? '';
    const commands = commandsOf(hint);
    expect(commands, failed.stderr).not.toEqual([]);
    for (const command of commands) {
      const fixed = await type(command, env);
      expect([command, fixed.exit, fixed.stderr], hint).toEqual([command, 0, expect.anything()]);
    }
    // Another verb was meant: its own success is the answer.
    if (code === 'usage') return;
    const again = await type(line, env);
    expect(again.stderr, `${hint}\n${again.stderr}`).not.toContain(`error[${code}]: `);
    expect(again.exit === 0 || !again.stderr.includes(`error[${code}]`) || code === 'in-use', again.stderr).toBe(true);
  });
});
