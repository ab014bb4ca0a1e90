import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { ownConfiguration } from '../support/own-configuration';

/** The first example of the README, with nothing imitated: the official site of Rust, or a mirror that is configured. */
const REQUEST = 'rust@1.88';

/** How this machine reaches the network, and none of the toolchains that it already has: those would be linked. */
function reaching(): Record<string, string> {
  const { RUSTUP_HOME: _, ...rest } = ownConfiguration();
  return { ...rest, POLYENV_SOURCES_PREFERENCE: 'only-managed' };
}

let machine: Machine;
let project: string;
let absent: string | undefined;
beforeAll(async () => {
  machine = newMachine(reaching());
  project = machine.folder('api');
  const used = await machine.polyenv(['use', REQUEST, '--json'], { cwd: project });
  if (used.exit === 5) absent = `Rust's official site is not reached: ${used.json<Failure>().error.message}`;
  else if (used.exit !== 0) throw new Error(used.stdout + used.stderr);
}, 600_000);
afterAll(() => machine.remove());

interface Failure {
  readonly error: { readonly message: string };
}

function linker(): string | undefined {
  try {
    execFileSync('sh', ['-c', 'command -v cc'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'there is no C compiler, and rustc links with it';
  }
}

describe('polyenv use rust@1.88', () => {
  test('is locked with its proof, for every platform that the site has', ({ skip }) => {
    if (absent !== undefined) skip(absent);
    const lock = readFileSync(join(project, 'polyenv.lock'), 'utf8');
    expect(lock).toMatch(/^version = "1\.88\.\d+"$/m);
    expect(lock).toMatch(/^proof = "(?:signature:[0-9A-F]{40}|digest:static\.rust-lang\.org)"$/m);
    expect(lock).toMatch(/^linux-x64 = \[$/m);
  });

  test('cargo makes a crate, builds it and runs it', { timeout: 300_000 }, async ({ skip }) => {
    const why = absent ?? linker();
    if (why !== undefined) skip(why);
    mkdirSync(join(project, 'src'));
    writeFileSync(join(project, 'Cargo.toml'), '[package]\nname = "api"\nversion = "0.1.0"\nedition = "2021"\n');
    writeFileSync(join(project, 'src/main.rs'), 'fn main() {\n    println!("it runs");\n}\n');
    const ran = await machine.run(['cargo', 'run', '--quiet', '--offline'], { cwd: project });
    expect(ran, ran.stderr).toMatchObject({ exit: 0, stdout: 'it runs\n' });
    for (const words of [
      ['clippy', '--quiet', '--offline'],
      ['fmt', '--check'],
    ]) {
      const checked = await machine.run(['cargo', ...words], { cwd: project });
      expect(checked.exit, checked.stderr).toBe(0);
    }
  });

  test('a clone on another machine gets exactly that by install --frozen', { timeout: 600_000 }, async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    const other = newMachine(reaching());
    try {
      const clone = other.folder('clone');
      const files = ['polyenv.toml', 'polyenv.lock'];
      for (const file of files) writeFileSync(join(clone, file), readFileSync(join(project, file)));
      const installed = await other.polyenv(['install', '--frozen'], { cwd: clone });
      expect(installed.exit, installed.stderr).toBe(0);
      const ran = await other.run(['rustc', '--version'], { cwd: clone });
      expect(ran.stdout).toMatch(/^rustc 1\.88\./);
      for (const file of files)
        expect(readFileSync(join(clone, file), 'utf8')).toBe(readFileSync(join(project, file), 'utf8'));
    } finally {
      other.remove();
    }
  });
});
