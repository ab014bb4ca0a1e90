import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';

let machine: Machine;
let project: string;

beforeAll(async () => {
  machine = newMachine();
  project = machine.folder('project');
  writeFileSync(
    join(project, 'polyenv.toml'),
    `[tasks.deploy]
run = ['printf "<%s>" "$target" "$replicas"', 'printf "[%s]" "$target" "$@"; env | grep -c "^target=" || true']
description = "to one of our clusters"
args = [
  { name = "target", description = "where to" },
  { name = "replicas", default = "2" },
  { name = "files", many = true },
]

[tasks]
bare = { run = "echo none", args = [] }
pick = { run = 'echo "$one"', args = [{ name = "one", choices = ["red", "green"], default = "red" }] }
all = { depends = ["pick"] }
open = "printf '(%s)'"

[aliases]
prod = ["deploy", "production"]
`,
  );
  expect(await machine.polyenv(['trust', '--yes'], { cwd: project })).toMatchObject({ exit: 0 });
});
afterAll(() => machine?.remove());

const run = (...args: string[]) =>
  machine.polyenv(['run', ...args], { cwd: project, env: { target: 'of the caller' } });

describe('arguments that a task declares', () => {
  it('are in the shell variables of all its lines, byte for byte, and never read as shell', async () => {
    const odd = `$(id) "'; echo gone`;
    const found = await run('deploy', odd, '3', '*', 'a  b');
    expect(found, found.stderr).toMatchObject({ exit: 0 });
    expect(found.stdout).toBe(`<${odd}><3>[${odd}][*][a  b]0\n`);
    expect((await run('deploy', 'x')).stdout).toBe('<x><2>[x]0\n');
    expect((await run('prod', '7')).stdout).toBe('<production><7>[production]0\n');
    expect((await run('all')).stdout).toBe('red\n');
  });

  it('that are missing, one too many or no choice are an error with the line, and nothing runs', async () => {
    for (const [args, line, said] of [
      [['deploy'], 1, 'task deploy needs the argument target (where to)'],
      [['bare', 'x'], 11, 'task bare takes no argument, and "x" is one more'],
      [['pick', 'blue'], 12, 'task pick takes red, green as one, not "blue"'],
      [['pick', 'red', 'green'], 12, 'task pick takes 1 argument, and "green" is one more'],
    ] as const) {
      const found = await run(...args);
      expect(found, found.stderr).toMatchObject({ exit: 2, stdout: '' });
      expect(found.stderr).toContain(said);
      expect(found.stderr).toContain(`polyenv.toml:${line}`);
      expect(found.stderr).toMatch(/polyenv run (deploy TARGET|bare|pick \[ONE\])/);
    }
  });

  it('are shown behind the name, as help, and in the list', async () => {
    const help = await run('deploy', '--help');
    expect(help).toMatchObject({ exit: 0, stderr: '' });
    expect(help.stdout).toContain('polyenv run deploy TARGET [REPLICAS] [FILES...]');
    expect(help.stdout).toMatch(/TARGET +where to/);
    expect(help.stdout).toMatch(/REPLICAS +default 2/);
    expect((await run('pick', '--help')).stdout).toMatch(/ONE +one of red, green; default red/);
    expect((await run('--list')).stdout).toContain('deploy TARGET [REPLICAS] [FILES...]');
    // A task that declares none is handed the word.
    expect((await run('open', '--help')).stdout).toBe('(--help)');
  });

  it('have their choices completed', async () => {
    const words = async (...typed: string[]) =>
      (await machine.polyenv(['complete', 'fish', '--', ...typed], { cwd: project })).stdout.trim().split('\n');
    expect(await words('run', 'pick', '')).toEqual(['words', 'red', 'green']);
    expect(await words('run', 'pick', '--', 'g')).toEqual(['words', 'green']);
    expect(await words('watch', 'pick', 'g')).toEqual(['words', 'green']);
    expect(await words('run', 'pick', 'red', '')).toEqual(['files']);
    expect(await words('run', 'open', '')).toEqual(['files']);
  });

  it('that are declared wrongly are an error with file and line', async () => {
    const folder = machine.folder('wrong');
    for (const [args, line, said] of [
      ['"target"', 3, 'must be a list'],
      ['["Target"]', 3, 'is no name for an argument'],
      ['[\n  "a",\n  "a",\n]', 5, 'two arguments called a'],
      ['[\n  { name = "a", default = "1" },\n  "b",\n]', 5, 'b must be given and stands behind a'],
      ['[\n  { name = "a", many = true },\n  "b",\n]', 5, 'stands behind a, which takes all further words'],
      ['[{ name = "a", defualt = "1" }]', 3, 'did you mean default?'],
      ['[{ name = "a", choices = ["x"], default = "y" }]', 3, 'none of its choices'],
      ['[{ name = "a", many = true, default = "y" }]', 3, 'it has no default'],
      ['[{ name = "a", choices = [] }]', 3, 'no word would do'],
      ['[{ default = "a" }]', 3, 'must be a text in quotes'],
    ] as const) {
      writeFileSync(join(folder, 'polyenv.toml'), `[tasks.t]\nrun = "true"\nargs = ${args}\n`);
      const found = await machine.polyenv(['run', 't'], { cwd: folder });
      expect(found.stderr, args).toContain(said);
      expect(found.stderr, args).toContain(`polyenv.toml:${line}`);
      expect(found.exit, args).not.toBe(0);
    }
    for (const [text, said] of [
      ['[tasks]\na = { run = "true", args = ["x"] }\nb = { depends = ["a"] }\n', 'needs the argument x'],
      ['[tasks]\na = { depends = ["b"], args = ["x"] }\nb = "true"\n', 'has no line that could use its arguments'],
    ] as const) {
      writeFileSync(join(folder, 'polyenv.toml'), text);
      expect((await machine.polyenv(['run', '--list'], { cwd: folder })).stderr).toContain(said);
    }
  });

  it('end trust when what they are by themselves changes', async () => {
    const folder = machine.folder('trusted');
    const text = (usual: string) =>
      `[tasks]\nt = { run = 'echo "$a"', args = [{ name = "a", default = "${usual}" }] }\n`;
    writeFileSync(join(folder, 'polyenv.toml'), text('one'));
    await machine.polyenv(['trust', '--yes'], { cwd: folder });
    expect((await machine.polyenv(['run', 't'], { cwd: folder })).stdout).toBe('one\n');
    writeFileSync(join(folder, 'polyenv.toml'), text('two'));
    expect((await machine.polyenv(['run', 't'], { cwd: folder })).stderr).toContain('not trusted');
    expect((await machine.polyenv(['trust', '--show'], { cwd: folder })).stdout).toContain('a is "two"');
  });
});
