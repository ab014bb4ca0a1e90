import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface RealPython {
  readonly version: string;
  /** Absolute. */
  readonly root: string;
}

/** Pythons of this machine that have `venv`, oldest first: pyenv's. */
export function realPythons(): readonly RealPython[] {
  const versions = join(process.env.HOME ?? '/', '.pyenv/versions');
  if (!existsSync(versions)) return [];
  return readdirSync(versions)
    .filter((name) => /^3\.\d+\.\d+$/.test(name) && existsSync(join(versions, name, 'bin/python3')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((version) => ({ version, root: join(versions, version) }));
}
