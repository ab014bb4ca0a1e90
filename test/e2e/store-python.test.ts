import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { discard } from '../support/discard';
import { publishPython } from '../support/real-published';
import { serveUpstreams, type UpstreamServer } from '../support/upstream-server';

const MINUTES = 300_000;
const scratch = mkdtempSync(join(tmpdir(), 'polyenv-pythons-'));
const found = publishPython(scratch);
let server: UpstreamServer | undefined;
let machine: Machine;
let project: string;
let tree: string;

beforeAll(async () => {
  if ('absent' in found) return;
  server = await serveUpstreams([found.published]);
  const mirrors = Object.entries(server.mirrors).map(([from, to]) => `${from}=${to}`);
  machine = newMachine({ POLYENV_MIRRORS: mirrors.join(' '), PIP_NO_INDEX: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' });
  project = machine.folder('project');
  const ran = await machine.polyenv(['use', 'python@3'], { cwd: project });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  tree = join(machine.polyenvHome, 'store', keys()[0] ?? '');
}, MINUTES);
afterAll(async () => {
  await server?.close();
  machine?.remove();
  discard(scratch);
});

const keys = (): readonly string[] =>
  readdirSync(join(machine.polyenvHome, 'store')).filter((name) => !name.endsWith('.json'));
const library = (): string =>
  join(tree, 'lib', readdirSync(join(tree, 'lib')).find((name) => /^python3\.\d+$/.test(name)) ?? '');
const run = (command: readonly [string, ...string[]], cwd = project): Promise<Ran> => machine.run(command, { cwd });

async function expectUntouched(): Promise<void> {
  const ran = await machine.polyenv(['verify', '--deep', '--json'], { cwd: project });
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ exit: 0 });
  expect(ran.stdout).not.toMatch(/bytecode|extra|missing/);
}

