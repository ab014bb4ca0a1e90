import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from './cli';
import { ofThisRun } from './compiled-code';

/**
 * Runs a command that installs toolchains of a real registry. What another test of this run fetched is in the machine's
 * store before, as hard links, and what this one fetched is there for the next: each is fetched and unpacked once. One at a
 * time, so that two do not fetch the same.
 */
export async function withRealToolchains<T>(machine: Machine, action: () => Promise<T>): Promise<T> {
  const lent = ofThisRun('toolchains');
  if (lent === undefined) return action();
  const release = await locked(join(lent, 'lock'));
  try {
    const store = join(machine.polyenvHome, 'store');
    for (const key of keysIn(lent)) if (!existsSync(join(store, key))) link(join(lent, key), store);
    const result = await action();
    for (const key of keysIn(store)) if (!existsSync(join(lent, key))) lend(store, { key, lent });
    return result;
  } finally {
    release();
  }
}

/** The names of folders that hold a toolchain or, where toolchains are lent, one with its receipt. */
function keysIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'lock' && !entry.name.startsWith('new-'))
    .map(({ name }) => name);
}

function lend(store: string, { key, lent }: { readonly key: string; readonly lent: string }): void {
  const attempt = join(lent, `new-${process.pid}`);
  mkdirSync(attempt);
  for (const name of readdirSync(store).filter((one) => one === key || one.startsWith(`${key}.`)))
    execFileSync('cp', ['-al', join(store, name), attempt]);
  renameSync(attempt, join(lent, key));
}

/** The tree last, whose presence says that all of it is there. */
function link(from: string, store: string): void {
  mkdirSync(store, { recursive: true });
  const names = readdirSync(from).sort((a, b) => b.length - a.length);
  for (const name of names) execFileSync('cp', ['-al', join(from, name), store]);
}

/** Ends after two minutes, for whoever held it may be gone. */
async function locked(folder: string): Promise<() => void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      mkdirSync(folder);
      return () => rmdirSync(folder);
    } catch {
      if (Date.now() > deadline) return () => undefined;
      await sleep(50);
    }
  }
}
