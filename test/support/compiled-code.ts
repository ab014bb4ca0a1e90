import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discard } from './discard';

const VARIABLE = 'POLYENV_TEST_CODE';

/** Before all files of a test run: one folder for the compiled code of all its machines, whichever project asks first. */
export function setup(): (() => void) | undefined {
  if (process.env[VARIABLE] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-code-'));
  process.env[VARIABLE] = folder;
  return () => {
    for (const made of [folder, `${folder}-shared`]) discard(made);
  };
}

/** A folder that all files of this test run share, made on demand; none outside of a test run. */
export function ofThisRun(name: string): string | undefined {
  const run = process.env[VARIABLE];
  if (run === undefined) return undefined;
  const folder = join(`${run}-shared`, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A home without compiled code compiles polyenv anew for each verb, which takes as long as the verb. */
export function shareCode(polyenvHome: string): void {
  const folder = process.env[VARIABLE];
  const cache = join(polyenvHome, 'cache');
  if (folder === undefined || !existsSync(polyenvHome) || existsSync(join(cache, 'code'))) return;
  try {
    mkdirSync(cache, { recursive: true, mode: 0o755 });
    symlinkSync(folder, join(cache, 'code'));
  } catch {
    // A home that cannot be written is what that test is about.
  }
}