/** A wheel of one module, made by hand. */
function wheelNamed(name: string): string {
  const file = join(machine.base, `${name}-1.0-py3-none-any.whl`);
  const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.writestr('${name}.py', 'value = 1\\n')
    z.writestr('${name}-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: ${name}\\nVersion: 1.0\\n')
    z.writestr('${name}-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr('${name}-1.0.dist-info/RECORD', '')
`;
  execFileSync(join(tree, 'bin/python3'), ['-I', '-c', script, file]);
  return file;
}

describe.skipIf('absent' in found)(`a Python in the store (${'absent' in found ? found.absent : 'of pyenv'})`, () => {
  it('has its standard library compiled, by hash and unchecked, for the place where it stands', () => {
    const compiled = readdirSync(join(library(), '__pycache__'), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
    const sources = readdirSync(library()).filter((name) => name.endsWith('.py'));
    expect(compiled).toHaveLength(sources.length);
    for (const name of compiled) {
      const bytes = readFileSync(join(library(), '__pycache__', name));
      expect(bytes.readUInt32LE(4), name).toBe(1);
      expect(bytes.includes(join(machine.polyenvHome, 'tmp'))).toBe(false);
    }
    const imports = 'import asyncio, json, email, http.client, ssl, unittest, sqlite3, logging';
    const { stderr: seen } = spawnSync(join(tree, 'bin/python3'), ['-I', '-v', '-c', imports], { encoding: 'utf8' });
    expect(seen).toMatch(/code object from .*\.pyc'/);
    expect(seen).not.toMatch(/code object from .*\.py'/);
  });

  it(
    'is the same bytes each time',
    async () => {
      const listed = (): string => readFileSync(`${tree}.files.json`, 'utf8');
      const before = listed();
      execFileSync('chmod', ['-R', 'u+w', tree]);
      writeFileSync(join(library(), 'os.py'), '');
      const ran = await machine.polyenv(['verify', '--repair'], { cwd: project });
      expect(ran, ran.stderr).toMatchObject({ exit: 0 });
      expect(listed().split('\n').sort()).toEqual(before.split('\n').sort());
      await expectUntouched();
    },
    MINUTES,
  );

  it(
    'is as it was after a day of use',
    async () => {
      await expectUntouched();
      mkdirSync(join(project, 'package'));
      writeFileSync(join(project, 'package/__init__.py'), 'value = 1\n');
      expect(await run(['python', '-c', 'import package, asyncio, json, unittest, ctypes'])).toMatchObject({ exit: 0 });
      // The person's own code is compiled as ever.
      expect(readdirSync(join(project, 'package'))).toContain('__pycache__');
      const wheel = wheelNamed('sample');
      expect(await run(['pip', 'install', wheel])).toMatchObject({ exit: 0 });
      expect(await run(['python', '-m', 'pip', 'check'])).toMatchObject({ exit: 0 });
      const inner = join(tree, 'bin/python3');
      // Whoever calls the toolchain itself, root too.
      for (const args of [
        ['-c', 'import pip, idlelib, ensurepip, unittest.mock, asyncio'],
        ['-m', 'pip', 'list'],
        ['-m', 'pydoc', 'json'],
        ['-m', 'venv', join(machine.base, 'other')],
        ['-m', 'compileall', '-q', join(project, 'package')],
      ]) {
        expect(await run([inner, ...args]), args.join(' ')).toMatchObject({ exit: 0 });
      }
      await expectUntouched();
    },
    MINUTES,
  );

  it(
    'is as it was after -O, -OO and levels above two, by whoever may write everywhere (as root)',
    async ({ skip }) => {
      skip(process.getuid?.() !== 0, 'not root: the modes hold a normal user back');
      const inner = join(tree, 'bin/python3');
      writeFileSync(join(project, 'optimised.py'), 'import asyncio, json, unittest, ctypes\n');
      for (const level of ['-O', '-OO', '-OOO']) {
        const script = 'import optimised, json; print(json.__cached__, json.dumps.__doc__ is None, __debug__)';
        const ran = await run([inner, level, '-c', script]);
        expect(ran, ran.stderr).toMatchObject({ exit: 0, stderr: '' });
        // It is optimised as ever, and so is the person's own code, which is kept.
        expect(ran.stdout).toMatch(
          new RegExp(`opt-${level.length - 1}.pyc ${level === '-O' ? 'False' : 'True'} False`),
        );
        expect(readdirSync(join(project, '__pycache__')).join()).toContain(`.opt-${level.length - 1}.pyc`);
        expect(await run([inner, level, '-m', 'pydoc', 'json'])).toMatchObject({ exit: 0 });
      }
      // Any level above two means two, and is that to the shims; what is no number is left to Python.
      const flags = ['-c', 'import asyncio, json, sys; print(sys.flags.optimize)'] as const;
      for (const [level, seen] of [
        ['3', 2],
        ['47', 2],
        ['2', 2],
        ['1', 1],
        ['x', 1],
        ['', 0],
      ] as const) {
        const env = { PYTHONOPTIMIZE: level };
        const ran = await machine.run(['python', ...flags], { cwd: project, env });
        expect(ran, `${level}: ${ran.stderr}`).toMatchObject({ exit: 0, stdout: `${seen}\n`, stderr: '' });
      }
      const executed = await machine.polyenv(['exec', '--', 'python', ...flags], {
        cwd: project,
        env: { PYTHONOPTIMIZE: '9' },
      });
      expect(executed, executed.stderr).toMatchObject({ exit: 0, stdout: '2\n' });
      await expectUntouched();
    },
    MINUTES,
  );

  it(
    'is refused by pip itself, by any way of calling it',
    async () => {
      const wheel = wheelNamed('other');
      const inner = join(tree, 'bin/python3');
      for (const command of [
        [inner, '-m', 'pip', 'install', wheel],
        [inner, '-I', '-m', 'ensurepip', '--upgrade'],
        [inner, '-m', 'pip', 'uninstall', '-y', 'pip'],
      ] as const) {
        const ran = await run([...command]);
        expect(ran.stderr + ran.stdout, command.join(' ')).toMatch(/externally-managed|virtualenv|already/);
      }
      expect((await run([inner, '-m', 'pip', 'install', wheel])).stderr).toContain('polyenv use --default python');
      await expectUntouched();
    },
    MINUTES,
  );
});
